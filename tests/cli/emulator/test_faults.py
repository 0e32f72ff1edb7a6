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


def test_a_fault_of_one_user_leaves_the_others_alone(cli: Cli, client: stripe.StripeClient) -> None:
    made = client.v1.customers.create({"metadata": {"user_id": "user_1"}})
    other = client.v1.customers.create({"metadata": {"user_id": "user_2"}})
    ordered = cli("emulator", "fault", "status", "--user", "user_1", "--json").report
    with pytest.raises(stripe.APIError):
        client.v1.customers.retrieve(made.id)
    assert client.v1.customers.retrieve(other.id).id == other.id

    cli("emulator", "fault", "omit", "--object", made.id, "--event", "customer.*")
    assert f"object {made.id}" in cli("emulator", "faults").stdout
    assert cli("emulator", "faults", "--clear", "--user", "user_1", "--json").report == {"lifted": 1}
    assert [rule["kind"] for rule in cli("emulator", "faults", "--json").report["faults"]] == ["omit"]
    assert ordered["user"] == "user_1"


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        (("fault", "drop", "--object", "cs_test_none"), 4, "No such object: 'cs_test_none'"),
        (("fault", "drop", "--path", "/v1/balance"), 4, "is not narrowed by `path`"),
        (("fault", "omit", "--event", "charge.sold"), 4, "no event of the type `charge.sold`"),
        (("fault", "status", "--path", "v1/refunds"), 4, "begins with `/`"),
        (("fault", "status", "--method", "PUT"), 4, "No request is made by PUT"),
        (("faults", "--user", "user_1"), 2, "--clear"),
    ],
)
def test_what_would_never_strike_or_is_not_said_clearly_is_refused(
    cli: Cli, arguments: tuple[str, ...], exit_code: int, said: str
) -> None:
    done = cli("emulator", *arguments)

    assert done.exit_code == exit_code
    assert said in done.stderr
