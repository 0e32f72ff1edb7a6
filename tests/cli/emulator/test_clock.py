"""`creditctl emulator clock, advance`: forward only."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
import stripe

from creditctl.core.errors import ExitCode

if TYPE_CHECKING:
    from tests.support.cli import Cli


def test_the_clock_moves_forward_only(cli: Cli, client: stripe.StripeClient, session: Callable[[], str]) -> None:
    made, before = session(), cli("emulator", "clock", "--json").report["now"]

    day = cli("emulator", "advance", "1d1h", "--json").report
    week = cli("emulator", "advance", "--to", "2026-12-01", "--json").report

    assert (day["advanced_seconds"], day["now"]) == (90_000, before + 90_000)
    assert week["now"] == 1_796_083_200
    assert client.v1.checkout.sessions.retrieve(made).status == "expired"
    assert cli("emulator", "advance", "--to", "2026-11-01").exit_code == ExitCode.STRIPE_REFUSED


@pytest.mark.parametrize("arguments", [[], ["3d", "--to", "2026-12-01"], ["soon"], ["3"], ["-3d"], ["--to", "later"]])
def test_an_advance_that_says_nothing_clear_is_a_usage_error(cli: Cli, arguments: list[str]) -> None:
    before = cli("emulator", "clock", "--json").report["now"]

    assert cli("emulator", "advance", *arguments).exit_code == ExitCode.USAGE
    assert cli("emulator", "clock", "--json").report["now"] == before


def test_time_passes_for_one_session_alone(cli: Cli, client: stripe.StripeClient, session: Callable[[], str]) -> None:
    early, late = session(), session()
    done = cli("emulator", "advance", "25h", "--object", early)

    assert f"Happened early for {early}: 1." in done.stdout
    assert "+0 s from this machine's" in done.stdout
    states = [client.v1.checkout.sessions.retrieve(each).status for each in (early, late)]
    assert states == ["expired", "open"]
