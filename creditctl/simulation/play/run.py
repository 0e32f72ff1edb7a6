"""Runner of one scenario: step after step inside a boundary of its own; whatever happens becomes a result."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from creditctl.core.errors import CreditctlError, GuardRefused
from creditctl.simulation.play import buying, disturbing, judging, posting, returning
from creditctl.simulation.play.state import Bench, Play
from creditctl.simulation.results import ScenarioFailed, ScenarioNotTried, ScenarioOutcome, ScenarioResult
from creditctl.simulation.scenarios import steps as data
from creditctl.simulation.stripe_side import events

Handler = Callable[[Play, Any], None]

HANDLERS: dict[type, Handler] = {
    data.Open: buying.open_session,
    data.Pay: buying.pay,
    data.Buy: buying.buy,
    data.PayByBank: buying.pay_by_bank,
    data.PayNothing: buying.pay_nothing,
    data.Authenticate: buying.authenticate,
    data.OpenLike: buying.open_like,
    data.Expire: buying.expire,
    data.ReadPage: buying.read_page,
    data.Spend: buying.spend,
    data.OddSpending: buying.odd_spending,
    data.OddPurchases: buying.odd_purchases,
    data.Refund: returning.refund,
    data.FailRefund: returning.fail_refund,
    data.Dispute: returning.dispute,
    data.Settle: returning.settle,
    data.Pass: returning.let_time_pass,
    data.HoldBack: posting.hold,
    data.Release: posting.release,
    data.Deliver: posting.deliver,
    data.Break: disturbing.break_stripe,
    data.Heal: disturbing.heal,
    data.Crash: disturbing.crash,
    data.Restart: disturbing.restart,
    data.Recover: judging.recover,
    data.AnswerTime: judging.answer_time,
    data.Expect: judging.expect,
}
"""What carries out each kind of step."""


def run_scenario(scenario: data.Scenario, bench: Bench) -> ScenarioResult:
    """Runs one scenario with buyers of its own; the backend's faults, Stripe's and ours end it, never the run.

    Errors: GuardRefused for live mode, which ends everything.
    """
    start = bench.pace.monotonic()
    play = Play(bench, ())
    try:
        with bench.buyers.lend(_names(scenario, bench)) as buyers:
            play.buyers = buyers
            outcome, told = _outcome(scenario, play)
    except (ScenarioNotTried, CreditctlError) as error:
        outcome, told = _trouble(error)
    return _result(scenario, play, outcome, told, bench.pace.monotonic() - start)


def _names(scenario: data.Scenario, bench: Bench) -> tuple[str, ...]:
    return tuple(f"sim-{scenario.name}-{bench.token}{number or ''}" for number in range(scenario.buyers))


def _outcome(scenario: data.Scenario, play: Play) -> tuple[ScenarioOutcome, dict[str, str]]:
    try:
        _carry_out(scenario, play)
    except ScenarioFailed as failed:
        outcome = ScenarioOutcome.WARNED if failed.warning else ScenarioOutcome.FAILED
        return outcome, {"cause": failed.cause, "expected": failed.expected, "seen": failed.seen}
    except (ScenarioNotTried, CreditctlError) as error:
        return _trouble(error)
    except Exception as error:  # noqa: BLE001 - a bug of ours ends this scenario, and never the run
        return ScenarioOutcome.BROKEN, {"reason": f"this is a bug in creditctl: {type(error).__name__}: {error}"}
    finally:
        _clean_up(play)
    return ScenarioOutcome.PASSED, {}


def _trouble(error: Exception) -> tuple[ScenarioOutcome, dict[str, str]]:
    if isinstance(error, GuardRefused):
        raise error
    return (ScenarioOutcome.NOT_TRIED if isinstance(error, ScenarioNotTried) else ScenarioOutcome.BROKEN), {
        "reason": str(error)
    }


def _carry_out(scenario: data.Scenario, play: Play) -> None:
    play.starts = _starts(scenario, play)
    try:
        for step in scenario.steps:
            HANDLERS[type(step)](play, step)
    except buying.PurchaseRefused:
        return
    if scenario.settles:
        judging.require_accepted(play, [step.over for step in scenario.steps if isinstance(step, data.Expect)])


def _starts(scenario: data.Scenario, play: Play) -> list[int]:
    """The balances before; of newcomers whom nobody may look at yet, what every newcomer has."""
    if not scenario.unseen:
        return [play.bench.backend.balance(buyer) for buyer in play.buyers]
    if play.bench.newcomer is None:
        raise ScenarioNotTried("its buyers must be new, and those of the users file exist already")
    return [play.bench.newcomer] * len(play.buyers)


def _clean_up(play: Play) -> None:
    """Lifts what the scenario put in force, and leaves a running backend behind."""
    with suppress(CreditctlError, ScenarioNotTried):
        for name in play.broken:
            events.lift_faults(play.bench.stripe, play.bought[name].session_id)
        for number in play.holds.values():
            events.release(play.bench.stripe, number)
    if play.crashed and play.bench.process is not None:
        play.bench.process.restart()


def _result(
    scenario: data.Scenario, play: Play, outcome: ScenarioOutcome, told: dict[str, str], seconds: float
) -> ScenarioResult:
    return ScenarioResult(
        name=scenario.name,
        group=scenario.group,
        title=scenario.title,
        outcome=outcome,
        user_id=play.buyers[0].user_id if play.buyers else "",
        steps=tuple(play.log),
        deliveries=tuple(play.deliveries),
        seconds=seconds,
        **told,
    )
