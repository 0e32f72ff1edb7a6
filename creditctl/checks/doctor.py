"""Doctor checks: the set-up guide's troubleshooting, the possible causes behind each of its four problems."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import stripe

from creditctl.checks.answers import CheckAnswer, failed, findings_to_answer, passed, warned
from creditctl.checks.backend_answers import (
    backend_holds_secret,
    backend_is_reached,
    backend_verifies,
)
from creditctl.checks.check import Check
from creditctl.checks.context import Context
from creditctl.checks.endpoint_answers import endpoint_in_order, secret_matches
from creditctl.checks.env.rule_groups import RULE_GROUPS
from creditctl.checks.payments_credited import every_payment_credited, sessions_say_what_they_sell
from creditctl.checks.production.account import key_may_read
from creditctl.checks.production.catalogue import prices_in_use
from creditctl.checks.production.storefront import sessions_return_home, storefront_answers
from creditctl.checks.stripe_answers import RECENT_SECONDS, clock_is_right, nothing_undelivered
from creditctl.core.errors import GuardRefused
from creditctl.core.modes import Mode
from creditctl.core.text import plural
from creditctl.core.when import iso_time
from creditctl.ledger.models import Delivery
from creditctl.ledger.owner import OTHER_ACCOUNT_FIX
from creditctl.ledger.store import Ledger
from creditctl.payments.judgement.over import over_by_judgement
from creditctl.provisioning.probing.inert_event import REFUSED_DIGESTS
from creditctl.stripe_api.errors import translate

_PAGE = 500


Ask = Callable[[Context], CheckAnswer]


def endpoint_or_listener(context: Context) -> CheckAnswer:
    """The endpoint is in order; with a local backend in test mode events come another way."""
    if context.mode is Mode.TEST and context.settings.webhook_url_is_local:
        return warned(
            "The backend is local, so no endpoint can deliver to it.", "Is `creditctl events listen` running?"
        )
    return endpoint_in_order(context)


def secret_is_the_backends(context: Context) -> CheckAnswer:
    """Our secret is the endpoint's own, and the backend holds it too."""
    answer = secret_matches(context)
    held = backend_holds_secret(context)
    if held is None or not answer.status.holds:
        return answer
    return (
        held if not held.status.holds else CheckAnswer(answer.status, f"{answer.evidence} {held.evidence}", answer.fix)
    )


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


def events_are_whole(context: Context) -> CheckAnswer:
    """What comes are whole events: a thin one names an object and says nothing of it, so nothing can be credited.

    Source: Stripe documentation, "Event destinations": thin events come from destinations of API v2.
    """
    thin = [item for item in _deliveries(context.required_ledger, "ignored") if "thin event" in (item.reason or "")]
    recent = [item for item in thin if _is_recent(context, item)]
    if not recent:
        return passed("No thin event came to our webhook in the last three days.")
    text = f"{len(recent)} thin events came, the last on {iso_time(recent[-1].received)}: they grant nothing."
    return failed(text, "Let `creditctl setup` make a webhook endpoint, or set the destination to snapshot events.")


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
        text = f"{plural(len(waiting), 'finding')} in the ledger can be dismissed: the payments say otherwise by now."
        return warned(text, f"`creditctl ledger resolve {waiting[0].id} --dismiss --reason settled`")
    first = true[0].finding
    text = f"{len(true)} findings are open, the first: {first.subject}: {first.message}"
    return failed(text, first.fix or "`creditctl ledger resolve ID` credits or dismisses it.")


def key_works(context: Context) -> CheckAnswer:
    """Stripe takes the key, it is of the ledger's account, and a restricted one may read what has to be read."""
    if context.foreign_ledger:
        return failed(context.no_ledger, OTHER_ACCOUNT_FIX)
    try:
        _ = context.balance
    except stripe.AuthenticationError as error:
        known = translate(error)
        return failed("Stripe refuses the key." if known is None else known.message, _NEW_KEY)
    except GuardRefused as refused:
        return failed(refused.message, refused.fix)
    except stripe.PermissionError:
        return key_may_read(context)
    return key_may_read(context)


