"""Doctor checks: the set-up guide's troubleshooting, the possible causes behind each of its four problems."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from creditctl.checks.answers import CheckAnswer, failed, findings_to_answer, passed, unknown, warned
from creditctl.checks.check import Check
from creditctl.checks.context import Context
from creditctl.checks.endpoint_answers import answer_of_probe, endpoint_in_order, secret_matches
from creditctl.checks.env.rule_groups import RULE_GROUPS
from creditctl.checks.env.rules.urls import url_fault
from creditctl.checks.payments_credited import every_payment_credited
from creditctl.core.limits import GRACE_SECONDS
from creditctl.core.modes import Mode
from creditctl.core.text import plural
from creditctl.core.urls import is_private_host
from creditctl.core.when import iso_time
from creditctl.ledger.models import Delivery
from creditctl.ledger.store import Ledger
from creditctl.payments.event_types import ENDPOINT_EVENTS
from creditctl.payments.judgement.over import over_by_judgement
from creditctl.stripe_api.pages import list_all

RECENT_SECONDS = 3 * 86_400
"""How far back to look: as long as Stripe tries again. Source: Stripe documentation, "Webhooks", retries."""

_SKEW_TO_NOTE, _SKEW_TO_FAIL = 60, 300
_MOST_EVENTS = 500
_MOST_NAMED = 5
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem as the guide names it, and the checks that look for its cause."""

    title: str
    checks: tuple[Check[Context], ...]


def endpoint_or_listener(context: Context) -> CheckAnswer:
    """The endpoint is in order; with a local backend in test mode events come another way."""
    if context.mode is Mode.TEST and context.settings.webhook_url_is_local:
        return warned(
            "The backend is local, so no endpoint can deliver to it.", "Is `creditctl events listen` running?"
        )
    return endpoint_in_order(context)


def backend_answers(context: Context) -> CheckAnswer:
    """Something answers at the webhook's URL, by itself and without asking who is there."""
    url = context.settings.webhook_url
    if url is None or url_fault(url) or context.probe is None:
        return unknown("There is no usable CREDITS_API_URL to call.", "Set it to the backend's URL.")
    answer = context.probe(url)
    if answer.status is None:
        return failed(
            f"Nobody answers at {url}: {answer.problem}.", "Start the backend; check its name and certificate."
        )
    if 300 <= answer.status < 400:
        fix = "Write the final URL into CREDITS_API_URL; Stripe does not follow redirects."
        return failed(f"{url} redirects ({answer.status}).", fix)
    if answer.status >= 500:
        return failed(f"{url} answers {answer.status}.", "Look into the backend's log.")
    if answer.status in (401, 403, 404):
        fix = "A GET proves little; but if a POST is answered so too, free that path of logins and check the route."
        return warned(f"{url} answers {answer.status} to a GET.", fix)
    return passed(f"{url} answers ({answer.status} to a GET).")


def nothing_undelivered(context: Context) -> CheckAnswer:
    """Stripe has no event of ours that it could not deliver."""
    events = list(itertools.islice(_undelivered(context), _MOST_EVENTS))
    if not events:
        return passed("Stripe delivered every event of the last three days.")
    oldest = iso_time(min(int(event["created"]) for event in events))
    count = f"{len(events)} or more" if len(events) == _MOST_EVENTS else str(len(events))
    replay = "`creditctl events replay --undelivered --since 3d`"
    fix = f"Once the backend answers: {replay}, or `creditctl reconcile --repair`."
    return failed(f"{count} events are not delivered, the oldest of {oldest}.", fix)


def _undelivered(context: Context) -> Iterator[Mapping[str, Any]]:
    """Source: Stripe API reference, "List all events": delivery_success, types (at most 20), created."""
    now = context.clock()
    parameters = {
        "delivery_success": "false",
        "types": sorted(ENDPOINT_EVENTS),
        "created": {"gte": now - RECENT_SECONDS, "lte": now - GRACE_SECONDS},
    }
    return list_all(context.connection.client, "events", parameters)


def nothing_failed(context: Context) -> CheckAnswer:
    """No webhook ended in an error of the backend."""
    failures = [item for item in _deliveries(context.required_ledger, "failed") if _is_recent(context, item)]
    if not failures:
        return passed("No webhook failed in the backend in the last three days.")
    last = failures[-1]
    evidence = f"{len(failures)} webhooks failed, the last ({last.event_id}) on {iso_time(last.received)}"
    return warned(
        f"{evidence}: {last.reason or 'no reason was kept'}.", "Stripe tries again; look into the backend's log."
    )


def nothing_open(context: Context) -> CheckAnswer:
    """Nothing waits for a person to decide."""
    with context.required_ledger.reading() as view:
        waiting = view.findings()
    if not waiting:
        return passed("No finding is open in the ledger.")
    judged = context.judged if context.stripe is not None else ()
    over = over_by_judgement(waiting, ((each.case, each.verdict) for each in judged))
    true = [each for each in waiting if each.id not in over]
    if not true:
        text = f"{plural(len(waiting), 'finding')} in the ledger can be dismissed: the payments stand as they should."
        return warned(text, f"`creditctl ledger resolve {waiting[0].id} --dismiss --reason settled`")
    first = true[0].finding
    text = f"{len(true)} findings are open, the first: {first.subject}: {first.message}"
    return failed(text, first.fix or "`creditctl ledger resolve ID` credits or dismisses it.")


def ledger_is_whole(context: Context) -> CheckAnswer:
    """Every entry is as it was written."""
    with context.required_ledger.reading() as view:
        verification = view.verify()
    if verification.ok:
        return passed(f"All {verification.head.count} entries are as they were written.")
    fault = verification.faults[0]
    fix = "Stop the backend, keep the file, and compare it with a backup: somebody changed it."
    return failed(f"The ledger was changed: {fault.message}", fix)


