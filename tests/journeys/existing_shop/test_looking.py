"""Looking at an application that already sells: no files are left behind, and every id leads to its payment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.journeys.existing_shop.laravel import SETTINGS, Laravel

if TYPE_CHECKING:
    from tests.support.cli import Cli
    from tests.support.existing_shop import ExistingShop


def test_a_look_leaves_no_file_behind_until_there_is_something_to_keep(
    cli: Cli, shop: ExistingShop, laravel: Laravel
) -> None:
    honest, lost = shop.buy("1"), shop.buy("2", "basic")
    laravel.credit(honest)
    laravel.row("usage", "1", -30, shop.clock.now, {})
    shop.later()
    before = sorted(cli.folder.iterdir())

    for look in (("doctor",), ("checklist",), ("trace", "user:1"), ("events", "list"), ("events", "show", "evt_1")):
        outcome = cli(*look)
        assert outcome.exit_code != 70, (look, outcome.stderr)
    lacking = cli("trace", lost.intent)
    assert sorted(cli.folder.iterdir()) == before
    assert "the application has no row" in lacking.stdout

    vouched = cli("checklist", "attest", "two_factor", "--by", "Ann", "--evidence", "seen")
    assert vouched.exit_code == 0, vouched.stderr
    assert "two_factor" in cli("checklist", "attestations").stdout


def test_usage_is_no_payment_of_a_user(cli: Cli, shop: ExistingShop, laravel: Laravel) -> None:
    honest = shop.buy("1")
    laravel.credit(honest)
    laravel.usage(3, user=1)
    shop.later()

    traced = cli("trace", "user:1", "--json")

    assert [payment["payment_key"] for payment in traced.report["payments"]] == [honest.intent]


def test_a_row_leads_to_its_payment_by_the_name_it_gives_it(cli: Cli, shop: ExistingShop, laravel: Laravel) -> None:
    sale = shop.buy("1")
    laravel.credit(sale, meta={"session_id": sale.session})
    laravel.row("purchase", "9", 1000, shop.clock.now, {"payment_intent": "ORD-17"})
    shop.later()

    for name, payment in ((sale.session, sale.intent), ("row 1", sale.intent), ("ORD-17", "ORD-17")):
        traced = cli("trace", name, "--json")
        assert [each["payment_key"] for each in traced.report["payments"]] == [payment], name


def test_what_an_application_lacks_leads_to_a_repair_and_never_to_a_replay(
    cli: Cli, shop: ExistingShop, laravel: Laravel
) -> None:
    lost, topped_up, refunded = shop.buy("1"), shop.top_up("2"), shop.buy("3")
    laravel.credit(refunded)
    shop.refund(refunded)
    shop.later(80)

    for sale, what in ((lost, "the row"), (topped_up, "the row"), (refunded, "1,000 credits to be taken back")):
        (payment,) = cli("trace", sale.intent, "--json").report["payments"]
        missing = payment["missing"]
        assert missing["command"] == "creditctl reconcile --repair --todo todo.csv", sale
        assert missing["what"].startswith(what)
        assert "can be seen" not in missing["why"], "its event stands on the time line"


def test_an_event_that_stripe_counts_as_pending_is_repaired_all_the_same(
    cli: Cli, shop: ExistingShop, laravel: Laravel
) -> None:
    laravel.credit(shop.buy("1"))
    shop.client.v1.webhook_endpoints.create(params={"url": "http://127.0.0.1:9/hook", "enabled_events": ["*"]})
    lost = shop.buy("2")
    shop.later(80)

    traced = cli("trace", lost.intent, "--json")

    (payment,) = traced.report["payments"]
    assert "an endpoint has not accepted it yet" in payment["missing"]["why"]
    assert payment["missing"]["command"] == "creditctl reconcile --repair --todo todo.csv"
    assert traced.exit_code == 1, "reconcile calls it missing too"


def test_status_leads_to_a_first_reconcile_and_asks_for_no_setting_that_it_does_not_need(
    cli: Cli, shop: ExistingShop, laravel: Laravel
) -> None:
    (cli.folder / "creditctl.toml").write_text(SETTINGS)
    laravel.credit(shop.buy("1"))
    shop.later()
    for name in ("FRONTEND_URL", "CREDITS_API_URL"):
        cli.environ.pop(name, None)

    first = cli("status", "--json")
    assert first.report["next"]["command"] == "creditctl reconcile"
    assert cli("reconcile").exit_code == 0
    assert cli("status", "--json").report["next"]["command"] == "creditctl checklist"

    cli.environ["DATABASE_URL"] = ""
    items = {item["id"]: item for item in cli("status", "--json").report["items"]}
    assert (items["source"]["state"], items["source"]["text"]) == (
        "absent",
        "recipe laravel, by DATABASE_URL, which is not set",
    )


def test_a_shop_that_gets_a_name_keeps_its_past_without_a_finding(
    cli: Cli, shop: ExistingShop, laravel: Laravel
) -> None:
    sales = [shop.buy("1"), shop.buy("2")]
    for sale in sales:
        laravel.credit(sale)
    shop.later()
    assert cli("reconcile").exit_code == 0
    (cli.folder / "creditctl.toml").write_text(f'deployment = "eu"\n{SETTINGS}')

    refused = cli("reconcile")
    named = cli("ledger", "init", "--deployment", "eu", "--since", "0h")
    kept = cli("reconcile", "--json")
    shop.refund(sales[0])
    shop.later()
    followed = cli("reconcile", "--json").document["findings"]

    assert (refused.exit_code, named.exit_code) == (3, 0)
    assert "creditctl ledger init --deployment eu --since TIME" in refused.stderr
    assert (kept.exit_code, kept.document["findings"]) == (0, [])
    assert [each["code"] for each in followed] == ["reconcile.refund_not_taken"]
