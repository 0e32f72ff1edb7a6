"""Preflight: whether backend, Stripe and declaration fit together; what does not is a set-up fault, never a verdict."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from creditctl.core.errors import ConfigurationError, StripeRefused, Unreachable
from creditctl.simulation.play.forgery import SignedBody
from creditctl.simulation.play.posting import post_event
from creditctl.simulation.stripe_side import checkout
from creditctl.simulation.suite.inert import LAYOUTS, inert_event, known_event, sign_layout
from creditctl.simulation.target.balances import BalanceUnreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from creditctl.core.keys import Secret
    from creditctl.simulation.play.state import Bench
    from creditctl.simulation.target.backend_client import BackendAnswer
    from creditctl.simulation.target.buyers import Buyer
    from creditctl.stripe_api.delivery import DeliveryResult

_NOT_THERE = frozenset({404, 405, 501})
_REDIRECTS = range(300, 400)
_SERVER_ERRORS = range(500, 600)


@dataclass(frozen=True)
class PreflightReport:
    """What the preflight found out.

    Shape: `bench` has the secret that was accepted; `cause` is a verdict on the backend, empty as a rule.
    """

    bench: Bench
    notes: tuple[str, ...] = ()
    cause: str = ""
    seen: str = ""


@dataclass
class _Flight:
    bench: Bench
    started_here: bool
    notes: list[str] = field(default_factory=list)
    cause: str = ""
    seen: str = ""


def preflight(bench: Bench, secrets: Sequence[Secret], *, started_here: bool) -> PreflightReport:
    """Looks at everything that has to fit before a verdict is possible.

    Shape:  `secrets` are those that may sign, newest first; `started_here` where we gave the backend its settings, so
            that a refused signature is the backend's own doing.
    Errors: ConfigurationError (exit 3) or Unreachable (exit 5) naming what does not fit and the mend.
    """
    flight = _Flight(bench, started_here)
    with bench.buyers.lend((f"sim-preflight-{bench.token}",)) as (buyer,):
        _read_balance(flight, buyer)
        _require_endpoint(flight)
        _prove_secret(flight, secrets)
        _try_purchase(flight, buyer)
    return PreflightReport(flight.bench, tuple(flight.notes), flight.cause, flight.seen)


def _read_balance(flight: _Flight, buyer: Buyer) -> None:
    backend = flight.bench.backend
    try:
        balance = backend.read_balance(buyer)
        flight.notes.append(f"the balance of a user can be read: {balance}")
        if not backend.target.users:
            flight.bench = replace(flight.bench, newcomer=balance)
    except BalanceUnreadable as error:
        if "no answer" in str(error):
            raise _unreachable(backend.target.url, str(error)) from error
        raise ConfigurationError(
            f"The balance of user {buyer.user_id} cannot be read: {error}.",
            code="simulate.balance",
            fix="Say where it is read: --balance-path with {user} and --balance-pointer, --balance-sql or "
            "--balance-command; users that must exist already stand in a file for --users.",
        ) from error


def _unreachable(url: str, said: str) -> Unreachable:
    return Unreachable(
        f"The backend did not answer at {url}: {said}.",
        code="simulation.backend",
        fix="Is it running there? Look at its log, then run this again.",
    )


def _require_endpoint(flight: _Flight) -> None:
    """Stripe must deliver to this backend."""
    wanted = flight.bench.backend.target.webhook_url
    listed = flight.bench.stripe.get("/v1/webhook_endpoints", limit=100)["data"]
    enabled = [endpoint["url"] for endpoint in listed if endpoint["status"] == "enabled"]
    if not enabled:
        raise ConfigurationError(
            "This Stripe has no enabled webhook endpoint, so no backend would hear of a payment.",
            code="simulate.no_endpoint",
            fix="Run `creditctl setup`, or let simulate do it: --start CMD --ready URL.",
        )
    if wanted not in enabled:
        flight.notes.append(f"Stripe delivers to {', '.join(enabled)}, simulate posts to {wanted}: is it the same?")
    elif enabled.count(wanted) > 1:
        flight.notes.append(f"{enabled.count(wanted)} endpoints deliver to {wanted}: every event comes as often")


def _prove_secret(flight: _Flight, secrets: Sequence[Secret]) -> None:
    """A rightly signed event that means nothing must be accepted, with one of the secrets."""
    answers = [_post_inert(flight.bench, secret) for secret in secrets]
    for secret, answer in zip(secrets, answers, strict=True):
        if answer.accepted:
            flight.bench = replace(flight.bench, secret=secret)
            flight.notes.append("a rightly signed event that means nothing is accepted")
            return
    _require_webhook_path(flight.bench, answers[0])
    _judge_refusal(flight, secrets[0], answers[0])


def _post_inert(bench: Bench, secret: Secret) -> DeliveryResult:
    """Posts an unknown type, and where that is refused an event of a real session that expired unpaid."""
    answer = _post(bench, sign_layout("stripe", inert_event(bench.token, bench.clock()), secret, bench.clock()))
    if answer.accepted:
        return answer
    known = known_event(bench.stripe)
    return answer if known is None else _post(bench, sign_layout("stripe", known, secret, bench.clock()))


def _post(bench: Bench, signed: SignedBody) -> DeliveryResult:
    answer = post_event(bench, signed)
    if answer.status is None:
        raise _unreachable(bench.backend.target.webhook_url, answer.error)
    return answer


def _require_webhook_path(bench: Bench, answer: DeliveryResult) -> None:
    if answer.status in _NOT_THERE or answer.status in _REDIRECTS:
        raise ConfigurationError(
            f"{bench.backend.target.webhook_url} answered {answer.status} to a webhook: it takes none.",
            code="simulate.webhook_path",
            fix="Name the path with --webhook-path, as the route has it; Stripe follows no redirects.",
        )


def _judge_refusal(flight: _Flight, secret: Secret, answer: DeliveryResult) -> None:
    """Tells a changed body from another secret: only a changed body accepts another layout."""
    bench = flight.bench
    event = known_event(bench.stripe) or inert_event(bench.token, bench.clock())
    accepted = [name for name in LAYOUTS if _post(bench, sign_layout(name, event, secret, bench.clock())).accepted]
    flight.seen = f"it was answered with {answer.status}"
    if accepted:
        flight.cause = "body_changed"
        flight.seen += f"; the same event in another layout ({accepted[0]}) is accepted"
    elif flight.started_here:
        flight.cause = "wrong_secret"
    else:
        raise ConfigurationError(
            f"The backend answers {answer.status} to an event that is signed with STRIPE_WEBHOOK_SECRET.",
            code="simulate.secret",
            fix="Let backend and creditctl hold the same STRIPE_WEBHOOK_SECRET; `creditctl webhooks probe` proves it.",
        )


def _try_purchase(flight: _Flight, buyer: Buyer) -> None:
    """A purchase must open a session of this Stripe, at the price that the catalogue has."""
    bench = flight.bench
    package = bench.package(0)
    answer = bench.backend.purchase(buyer, package)
    session_id = bench.backend.session_of(answer)
    if not session_id:
        _refuse_purchase(flight, answer)
        return
    try:
        session = checkout.read_session(bench.stripe, session_id)
    except StripeRefused as error:
        raise ConfigurationError(
            f"The backend opened {session_id}, which this Stripe does not know: it speaks to another one.",
            code="simulate.other_stripe",
            fix="Give the backend the STRIPE_SECRET_KEY and STRIPE_API_BASE (its SDK's api_base) that creditctl has.",
        ) from error
    charged = (session["amount_subtotal"], session["currency"])
    if charged != (package.amount, package.currency):
        raise ConfigurationError(
            f"{package.slug} costs {package.amount} {package.currency} in the catalogue, and {charged[0]} {charged[1]} "
            "in the backend's session.",
            code="simulate.catalogue",
            fix="Name the backend's catalogue with --catalog, or mend the body of the purchase with --purchase-body.",
        )
    flight.notes.append(f"a purchase opens a session of this Stripe: {session_id}")


def _refuse_purchase(flight: _Flight, answer: BackendAnswer) -> None:
    path = flight.bench.backend.target.purchase_path
    if answer.status in _SERVER_ERRORS and flight.started_here:
        flight.notes.append(f"POST {path} answered {answer}")
        return
    fix = "Look at the backend's log; name its catalogue with --catalog."
    if answer.status in _NOT_THERE:
        fix = "Name the path of a purchase with --purchase-path."
    elif answer.status in (401, 403):
        fix = "Say how a buyer signs in: --header, --users, --login-command."
    elif answer.ok or answer.status in (400, 422):
        fix = "Mend the body with --purchase-body, and say where the session's URL stands with --session-pointer."
    raise ConfigurationError(f"POST {path} opened no Checkout session: {answer}.", code="simulate.purchase", fix=fix)
