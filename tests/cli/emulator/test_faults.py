"""`creditctl emulator fault, faults`: ordered, listed, lifted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import stripe

if TYPE_CHECKING:
    from tests.support.cli import Cli


def test_a_fault_strikes_as_often_as_it_was_ordered(cli: Cli, client: stripe.StripeClient) -> None:
    ordered = cli("emulator", "fault", "status", "--path", "/v1/balance", "--status", "503", "--count", "1", "--json")
    with pytest.raises(stripe.APIError):
        client.v1.balance.retrieve()
    assert client.v1.balance.retrieve().object == "balance"

    listed = cli("emulator", "faults", "--json").report["faults"]
    assert [(rule["id"], rule["hits"]) for rule in listed] == [(ordered.report["id"], 1)]
    assert "status, path /v1/balance, status 503, at most 1 times (struck 1 times)" in cli("emulator", "faults").stdout
    assert cli("emulator", "faults", "--lift", str(ordered.report["id"]), "--json").report == {"lifted": 1}
    cli("emulator", "fault", "drop", "--event", "charge.*", "--probability", "0.5")
    assert cli("emulator", "faults", "--clear", "--json").report == {"lifted": 1}
    assert cli("emulator", "faults").stdout == "No fault is in force.\n"