def secret_is_clean(context: Context) -> CheckAnswer:
    """No space, line end or other stray character is in the signing secret, and one place says it."""
    wanted = {"env.values", "env.keys", "env.process"}
    found = [
        finding
        for group in RULE_GROUPS
        if group.id in wanted
        for finding in group.judge(context.env)
        if "STRIPE_WEBHOOK_SECRET" in finding.message
    ]
    return findings_to_answer(found, "Nothing but the secret is in the setting.")


def signatures_verify(context: Context) -> CheckAnswer:
    """No delivery was refused for its signature."""
    refused = [item for item in _deliveries(context.required_ledger, "bad_signature") if _is_recent(context, item)]
    if not refused:
        return passed("No delivery was refused for its signature in the last three days.")
    last = refused[-1]
    text = f"{len(refused)} deliveries were refused, the last on {iso_time(last.received)}: {last.reason}."
    return warned(text, "If they were Stripe's, the secret is another endpoint's or mode's; a few may be strangers.")


def clock_is_right(context: Context) -> CheckAnswer:
    """This machine's clock agrees with Stripe's: signatures are only good for five minutes.

    Source: Stripe documentation, "Verify webhook signatures": the default tolerance is 300 seconds.
    """
    response = context.balance.last_response
    date = None if response is None else (response.headers or {}).get("date")
    if context.mode is Mode.EMULATOR or not date:
        return passed("There is no other clock to compare with.")
    skew = abs(context.clock() - int(parsedate_to_datetime(date).timestamp()))
    text = f"This machine's clock differs from Stripe's by {skew} seconds."
    if skew > _SKEW_TO_FAIL:
        return failed(text, "Set the clock (NTP): every signature looks too old or too new.")
    return warned(text, "Set the clock (NTP).") if skew > _SKEW_TO_NOTE else passed(text)


def frontend_is_right(context: Context) -> CheckAnswer:
    """FRONTEND_URL is a URL at which buyers can arrive."""
    url = context.settings.text("FRONTEND_URL")
    fault = "it is not set" if url is None else url_fault(url)
    if url is None or fault:
        return failed(f"FRONTEND_URL is not usable: {fault}.", "Write the storefront's URL.")
    parts = urlsplit(url)
    if context.mode is Mode.LIVE and (parts.scheme != "https" or is_private_host(parts.hostname or "")):
        return failed(f"{url} is not a public https URL.", "Use the production storefront's URL.")
    answer = answer_of_probe(context, url)
    if context.mode is Mode.LIVE or answer.status.holds:
        return answer
    return warned(answer.evidence, "Start the storefront, if it should be running here.")


def sessions_return_home(context: Context) -> CheckAnswer:
    """The Checkout sessions that were made send buyers to FRONTEND_URL."""
    home = urlsplit(context.settings.frontend_url)
    sold = [payment.case.sold for payment in context.sales[:_MOST_NAMED] if payment.case.sold is not None]
    for each in sold:
        target = urlsplit(each.success_url or "")
        if each.success_url and (target.scheme, target.netloc) != (home.scheme, home.netloc):
            where = f"{target.scheme}://{target.hostname}"
            text = f"{each.session.id} sent its buyer to {where}, which is not FRONTEND_URL."
            return failed(text, "Restart the backend with the right FRONTEND_URL; build the redirects from it.")
    if not sold:
        return passed("No paid session of ours was found, so no buyer was sent anywhere else.")
    return passed(f"The latest {plural(len(sold), 'paid session')} sent buyers to FRONTEND_URL.")


def _deliveries(ledger: Ledger, outcome: str) -> Iterator[Delivery]:
    after = 0
    while page := _page(ledger, outcome, after):
        yield from page
        after = page[-1].id


def _page(ledger: Ledger, outcome: str, after_id: int) -> list[Delivery]:
    with ledger.reading() as view:
        return view.deliveries(outcome=outcome, after_id=after_id, limit=_PAGE)


def _is_recent(context: Context, delivery: Delivery) -> bool:
    return delivery.received >= context.clock() - RECENT_SECONDS


DOCTOR = (
    Problem(
        "Webhook not receiving events",
        (
            Check("doctor.endpoint", "One enabled endpoint delivers the right events to us", endpoint_or_listener),
            Check("doctor.backend", "The backend answers at the webhook's URL", backend_answers),
            Check("doctor.undelivered", "Stripe has delivered every event", nothing_undelivered),
        ),
    ),
    Problem(
        "Payment succeeds but credits not added",
        (
            Check("doctor.credited", "Every payment has its credits", every_payment_credited),
            Check("doctor.failures", "No webhook failed in the backend", nothing_failed),
            Check("doctor.open_findings", "Nothing waits for a decision", nothing_open),
            Check("doctor.ledger", "The ledger is as it was written", ledger_is_whole),
        ),
    ),
    Problem(
        '"Invalid signature" error',
        (
            Check("doctor.secret", "STRIPE_WEBHOOK_SECRET is the endpoint's own", secret_matches),
            Check("doctor.secret_clean", "STRIPE_WEBHOOK_SECRET has no stray characters", secret_is_clean),
            Check("doctor.signatures", "No delivery was refused for its signature", signatures_verify),
            Check("doctor.clock", "This machine's clock is right", clock_is_right),
        ),
    ),
    Problem(
        "Redirects not working",
        (
            Check("doctor.frontend", "FRONTEND_URL is where buyers can arrive", frontend_is_right),
            Check("doctor.redirects", "Sessions send buyers to FRONTEND_URL", sessions_return_home),
        ),
    ),
)
"""The selection of `creditctl doctor`. Source: the set-up guide, "Troubleshooting"."""
