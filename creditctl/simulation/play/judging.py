"""Steps that judge: balances when all is quiet, answer times, and what was never accepted."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from creditctl.payments.event_types import PAID_TYPES, RETURN_TYPES
from creditctl.simulation.play import buying, posting
from creditctl.simulation.play.diagnosis import BalanceReading, diagnose
from creditctl.simulation.play.own_sessions import quantity_is_offered
from creditctl.simulation.play.posting import retry_refused, wait_for_deliveries
from creditctl.simulation.results import ScenarioFailed, ScenarioNotTried
from creditctl.simulation.scenarios import steps
from creditctl.simulation.stripe_side import checkout, events

if TYPE_CHECKING:
    from creditctl.simulation.play.state import Play
    from creditctl.simulation.play.worth import Bought
    from creditctl.simulation.scenarios.steps import AnswerTime, Expect
    from creditctl.simulation.stripe_side.events import OpenDelivery

_CREDIT_TYPES = PAID_TYPES | set(RETURN_TYPES)
_TIMEOUT = "Timeout"
_CONTROL = "control"
_PATIENT = 3
"""How many times longer to wait for what a backend tries again by itself."""

_CERTAIN = frozenset({"refund_ignored", "dispute_ignored"})
"""What a balance proves by itself, whatever a step suspects, but for what is special."""

_SPECIAL = frozenset({"refund_lost_before_purchase", "refund_after_spending"})
"""Suspicions that stand although the balance looks as if nothing had been taken: where the plain refund works."""


def expect(play: Play, step: Expect) -> None:
    """Judges every buyer's balance, when all is quiet: it must be right, and stay so."""
    play.withheld = step.held
    refused = wait_for_deliveries(play) if play.broken else retry_refused(play)
    if not _becomes_right(play, _patience(play, step, refused)):
        _fail_unless_right(play, step, refused)
    pace = play.bench.pace
    pace.sleep(pace.quiet_seconds)
    wait_for_deliveries(play)
    seen = _balances(play)
    play.say(f"balance {', '.join(str(balance) for balance in seen)}")
    if not _all_right(play, seen):
        _fail_unless_right(play, step, refused)
    _check_percent(play, step)


def _check_percent(play: Play, step: Expect) -> None:
    """The number that a scenario states stands against the one that was reckoned: both must agree."""
    if step.percent is None:
        return
    bought = play.bought[step.name]
    stated = play.starts[bought.user] - play.spent.get(bought.user, 0) + bought.package.credits * step.percent // 100
    if stated not in play.acceptable(bought.user):
        raise ValueError(f"the scenario states {stated}, its payments are worth {sorted(play.acceptable(bought.user))}")


def _balances(play: Play) -> list[int]:
    return [play.bench.backend.balance(buyer) for buyer in play.buyers]


def _all_right(play: Play, seen: list[int]) -> bool:
    return all(balance in play.acceptable(number) for number, balance in enumerate(seen))


def _patience(play: Play, step: Expect, refused: list[OpenDelivery]) -> float:
    """How long to wait for a right balance; what was refused for good brings none. Units: seconds."""
    pace = play.bench.pace
    if any(each.type in _CREDIT_TYPES for each in refused):
        return pace.quiet_seconds
    return pace.patience_seconds * (_PATIENT if step.patient else 1)


def _becomes_right(play: Play, seconds: float) -> bool:
    """Waits for the balances that must come; how long a right one took makes the pace.

    While a bank has not answered, which it does by itself within seconds, what moved is wrong as soon as it is quiet.
    """
    pace, seen = play.bench.pace, play.starts
    waiting = any(each.pending for each in play.bought.values())
    moved_seconds = pace.quiet_seconds if waiting else pace.moved_seconds
    for gone in pace.ticks(seconds):
        if gone > moved_seconds and seen != play.starts:
            return False
        seen = _balances(play)
        if _all_right(play, seen):
            pace.note_lag(gone)
            return True
    return False


def _fail_unless_right(play: Play, step: Expect, refused: list[OpenDelivery]) -> None:
    """Reads the balances once more, and fails what is wrong still: in between the right one may have come."""
    seen = _balances(play)
    if _all_right(play, seen):
        return
    if any(each.pending and _is_paid(play, each) for each in play.bought.values()):
        raise ScenarioNotTried("the bank answered by itself before the balance was read: this machine is too busy")
    _fail(play, step, refused, seen)


def _is_paid(play: Play, bought: Bought) -> bool:
    session = checkout.read_session(play.bench.stripe, bought.session_id)
    return bool(session["payment_status"] == "paid")


def _fail(play: Play, step: Expect, refused: list[OpenDelivery], seen: list[int]) -> None:
    wrong = next(number for number, balance in enumerate(seen) if balance not in play.acceptable(number))
    acceptable = play.acceptable(wrong)
    if step.held and seen[wrong] > max(acceptable) and _reads_stripe(play, wrong):
        raise ScenarioNotTried(
            "the backend reads payments from Stripe by itself, so a webhook more or less proves nothing"
        )
    cause = _cause(play, step, wrong, seen, refused)
    choice = " or ".join(f"{number:,}" for number in sorted(acceptable))
    expected = f"the balance should be {choice} credits"
    raise ScenarioFailed(cause, expected, f"it is {seen[wrong]:,}", warning=_is_warning(play, step, cause))


