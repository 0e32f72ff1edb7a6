"""A dismissed finding that grows is open again: in our ledger and an application's rows, probed and in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.existing_shop import ExistingShop

if TYPE_CHECKING:
    from creditctl.emulator.app import Emulator
    from tests.support.cli import Cli
    from tests.support.clock import Clock

SOURCE = """
[source]
file = "rows.csv"
[source.columns]
id = "id"
created = "created"
user_id = "user_id"
kind = "kind"
credits = "credits"
amount = "amount"
currency = "currency"
payment_key = "payment_key"
livemode = "livemode"
"""
HEADER = "id,user_id,kind,credits,payment_key,created,amount,currency,livemode"
GROWN = "Dismissed at 1,000 credits"


def write_rows(cli: Cli, *credits: int, imported: bool) -> None:
    """An application's rows about a payment that Stripe does not know."""
    rows = [f"{n},alice,purchase,{each},pi_gift,2020-01-01T00:00:00Z,0,usd,false" for n, each in enumerate(credits, 1)]
    (cli.folder / "rows.csv").write_text("\n".join((HEADER, *rows, "")))
    if imported:
        assert cli("ledger", "import", "rows.csv", "--yes").exit_code == 0


@pytest.mark.parametrize("own", [True, False], ids=["own_ledger", "source"])
def test_a_dismissed_finding_hides_nothing_that_grows_under_its_name(
    cli: Cli, emulator: Emulator, clock: Clock, own: bool
) -> None:
    shop = ExistingShop(emulator, clock)
    (cli.folder / "creditctl.toml").write_text("" if own else SOURCE)
    assert cli("ledger", "init").exit_code == 0
    write_rows(cli, 1000, imported=own)
    shop.later()
    assert cli("reconcile").exit_code == 1
    said = cli("ledger", "resolve", "1", "--dismiss", "--reason", "a gift")
    assert "Finding 1 is dismissed at 1,000 credits: a gift" in said.stdout
    assert (cli("reconcile").exit_code, cli("reconcile", "--full").exit_code) == (0, 0)

    write_rows(cli, 1000, 5000, imported=own)
    shop.later()
    looked = cli("reconcile", "--json", "--dry-run").document["findings"]
    told = "tee told.json"
    found = cli("reconcile", "--json", "--metrics", "m.prom", "--notify-command", told).document["findings"]
    assert [(each["code"], each["new"], each["at_stake"]["credits"]) for each in found] == [
        ("reconcile.orphan_credit", True, 6000)
    ]
    assert GROWN in found[0]["message"]
    assert found[0]["message"].endswith("now 6,000 credits.")
    assert [each["message"] for each in looked] == [found[0]["message"]]
    assert GROWN in (cli.folder / "told.json").read_text()
    assert "creditctl_reconcile_credits_at_stake" in (cli.folder / "m.prom").read_text()
    for options in ((), ("--full",), ("--offline",)):
        (again,) = cli("reconcile", "--json", *options).document["findings"]
        assert (again["message"], again["new"]) == (found[0]["message"], False), options
    listed = cli("ledger", "findings", "--json")
    assert (listed.exit_code, listed.report["findings"][0]["dismissal"]["at_stake"]["credits"]) == (1, 1000)

    assert cli("ledger", "resolve", "1", "--dismiss", "--reason", "all of it").exit_code == 0
    assert (cli("reconcile").exit_code, cli("reconcile", "--full").exit_code) == (0, 0)
    assert "dismissed at 6,000 credits: all of it" in cli("ledger", "findings", "--status", "dismissed").stdout
