"""Checks asked of Stripe alone, which the checklist and the doctor share: undelivered events, its clock."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from creditctl.checks.answers import CheckAnswer, failed, passed, warned
from creditctl.checks.backend_answers import backend_clock
from creditctl.checks.context import Context
from creditctl.core.deployment import names_another
from creditctl.core.errors import CreditctlError
from creditctl.core.limits import GRACE_SECONDS
from creditctl.core.modes import Mode
from creditctl.core.text import plural
from creditctl.core.when import http_date, iso_time
from creditctl.payments.event_types import ENDPOINT_EVENTS
from creditctl.payments.judgement.unexplained import may_be_given_already
from creditctl.stripe_api.pages import list_all

RECENT_SECONDS = 3 * 86_400
"""How far back to look: as long as Stripe tries again. Source: Stripe documentation, "Webhooks", retries."""

_SKEW_TO_NOTE, _SKEW_TO_FAIL = 60, 300
_MOST_EVENTS = 500


def nothing_undelivered(context: Context) -> CheckAnswer:
    """Stripe has no event of ours that it could not deliver, but for the youngest, which are said."""
    found = list(itertools.islice(_undelivered(context), _MOST_EVENTS))
    latest = context.clock() + context.ahead_seconds - GRACE_SECONDS
    events = [event for event in found if int(event["created"]) <= latest]
    if not events:
        young = f"; {plural(len(found), 'younger one')} may be on the way" if found else ""
        minutes = GRACE_SECONDS // 60
        return passed(
            f"Stripe delivered every event of the last three days that is older than {minutes} minutes{young}."
        )
    oldest = iso_time(min(int(event["created"]) for event in events))
    count = f"{len(events)} or more" if len(events) == _MOST_EVENTS else str(len(events))
    return failed(f"{count} events are not delivered, the oldest of {oldest}.", _fix_of_undelivered(context))


def _fix_of_undelivered(context: Context) -> str:
    import stripe

    try:
        unexplained = may_be_given_already(each.verdict for each in context.judged)
    except (CreditctlError, stripe.StripeError):
        return "`creditctl reconcile` first: what these events are about could not be looked at from here."
    if unexplained:
        return (
            "Deliver nothing again yet: credits that nothing explains are booked already, and they may be those of "
            "these events. `creditctl reconcile` names both; settle that first."
        )
    replay = "`creditctl events replay --undelivered --since 3d`"
    return f"Once the backend answers: {replay}, or `creditctl reconcile --repair`."


def _undelivered(context: Context) -> Iterator[Mapping[str, Any]]:
    """The events that some endpoint has not taken, but for those about what another deployment sold.

    Source: Stripe API reference, "List all events": delivery_success, types (at most 20), created.
    """
    now = context.clock()
    parameters = {
        "delivery_success": "false",
        "types": sorted(ENDPOINT_EVENTS),
        "created": {"gte": now - RECENT_SECONDS},
    }
    for event in list_all(context.connection.client, "events", parameters):
        metadata = event.get("data", {}).get("object", {}).get("metadata") or {}
        if not names_another(metadata, context.settings.deployment.name):
            yield event


def clock_is_right(context: Context) -> CheckAnswer:
    """This machine's clock agrees with Stripe's: signatures are only good for five minutes.

    Source: Stripe documentation, "Verify webhook signatures": the default tolerance is 300 seconds.
    """
    of_backend = backend_clock(context)
    if of_backend is not None:
        return of_backend
    response = context.balance.last_response
    date = None if response is None else (response.headers or {}).get("date")
    if context.mode is Mode.EMULATOR or not date:
        return passed("There is no other clock to compare with.")
    skew = abs(context.clock() - http_date(date))
    text = f"This machine's clock differs from Stripe's by {skew} seconds."
    if skew > _SKEW_TO_FAIL:
        return failed(text, "Set the clock (NTP): every signature looks too old or too new.")
    return warned(text, "Set the clock (NTP).") if skew > _SKEW_TO_NOTE else passed(text)