def _reads_stripe(play: Play, buyer: int) -> bool:
    """Whether another payment, no webhook of which is delivered at all, is credited too."""
    backend, pace = play.bench.backend, play.bench.pace
    buying.open_session(play, steps.Open(name=_CONTROL, buyer=buyer))
    posting.hold(play, steps.HoldBack(_CONTROL))
    before = backend.balance(play.buyers[buyer])
    buying.pay(play, steps.Pay(name=_CONTROL))
    due = before + play.bought[_CONTROL].package.credits
    return any(backend.balance(play.buyers[buyer]) >= due for _ in pace.ticks(pace.patience_seconds))


def _is_warning(play: Play, step: Expect, cause: str) -> bool:
    """Whether only a warning is due: a quantity that this backend does not seem to offer."""
    if cause != "credits_quantity_once":
        return step.warning
    return not quantity_is_offered(play.bench, play.bought[step.name].session_id)


def _cause(play: Play, step: Expect, wrong: int, seen: list[int], refused: list[OpenDelivery]) -> str:
    balance, acceptable = seen[wrong], play.acceptable(wrong)
    found = diagnose(_reading(play, wrong, seen))
    if balance < min(acceptable) and (why := _refusal(refused)):
        return step.under or why
    if found in _CERTAIN and step.over not in _SPECIAL:
        return found
    if balance < min(acceptable) and play.healed and not step.under:
        return "acknowledged_before_saved" if play.acked_broken else "marked_before_saved"
    return (step.over if balance > max(acceptable) else step.under) or found


def _reading(play: Play, wrong: int, seen: list[int]) -> BalanceReading:
    start, packages = play.starts, {package.credits for package in play.bench.catalog}
    others = [
        balance - start[number]
        for number, balance in enumerate(seen)
        if number != wrong and balance not in play.acceptable(number)
    ]
    expected = {number - start[wrong] for number in play.acceptable(wrong)}
    gain, spent = seen[wrong] - start[wrong], play.spent.get(wrong, 0)
    moved = bool(others) and (gain > 0 if 0 in expected else gain <= 0)
    return BalanceReading(gain, expected, play.of(wrong), moved, spent, packages)


def _refusal(refused: list[OpenDelivery]) -> str:
    """The cause that refused events of credits point to; empty where none was refused."""
    about = [each for each in refused if each.type in _CREDIT_TYPES]
    if any(_TIMEOUT in str(each.refused_with) for each in about):
        return "too_slow"
    return "refuses_events" if about else ""


def require_accepted(play: Play, suspicions: Collection[str] = ()) -> None:
    """At the end of a scenario every event must have been accepted.

    Shape:  `suspicions` are what the scenario's own steps would name; a special one says more than that it was refused.
    Errors: ScenarioFailed naming the first.
    """
    refused = retry_refused(play)
    if not refused or play.bench.stripe.control is None:
        return
    first = refused[0]
    special = next((each for each in suspicions if each in _SPECIAL), "") if first.type in RETURN_TYPES else ""
    cause = special or _refusal(refused) or "blocks_on_unknown"
    expected = f"{first.type} should be answered with 2xx, at the latest when it is repeated"
    raise ScenarioFailed(cause, expected, f"it was answered with {first.refused_with}")


def answer_time(play: Play, step: AnswerTime) -> None:
    """Judges how long the purchase and the webhooks of a session took."""
    wait_for_deliveries(play)
    if play.purchase_seconds > step.purchase_seconds:
        expected = f"a purchase should be answered within {step.purchase_seconds:.0f} seconds"
        raise ScenarioFailed("too_slow", expected, f"it took {play.purchase_seconds:.1f}")
    slowest = max(events.attempt_seconds(play.bench.stripe, play.subjects), default=0.0)
    play.say(f"slowest webhook {slowest:.2f} s, purchase {play.purchase_seconds:.2f} s")
    if slowest > step.webhook_seconds:
        expected = f"a webhook should be answered within {step.webhook_seconds:.0f} seconds"
        raise ScenarioFailed("too_slow", expected, f"it took {slowest:.1f}")


def recover(play: Play, _step: object) -> None:
    """Uses the declared way to find what no event told."""
    from creditctl.simulation.target.commands import run_words

    command = play.bench.backend.target.recover_command
    if not command:
        raise ScenarioNotTried("no way to read Stripe for lost payments is declared (--recover-command)")
    answer = run_words(command, play.buyers[0].fields)
    play.say(f"recovery: {'done' if answer.ok else answer.problem}")
    if not answer.ok:
        raise ScenarioFailed("not_recovered", "the recovery command should end with exit code 0", answer.problem)
