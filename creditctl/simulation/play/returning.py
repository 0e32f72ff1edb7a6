"""Steps of banks and of Stripe's clock: refunds, disputes, and time that passes for one payment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditctl.core.errors import StripeRefused
from creditctl.simulation.play.worth import Bought, SimulatedDispute
from creditctl.simulation.results import ScenarioNotTried
from creditctl.simulation.stripe_side import checkout, money_back

if TYPE_CHECKING:
    from creditctl.simulation.play.state import Play
    from creditctl.simulation.scenarios.steps import Dispute, FailRefund, Pass, Refund, Settle


def refund(play: Play, step: Refund) -> None:
    """Refunds a part of what was charged."""
    bought = play.bought[step.name]
    amount = bought.charged * step.parts // step.of
    left = bought.charged - sum(bought.refunds.values())
    made = money_back.refund(play.bench.stripe, _payment(bought), min(amount, left))
    if made["status"] not in ("failed", "canceled"):
        bought.refunds[made["id"]] = made["amount"]
    play.say(f"refunded {made['amount']} of {bought.charged}: {made['id']} {made['status']}")


def _payment(bought: Bought) -> str:
    if not bought.payment_intent:
        raise ScenarioNotTried("nothing was charged, so nothing can go back")
    return bought.payment_intent


def fail_refund(play: Play, step: FailRefund) -> None:
    """Lets the bank return the last refund."""
    bought = play.bought[step.name]
    refund_id = list(bought.refunds)[-1]
    money_back.fail_refund(play.bench.stripe, refund_id)
    del bought.refunds[refund_id]
    bought.failed_refunds += 1
    play.say(f"refund {refund_id} failed at the bank")


def dispute(play: Play, step: Dispute) -> None:
    """Opens a dispute."""
    bought = play.bought[step.name]
    amount = bought.charged * step.parts // step.of or None
    try:
        made = money_back.open_dispute(play.bench.stripe, _payment(bought), step.kind, amount)
    except StripeRefused as error:
        raise ScenarioNotTried(f"this Stripe opens no such dispute: {error.message}") from error
    bought.disputes[made["id"]] = SimulatedDispute(made["amount"], made["status"])
    play.say(f"dispute {made['id']} over {made['amount']}: {made['status']}")


def settle(play: Play, step: Settle) -> None:
    """Ends the last dispute."""
    bought = play.bought[step.name]
    dispute_id = list(bought.disputes)[-1]
    ended = money_back.settle_dispute(play.bench.stripe, dispute_id, step.status)
    bought.disputes[dispute_id] = SimulatedDispute(ended["amount"], ended["status"])
    play.say(f"dispute {dispute_id} ended: {ended['status']}")


def let_time_pass(play: Play, step: Pass) -> None:
    """Lets what some seconds hold for a session happen now, and reads what became of its payment."""
    bought, stripe = play.bought[step.name], play.bench.stripe
    money_back.bring_forward(stripe, bought.session_id, step.seconds)
    session = checkout.read_session(stripe, bought.session_id)
    bought.pending = False
    bought.paid = session["payment_status"] in ("paid", "no_payment_required")
    bought.charged = session["amount_total"] if bought.paid else 0
    play.say(f"{step.seconds} seconds later: {session['status']}, {session['payment_status']}")
