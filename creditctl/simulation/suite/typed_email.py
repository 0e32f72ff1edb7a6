"""Typed e-mail: whether a backend takes the e-mail that is typed at the checkout for the buyer."""

from __future__ import annotations

from dataclasses import replace

from creditctl.simulation.play.run import run_scenario
from creditctl.simulation.play.state import Bench
from creditctl.simulation.results import ScenarioResult
from creditctl.simulation.scenarios.steps import Expect, Open, Pay, Scenario

_UNCREDITED = frozenset({"credits_never", "refuses_events"})
_TITLE = "A purchase is credited whatever e-mail is typed."
_OWN = Scenario("typed-own-email", "purchases", _TITLE, (Open(), Pay(own_email=True), Expect()))
_OTHER = Scenario("typed-other-email", "purchases", _TITLE, (Open(), Pay(), Expect()))


def with_typed_email(result: ScenarioResult, bench: Bench) -> ScenarioResult:
    """The result of a purchase; one that only the buyer's own e-mail gets credited went to whoever has the other one.

    Shape: buys once more with each, where nothing was credited and the buyer's e-mail is known; who credits both now
           was only late.
    """
    if result.cause not in _UNCREDITED or not run_scenario(_OWN, bench).passed:
        return result
    if run_scenario(_OTHER, bench).passed:
        return result
    expected = "the user who bought should get the credits, whatever e-mail is typed at the checkout"
    return replace(result, cause="wrong_user", expected=expected, seen="they come only if it is the user's own e-mail")
