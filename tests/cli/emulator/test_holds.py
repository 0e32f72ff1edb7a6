"""`creditctl emulator hold, holds, release`: one buyer's deliveries kept, listed, let go in an order."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import stripe

if TYPE_CHECKING:
    from tests.support.cli import Cli


def test_deliveries_are_kept_listed_and_let_go(
    cli: Cli, client: stripe.StripeClient, session: Callable[[], str]
) -> None:
    client.v1.webhook_endpoints.create(
        {
            "url": "http://127.0.0.1:9/none",
            "enabled_events": ["checkout.session.completed", "payment_intent.succeeded"],
        }
    )
    made = session()
    kept = cli("emulator", "hold", "--user", "user_1")
    assert "#1 user user_1: keeps 0" in kept.stdout
    cli("emulator", "pay", made)

    listed = cli("emulator", "holds", "--json").report["holds"][0]["held"]
    assert [entry["type"] for entry in listed] == ["payment_intent.succeeded", "checkout.session.completed"]
    assert "keeps 2" in cli("emulator", "holds").stdout
    first = cli("emulator", "release", "1", "--next", "checkout.session.completed")
    assert "The hold keeps 1 more." in first.stdout
    last = cli("emulator", "release", "1", "--rest", "--json").report
    assert ([entry["type"] for entry in last["released"]], last["ended"]) == (["payment_intent.succeeded"], True)
    assert cli("emulator", "holds").stdout == "No delivery is kept back.\n"


def test_a_hold_of_nothing_is_refused(cli: Cli, session: Callable[[], str]) -> None:
    assert cli("emulator", "hold").exit_code == 2
    session()
    missing = cli("emulator", "release", "7")
    assert (missing.exit_code, "There is no hold 7" in missing.stderr) == (4, True)
    cli("emulator", "hold", "--user", "user_1")
    wrong = cli("emulator", "release", "1", "--next", "charge.refund")
    assert (wrong.exit_code, "keeps no delivery" in wrong.stderr) == (4, True)
