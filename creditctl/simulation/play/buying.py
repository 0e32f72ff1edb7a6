"""Steps of buyers: open and pay sessions, authenticate, let them expire, read pages, spend, send odd purchases."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from creditctl.simulation.cards import CARDS
from creditctl.simulation.play.at_once import all_at_once
from creditctl.simulation.play.odd_bodies import infinite_bodies, odd_bodies
from creditctl.simulation.play.own_sessions import CHANGES
from creditctl.simulation.play.worth import Bought
from creditctl.simulation.policy import OfferPolicy
from creditctl.simulation.results import ScenarioFailed, ScenarioNotTried
from creditctl.simulation.stripe_side import checkout
from creditctl.simulation.stripe_side.checkout import PaymentAttempt

if TYPE_CHECKING:
    from creditctl.simulation.play.state import Play
    from creditctl.simulation.scenarios.steps import (
        Authenticate,
        Buy,
        Expire,
        Open,
        OpenLike,
        Pay,
        PayByBank,
        PayNothing,
        ReadPage,
        Spend,
    )

_SERVER_ERRORS = range(500, 600)
_SHOWN_BYTES = 80
ODD_CREDITS = (-1, -1000, 0)
"""Numbers of credits that nobody can spend."""


class PurchaseRefused(Exception):
    """The purchase was refused, as it may be: the story ends here, and nothing is wrong."""


def open_session(play: Play, step: Open) -> None:
    """Opens a session through the backend."""
    package, buyer = play.bench.package(step.package), play.buyers[step.buyer]
    start = play.bench.pace.monotonic()
    if step.may_refuse:
        answer = play.bench.backend.purchase(buyer, package, _about(play, step.extras))
        session_id = play.bench.backend.session_of(answer)
        if not session_id:
            play.say(f"purchase with extras refused: {answer.status}")
            _refuse_server_error(answer.status, "a purchase with additional fields")
            raise PurchaseRefused
    else:
        session_id = play.bench.backend.open_session(buyer, package, _about(play, step.extras))
    play.purchase_seconds = max(play.purchase_seconds, play.bench.pace.monotonic() - start)
    _remember(play, step, session_id)


def _about(play: Play, extras: Any) -> dict[str, Any]:
    """Extras with the other buyer's user id in place of `{other}`."""
    other = play.buyers[-1].user_id
    found: dict[str, Any] = json.loads(json.dumps(dict(extras)).replace("{other}", other))
    return found


def _remember(play: Play, step: Open, session_id: str) -> None:
    package = play.bench.package(step.package)
    session = checkout.read_session(play.bench.stripe, session_id)
    play.say(f"session {session_id} for {package.slug}: {session['amount_total']} {session['currency']}")
    if session["status"] != "open":
        expected = "a purchase should open a session that can be paid"
        raise ScenarioFailed("purchase_fails", expected, f"{session_id} is {session['status']} already")
    if session["amount_total"] != package.amount and session.get("amount_subtotal") != package.amount:
        cause = "trusts_client" if step.extras else "purchase_fails"
        expected = f"the session should cost {package.amount} {package.currency}"
        raise ScenarioFailed(cause, expected, f"it costs {session['amount_total']} {session['currency']}")
    play.bought[step.name] = Bought(session_id, package, step.buyer, frozenset({package.credits}))


def _refuse_server_error(status: int | None, what: str, *, warning: bool = False) -> None:
    if status is None or status in _SERVER_ERRORS:
        expected = f"{what} should be answered with 2xx or 4xx"
        raise ScenarioFailed("crashes_on_input", expected, f"it was {status}", warning=warning)


