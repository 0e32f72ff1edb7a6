"""A shop that hands over a CSV export: semicolons, decimal commas, day-first dates of its own zone, prefixed users."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from tests.support.existing_shop import ExistingShop, Sale

if TYPE_CHECKING:
    from creditctl.emulator.app import Emulator
    from tests.support.cli import Cli
    from tests.support.clock import Clock

SETTINGS = """
[source]
file = "export.csv"
amounts = "major"
zone = "Europe/Berlin"
where = "Anbieter = 'stripe'"
[source.columns]
id = "Nr"
created = "Datum"
user_id = "Kunde"
kind = "Art"
credits = "Credits"
amount = "Betrag"
payment_key = "Beleg"
livemode = "!Test"
status = "Status"
[source.users]
prefix = "eu:"
[source.status]
gebucht = "done"
offen = "pending"
[source.kind]
Kauf = "purchase"
Verbrauch = "usage"
[[source.rule]]
when = "Art = 'Storno' and Beleg is not null"
kind = "refund"
[[source.rule]]
when = "Art = 'Storno'"
kind = "adjustment"
"""
HEADER = "Nr;Datum;Kunde;Art;Credits;Betrag;Beleg;Test;Status;Anbieter;E-Mail"


@pytest.fixture
def shop(emulator: Emulator, clock: Clock) -> ExistingShop:
    return ExistingShop(emulator, clock)


def line(number: int, sale: Sale, **changes: str) -> str:
    when = datetime.fromtimestamp(sale.created, ZoneInfo("Europe/Berlin")).strftime("%d.%m.%Y %H:%M:%S")
    credits = f"{sale.credits:,}".replace(",", ".")
    cells = {
        "Nr": str(number), "Datum": when, "Kunde": sale.user.removeprefix("eu:"), "Art": "Kauf", "Credits": credits,
        "Betrag": f"{sale.amount / 100:.2f}".replace(".", ","), "Beleg": sale.charge, "Test": "ja" and "true",
        "Status": "gebucht", "Anbieter": "stripe", "E-Mail": "jörg@example.com",
    }  # fmt: skip
    return ";".join((cells | changes).values())


def test_an_export_is_judged_as_it_is(cli: Cli, shop: ExistingShop) -> None:
    honest, basic, lost, short, open_, refunded = (
        shop.buy(f"eu:{n}", slug) for n, slug in enumerate(("starter", "pro", "basic", "pro", "starter", "starter"))
    )
    shop.refund(refunded)
    rows = [
        line(1, honest),
        line(2, basic),
        line(3, short, Credits="1.350"),
        line(4, open_, Status="offen"),
        line(5, refunded),
        line(6, refunded, Art="Storno", Credits="-1.000", Betrag="-10,00"),
        line(7, honest, Art="Storno", Credits="-5", Betrag="", Beleg=""),
        line(8, honest, Art="Verbrauch", Credits="20", Betrag="", Beleg=""),
        line(9, honest, Anbieter="paypal", Beleg="PAY-1"),
        line(10, honest, Test="false", Beleg="pi_other1"),
    ]
    (cli.folder / "export.csv").write_bytes("\r\n".join((HEADER, *rows, "")).encode("cp1252"))
    (cli.folder / "creditctl.toml").write_text(SETTINGS)
    shop.later()

    outcome = cli("reconcile", "--json")
    found = sorted((each["code"].removeprefix("reconcile."), each["subject"]) for each in outcome.document["findings"])

    assert found == sorted(
        [
            ("missing_credit", lost.intent),
            ("wrong_amount", short.intent),
            ("pending_not_completed", open_.intent),
            ("mode_mix", "pi_other1"),
        ]
    ), outcome.stdout
    assert "cp1252" in outcome.report["source"]["notes"][0]
    assert cli("ledger", "balance", "eu:0", "--json").report["credits"] == 1000 - 5 - 20 + 1000
    assert b"example.com" not in (cli.folder / "creditctl-emulator-archive.db").read_bytes()


def test_rows_that_nothing_explains_stop_the_run_by_name(cli: Cli, shop: ExistingShop) -> None:
    honest = shop.buy("eu:1")
    rows = [line(1, honest), line(2, honest, Art="Geschenk"), line(3, honest, Credits="viele")]
    (cli.folder / "export.csv").write_text("\n".join((HEADER, *rows)))
    (cli.folder / "creditctl.toml").write_text(SETTINGS)

    outcome = cli("reconcile")

    assert outcome.exit_code == 3
    assert "'Geschenk', and [source] does not say what it is (line 3)" in outcome.stderr
    assert "credits 'viele' is not a number (line 4)" in outcome.stderr


def test_who_moves_over_imports_what_the_settings_describe(cli: Cli, shop: ExistingShop) -> None:
    honest, open_ = shop.buy("eu:1"), shop.buy("eu:2")
    rows = [line(1, honest), line(2, open_, Status="offen"), line(3, honest, Anbieter="paypal", Beleg="PAY-1")]
    (cli.folder / "export.csv").write_text("\n".join((HEADER, *rows)))
    (cli.folder / "creditctl.toml").write_text(SETTINGS)
    assert cli("ledger", "init").exit_code == 0

    without = cli("ledger", "import", "--yes", "--json")
    imported = cli("ledger", "import", "--set", "currency=usd", "--yes", "--json")
    again = cli("ledger", "import", "--set", "currency=usd", "--yes", "--json")

    assert "needs a currency" in without.document["findings"][0]["message"]
    assert imported.document["findings"] == []
    assert imported.exit_code == 0
    assert (imported.report["new"], again.report["new"], again.report["existing"]) == (1, 0, 1)
    (cli.folder / "creditctl.toml").unlink()
    assert cli("ledger", "balance", "eu:1", "--json").report["credits"] == 1000


def test_finance_gets_a_page_of_the_applications_own_rows(cli: Cli, shop: ExistingShop) -> None:
    honest, pro, _lost = (shop.buy(f"eu:{n}", slug) for n, slug in enumerate(("starter", "pro", "basic")))
    used = [line(3 + n, honest, Art="Verbrauch", Credits="0,25", Betrag="", Beleg="") for n in range(5)]
    rows = [line(1, honest), line(2, pro), *used]
    (cli.folder / "creditctl.toml").write_text(SETTINGS.replace("[source]", "[source]\ncredit_decimals = 2"))
    (cli.folder / "export.csv").write_bytes("\n".join((HEADER, *rows)).encode("cp1252"))
    shop.later()

    outcome = cli("reconcile", "--html", "page.html", "--metrics", "creditctl.prom", "--notify-command", "true")
    page = (cli.folder / "page.html").read_text()

    assert outcome.exit_code == 1
    assert "By the application&#39;s own rows" in page
    assert "By Stripe these sales are worth 20,000 credits; 5,500 credits too few were given." in page
    assert '<th scope="row">− Used</th><td class="n">1.25</td>' in page, "each less than a credit, and none is lost"
    assert '<th scope="row">= Outstanding</th><td class="n">14,498.75</td>' in page
    assert "reconcile.missing_credit" in (cli.folder / "creditctl.prom").read_text()