_NEW_KEY = "Copy the key again from the Dashboard (Developers, API keys), for the backend too: it was rolled or cut."


def ledger_is_whole(context: Context) -> CheckAnswer:
    """Every entry is as it was written, and the ledger is this account's."""
    if context.ledger is None and context.no_source_fix:
        return failed(context.no_ledger, context.no_source_fix)
    if context.ledger is None and context.settings.mode_or_none is not None and context.settings.ledger_path.exists():
        fix = "Name this account's own ledger with CREDITCTL_LEDGER, here and for the backend; keep the other file."
        return failed(context.no_ledger, fix)
    with context.required_ledger.reading() as view:
        verification = view.verify()
    if verification.ok and context.keeper.books.external and not verification.head.count:
        return passed("It has no entries to verify: the application keeps them itself.")
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
    rows = _deliveries(context.required_ledger, "bad_signature")
    refused = [item for item in rows if _is_recent(context, item) and item.digest not in REFUSED_DIGESTS]
    if not refused:
        return passed("No delivery was refused for its signature in the last three days.")
    last = refused[-1]
    text = f"{len(refused)} deliveries were refused, the last on {iso_time(last.received)}: {last.reason}."
    return warned(text, "If they were Stripe's, the secret is another endpoint's or mode's; a few may be strangers.")


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


NO_EVENTS, NO_CREDITS = "Webhook not receiving events", "Payment succeeds but credits not added"
BAD_SIGNATURE, WRONG_REDIRECT = '"Invalid signature" error', "Redirects not working"


def _cause(id_: str, title: str, ask: Ask, problem: str) -> Check[Context]:
    return Check(id_, title, ask, group=problem)


def _symptom(id_: str, title: str, ask: Ask, problem: str) -> Check[Context]:
    return Check(id_, title, ask, symptom=True, group=problem)


DOCTOR_CHECKS: tuple[Check[Context], ...] = (
    _cause("doctor.key", "Stripe takes the key, and it may read", key_works, NO_EVENTS),
    _cause("doctor.endpoint", "One enabled endpoint delivers the right events to us", endpoint_or_listener, NO_EVENTS),
    _cause("doctor.backend", "The backend answers deliveries at the webhook's URL", backend_is_reached, NO_EVENTS),
    _cause("doctor.verification", "The backend verifies what it takes", backend_verifies, NO_EVENTS),
    _symptom("doctor.undelivered", "Stripe has delivered every event", nothing_undelivered, NO_EVENTS),
    _cause("doctor.marker", "Sessions say what they sell", sessions_say_what_they_sell, NO_CREDITS),
    _cause("doctor.prices", "No archived or foreign price is in use", prices_in_use, NO_CREDITS),
    _cause("doctor.payload", "What comes are whole events, not thin ones", events_are_whole, NO_CREDITS),
    _symptom("doctor.credited", "Every payment has its credits", every_payment_credited, NO_CREDITS),
    _symptom("doctor.failures", "No webhook failed in the backend", nothing_failed, NO_CREDITS),
    _symptom("doctor.open_findings", "Nothing waits for a decision", nothing_open, NO_CREDITS),
    _cause("doctor.ledger", "The ledger is as it was written", ledger_is_whole, NO_CREDITS),
    _cause("doctor.secret_clean", "STRIPE_WEBHOOK_SECRET has no stray characters", secret_is_clean, BAD_SIGNATURE),
    _cause(
        "doctor.secret", "The signing secret is the endpoint's and the backend's", secret_is_the_backends, BAD_SIGNATURE
    ),
    _symptom("doctor.signatures", "No delivery was refused for its signature", signatures_verify, BAD_SIGNATURE),
    _cause("doctor.clock", "This machine's clock is right", clock_is_right, BAD_SIGNATURE),
    _cause("doctor.frontend", "FRONTEND_URL is where buyers can arrive", storefront_answers, WRONG_REDIRECT),
    _cause("doctor.redirects", "Sessions send buyers to FRONTEND_URL", sessions_return_home, WRONG_REDIRECT),
)
"""The selection of `creditctl doctor`, by the guide's problems. Source: the set-up guide, "Troubleshooting"."""