def pay(play: Play, step: Pay) -> None:
    """Pays with a test card; whether it declines, the card says."""
    card, bought = CARDS[step.card], play.bought[step.name]
    email = _own_email(play, bought) if step.own_email else ""
    attempt = checkout.pay_by_card(play.bench.stripe, bought.session_id, card.token, email)
    note_attempt(bought, attempt)
    play.say(f"paid with {card.name}: {attempt.decline or attempt.session['status']}")
    if card.decline_code is not None and attempt.decline != card.decline_code:
        raise ScenarioNotTried(f"this Stripe answered {attempt.decline or 'paid'} to the {card.name} card")
    if card.decline_code is None and not card.authenticates and not attempt.complete:
        raise ScenarioNotTried(f"this Stripe did not take the {card.name} card: {attempt.decline}")


def _own_email(play: Play, bought: Bought) -> str:
    email = play.buyers[bought.user].email
    if not email:
        raise ScenarioNotTried("neither headers nor users file nor login command name an e-mail of the buyer")
    return email


def note_attempt(bought: Bought, attempt: PaymentAttempt) -> None:
    """What an attempt to pay changed."""
    bought.paid = attempt.paid
    bought.payment_intent = attempt.session.get("payment_intent") or bought.payment_intent
    bought.charged = attempt.session["amount_total"] if attempt.paid else 0


def buy(play: Play, step: Buy) -> None:
    """Opens and pays."""
    from creditctl.simulation.scenarios.steps import Open as OpenStep
    from creditctl.simulation.scenarios.steps import Pay as PayStep

    open_session(play, OpenStep(step.package, step.name, step.buyer))
    pay(play, PayStep(step.card, step.name))


def pay_by_bank(play: Play, step: PayByBank) -> None:
    """Pays by bank debit: the session is complete and unpaid until the bank answers."""
    bought, stripe = play.bought[step.name], play.bench.stripe
    session = checkout.read_session(stripe, bought.session_id)
    if play.bench.policy.delayed is OfferPolicy.NOT_OFFERED:
        raise ScenarioNotTried("the policy says that delayed payment methods are not offered")
    if "us_bank_account" not in session["payment_method_types"]:
        raise ScenarioNotTried(
            "the backend's sessions take no bank debit: " + ", ".join(session["payment_method_types"])
        )
    account = checkout.GOOD_ACCOUNT if step.funded else checkout.EMPTY_ACCOUNT
    attempt = checkout.pay_by_bank(stripe, bought.session_id, account)
    note_attempt(bought, attempt)
    bought.pending = attempt.complete and not attempt.paid
    play.say(f"paid by bank debit: {attempt.session['status']}, {attempt.session['payment_status']}")


def authenticate(play: Play, step: Authenticate) -> None:
    """Passes or fails 3D Secure."""
    bought = play.bought[step.name]
    attempt = checkout.authenticate(play.bench.stripe, bought.session_id, passed=step.passed)
    note_attempt(bought, attempt)
    play.say(f"3D Secure {'passed' if step.passed else 'failed'}: {attempt.decline or attempt.session['status']}")


def open_like(play: Play, step: OpenLike) -> None:
    """Makes a session of our own in the shape of the backend's."""
    model, stripe, change = play.bought[step.like], play.bench.stripe, CHANGES[step.change]
    session = checkout.read_session(stripe, model.session_id)
    gives = change.gives(play.bench, model, session)
    made = checkout.open_like(stripe, session, change.params(stripe, session), metadata=change.metadata)
    play.bought[step.name] = Bought(made["id"], model.package, model.user, gives, own=True)
    play.say(f"a session of our own, {step.change}: {made['id']} for {made['amount_total']} {made['currency']}")


def pay_nothing(play: Play, step: PayNothing) -> None:
    """Completes a session that costs nothing."""
    bought = play.bought[step.name]
    note_attempt(bought, checkout.finish_free(play.bench.stripe, bought.session_id))


def expire(play: Play, step: Expire) -> None:
    """Lets an open session end."""
    session = checkout.expire(play.bench.stripe, play.bought[step.name].session_id)
    play.say(f"session {session['status']}")


