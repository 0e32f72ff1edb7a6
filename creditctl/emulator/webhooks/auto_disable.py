"""Automatic disabling of webhook endpoints that do nothing but fail for days; off by default.

Source: Stripe docs, "Receive Stripe events in your webhook endpoint": after several days of failures Stripe disables an
endpoint. How many days is not published, so the number is a setting and off by default.
"""

from creditctl.emulator.protocol.durations import DAY_SECONDS
from creditctl.emulator.storage.object_types import WEBHOOK_ENDPOINT
from creditctl.emulator.storage.store import Store
from creditctl.emulator.webhooks.deliveries import AttemptResult, Deliveries, Outgoing


def watch(store: Store, deliveries: Deliveries, sent: Outgoing, outcome: AttemptResult, now: int, days: int) -> bool:
    """Note how long an endpoint has been failing; switch it off after so many days, and say whether."""
    row = store.get(sent.scope, sent.endpoint)
    if row is None or row.kind != WEBHOOK_ENDPOINT.name:
        return False
    hidden = row.hidden()
    # One success ends the series, so the mark is taken off first and put back only after a failure.
    since = hidden.pop("failing_since", None)
    if not outcome.ok:
        hidden["failing_since"] = now if since is None else since
    store.save_extra(sent.scope, row.id, hidden)
    body = row.decoded()
    if since is None or outcome.ok or now - since < days * DAY_SECONDS or body["status"] == "disabled":
        return False
    store.save(sent.scope, WEBHOOK_ENDPOINT, body | {"status": "disabled"})
    deliveries.pause(sent.scope, row.id, paused=True)
    return True