def read_page(play: Play, step: ReadPage) -> None:
    """Reads the success page; a stranger must not be shown it."""
    bought = play.bought[step.name]
    if step.times == 0:
        _read_as_stranger(play, bought, step.by)
        return
    own = play.bench.backend.read_page(play.buyers[bought.user], bought.session_id)
    if own.status in (404, 405, None) or own.status == 501:
        raise ScenarioNotTried(f"the backend has no page at {play.bench.backend.target.session_path}: {own.status}")
    for _ in range(step.times - 1):
        play.bench.backend.read_page(play.buyers[bought.user], bought.session_id)
    play.say(f"page read {step.times} times: {own.status}")
    if step.stranger:
        _read_as_stranger(play, bought, step.by)


def _read_as_stranger(play: Play, bought: Bought, by: int) -> None:
    """Another signed-in user must see nothing; a page that asks nobody who they are is worth a warning."""
    backend = play.bench.backend
    anonymous = backend.read_page(None, bought.session_id)
    answer = backend.read_page(play.buyers[by], bought.session_id)
    play.say(f"page read by another user: {answer.status}, by nobody: {anonymous.status}")
    if answer.ok and bought.session_id in answer.text:
        expected = "another user should get 403 or 404"
        raise ScenarioFailed("leaks_session", expected, f"the page answered {answer.status}", warning=anonymous.ok)


def spend(play: Play, step: Spend) -> None:
    """Spends credits, perhaps several times at once; what was granted must have been there."""
    if not play.bench.backend.target.spending.declared:
        raise ScenarioNotTried("no way to spend credits is declared (--spend-path or --spend-command)")
    credits = play.bought["a"].package.credits * step.parts // step.of
    available = play.bench.backend.balance(play.buyers[0])
    answers = all_at_once([partial(play.bench.backend.spend, play.buyers[0], credits)] * step.together)
    granted = sum(answer.ok for answer in answers)
    play.spent[0] = play.spent.get(0, 0) + granted * credits
    play.say(f"spent {credits} credits {step.together} times at once: {granted} granted")
    if granted * credits > available:
        expected = f"of {available} credits {available // credits} debits of {credits} can be granted"
        raise ScenarioFailed("overspent", expected, f"{granted} were granted")
    if granted == 0 and step.together == 1:
        raise ScenarioNotTried(f"the declared way to spend refused {credits} of {available} credits: {answers[0]}")


def odd_spending(play: Play, _step: object) -> None:
    """Spends odd numbers of credits: a warning where somebody gets richer, for the way may be one inside the house."""
    if not play.bench.backend.target.spending.declared:
        raise ScenarioNotTried("no way to spend credits is declared (--spend-path or --spend-command)")
    before = play.bench.backend.balance(play.buyers[0])
    for credits in ODD_CREDITS:
        answer = play.bench.backend.spend(play.buyers[0], credits)
        play.say(f"spent {credits} credits: {answer.status}")
    after = play.bench.backend.balance(play.buyers[0])
    if after > before:
        expected = f"spending {' and '.join(map(str, ODD_CREDITS))} credits should not raise a balance of {before:,}"
        raise ScenarioFailed("trusts_client", expected, f"it is {after:,}", warning=True)


def odd_purchases(play: Play, _step: object) -> None:
    """Sends odd bodies; each may be refused, none may crash the backend, but for numbers that crash its framework."""
    backend, buyer = play.bench.backend, play.buyers[0]
    usual = backend.purchase_body(buyer, play.bench.package(0))
    bodies = odd_bodies(usual)
    for body in bodies:
        answer = backend.post_purchase(buyer, body)
        _refuse_server_error(answer.status, f"a purchase with the body {body[:_SHOWN_BYTES]!r}")
    play.say(f"{len(bodies)} odd purchases: none answered with a server error")
    for body in infinite_bodies(usual):
        answer = backend.post_purchase(buyer, body)
        _refuse_server_error(answer.status, f"a purchase with the body {body[:_SHOWN_BYTES]!r}", warning=True)
