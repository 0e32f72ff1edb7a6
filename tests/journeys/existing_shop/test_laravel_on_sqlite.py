"""A Laravel shop on SQLite: snake case, what Stripe says in a JSON column, usage by the thousand, a cached balance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.journeys.existing_shop.laravel import SETTINGS, Laravel, codes

if TYPE_CHECKING:
    from tests.support.cli import Cli
    from tests.support.existing_shop import ExistingShop


def test_an_honest_shop_is_clean_with_one_command(cli: Cli, shop: ExistingShop, laravel: Laravel) -> None:
    for user, slug in (("1", "starter"), ("2", "basic"), ("3", "starter")):
        sale = shop.buy(user, slug)
        laravel.credit(sale)
    part = shop.refund(shop.sales[0], 500)
    laravel.row("refund", "1", -500, shop.clock.now, {"payment_intent": shop.sales[0].intent, "refund": part})
    laravel.row("purchase", "3", 1000, shop.clock.now, {"session_id": shop.planned("3")}, status="pending")
    laravel.usage(3000, user=2)
    shop.later()

    outcome = cli("reconcile", "--json")

    assert outcome.exit_code == 0, (outcome.stdout, outcome.stderr)
    assert outcome.document["findings"] == []
    assert (outcome.report["payments"], outcome.report["source"]["rows"]) == (4, 3005)


def test_planted_faults_are_found_and_named(cli: Cli, shop: ExistingShop, laravel: Laravel) -> None:
    honest, lost, twice, short, wrong, refunded, waiting = (
        shop.buy(str(n), slug) for n, slug in enumerate(("starter", "basic") + ("starter",) * 5, 1)
    )
    laravel.credit(honest)
    laravel.credit(twice)
    laravel.credit(twice, meta={"session_id": twice.session})
    laravel.credit(short, amount=100)
    laravel.credit(wrong, user="77")
    laravel.credit(refunded, meta={"charge_id": refunded.charge})
    refund = shop.refund(refunded)
    laravel.credit(waiting, status="pending", meta={"session_id": waiting.session})
    laravel.row("purchase", "9", 1000, shop.clock.now, {"payment_intent": "pi_never"})
    laravel.run("UPDATE users SET credits = credits + 5 WHERE id = 1")
    shop.later()

    outcome = cli("reconcile", "--json")

    assert outcome.exit_code == 1, (outcome.stdout, outcome.stderr)
    assert codes(outcome.document) == sorted(
        [
            ("missing_credit", lost.intent),
            ("duplicate_credit", twice.intent),
            ("wrong_amount", short.intent),
            ("wrong_user", wrong.intent),
            ("refund_not_taken", refund),
            ("pending_not_completed", waiting.intent),
            ("orphan_credit", "pi_never"),
            ("balance_mismatch", "user 1"),
        ]
    )


def test_a_saved_card_is_charged_without_a_session(cli: Cli, shop: ExistingShop, laravel: Laravel) -> None:
    booked, lost = shop.top_up("1"), shop.top_up("2")
    laravel.credit(booked)
    shop.later()

    outcome = cli("reconcile", "--json")

    assert codes(outcome.document) == [("missing_credit", lost.intent)], outcome.stdout


def test_every_command_tells_the_same_of_the_rows(cli: Cli, shop: ExistingShop, laravel: Laravel) -> None:
    honest, lost = shop.buy("1"), shop.buy("2", "basic")
    laravel.credit(honest, meta={"charge_id": honest.charge})
    laravel.row("usage", "1", -30, shop.clock.now, {})
    shop.later()
    assert cli("ledger", "balance", "1").exit_code == 3
    assert cli("reconcile", "--json", "--todo", "todo.csv").exit_code == 1

    balance = cli("ledger", "balance", "1", "--json")
    history = cli("ledger", "history", "--user", "1", "--json")
    page = cli("ledger", "history", "--limit", "1", "--json")
    rest = cli("ledger", "history", "--after-id", str(page.report["next_after_id"]), "--json")
    traced, missing = cli("trace", honest.intent), cli("trace", lost.intent)
    doctor, checklist = cli("doctor", "--json"), cli("checklist", "--json")

    assert balance.report == {"user_id": "1", "credits": 970, "known": True}
    assert [(row["kind"], row["credits"]) for row in history.report["entries"]] == [("purchase", 1000), ("usage", -30)]
    assert [row["kind"] for row in rest.report["entries"]] == ["usage"]
    assert (traced.exit_code, missing.exit_code) == (0, 1)
    assert "row 1: purchase of +1,000 credits" in traced.stdout
    assert "the application has no row" in missing.stdout
    assert "Rows of the application" in cli("ledger", "history").stdout
    assert lost.intent in doctor.stdout
    assert "Row 1 adds 1,000 credits" in checklist.stdout
    assert (cli.folder / "todo.csv").read_text().splitlines()[1].startswith(f"purchase,2,5500,4500,usd,{lost.intent}")


def test_what_posts_is_refused_and_a_delivery_needs_a_place(cli: Cli, shop: ExistingShop, laravel: Laravel) -> None:
    shop.buy("1")
    shop.later()

    repaired = cli("reconcile", "--repair", "--yes")
    adjusted = cli("ledger", "adjust", "--user", "1", "--credits", "5", "--reason", "x", "--yes")

    assert (repaired.exit_code, adjusted.exit_code) == (3, 3)
    assert "not clear where to deliver to" in repaired.stderr
    assert "the application keeps its own" in adjusted.stderr


def test_changed_and_vanished_rows_are_findings_until_a_person_dismisses_them(
    cli: Cli, shop: ExistingShop, laravel: Laravel
) -> None:
    for user in ("1", "2", "3"):
        laravel.credit(shop.buy(user))
    shop.later()
    assert cli("reconcile").exit_code == 0
    laravel.run("UPDATE credit_transactions SET amount = 9000, updated_at = '2026-09-23 10:00:00' WHERE id = 1")
    laravel.run("UPDATE users SET credits = 9000 WHERE id = 1")
    laravel.run("DELETE FROM credit_transactions WHERE id = 2")
    laravel.run("UPDATE users SET credits = 0 WHERE id = 2")

    changed = cli("reconcile", "--json", "--full")
    again = cli("reconcile", "--json", "--full")

    assert codes(changed.document) == codes(again.document)
    assert [code for code, _ in codes(changed.document)] == [
        "missing_credit",
        "row_changed",
        "row_gone",
        "wrong_amount",
    ]
    found = {each["code"]: each for each in changed.document["findings"]}
    assert "said purchase of 1,000 credits" in found["reconcile.row_changed"]["message"]
    assert "now it says purchase of 9,000 credits" in found["reconcile.row_changed"]["message"]
    command = found["reconcile.row_gone"]["fix"].split("`")[-2].split()[1:]
    assert cli(*[part.replace("TEXT", "known") for part in command]).exit_code == 0
    assert "row_gone" not in [code for code, _ in codes(cli("reconcile", "--json", "--full").document)]


def test_a_mapping_is_guessed_shown_and_written_when_asked(cli: Cli, shop: ExistingShop, laravel: Laravel) -> None:
    for user in ("1", "2"):
        laravel.credit(shop.buy(user), meta={"stripe": {"intent": shop.sales[-1].intent}})
    laravel.row("GENERATION", "1", -30, shop.clock.now, {})
    lost = shop.buy("3")
    shop.later()
    (cli.folder / "creditctl.toml").write_text("# ours\n[webhook]\npath = '/hook'\n")
    (cli.folder / "creditctl.toml").chmod(0o640)

    shown = cli("ledger", "import", "--guess")
    as_json = cli("ledger", "import", "--guess", "--json")
    refused = cli("ledger", "import", "--guess", "--write")
    written = cli("ledger", "import", "--guess", "--write", "--yes")
    again = cli("ledger", "import", "--guess", "--write", "--yes")
    outcome = cli("reconcile", "--json")

    assert (shown.exit_code, refused.exit_code) == (0, 0)
    assert "Looking at credit_transactions" in shown.stderr
    assert "meta.stripe.intent" in shown.stdout
    assert as_json.report["whole"] is True
    assert "[source]" in as_json.report["toml"]
    assert (written.exit_code, again.exit_code) == (0, 3)
    text = (cli.folder / "creditctl.toml").read_text()
    assert (cli.folder / "creditctl.toml").stat().st_mode & 0o777 == 0o640
    assert text.startswith("# ours\n")
    assert 'recipe = "drizzle"\ncolumns = {payment_key = "meta.stripe.intent"}\n' in text
    assert codes(outcome.document) == [("missing_credit", lost.intent)], outcome.stdout


def test_a_row_that_is_marked_refunded_in_its_place_is_no_fault_of_a_full_refund(
    cli: Cli, shop: ExistingShop, laravel: Laravel
) -> None:
    full, part = shop.buy("1"), shop.buy("2")
    laravel.credit(full)
    laravel.credit(part)
    shop.later()
    assert cli("reconcile").exit_code == 0
    shop.refund(full)
    shop.refund(part, 500)
    laravel.run("UPDATE credit_transactions SET status = 'refunded', updated_at = '2026-09-25 10:00:00'")
    laravel.run("UPDATE users SET credits = 0")
    shop.later()

    outcome = cli("reconcile", "--json")

    named = [code for code, _ in codes(outcome.document)]
    assert named == ["missing_credit", "row_gone"], outcome.stdout  # of the half refund the other half is due
    assert "500 of them are due" in outcome.stdout
    assert full.intent not in outcome.stdout


def test_what_people_read_speaks_of_the_application(cli: Cli, shop: ExistingShop, laravel: Laravel) -> None:
    laravel.credit(shop.buy("1"))
    shop.later()
    assert "Stripe and the application agree." in cli("reconcile").stdout
    lost = shop.buy("2")
    shop.later()

    said = cli("reconcile").stdout

    assert "rows of the application" in said
    assert f"creditctl trace {lost.intent}" in said
    assert "Next: `creditctl reconcile --repair` delivers their events to it again" in said
    assert "post +" not in cli("reconcile", "--dry-run").stdout, "nothing would be posted"


def test_a_changed_row_is_not_over_because_its_payment_stands(cli: Cli, shop: ExistingShop, laravel: Laravel) -> None:
    sale = shop.buy("1")
    laravel.credit(sale)
    laravel.row("usage", "1", -10, shop.clock.now, {"payment_intent": sale.intent})
    shop.later()
    assert cli("reconcile").exit_code == 0
    laravel.run("UPDATE credit_transactions SET amount = -400 WHERE type = 'usage'")
    laravel.run("UPDATE users SET credits = 600 WHERE id = 1")

    found = codes(cli("reconcile", "--json").document)
    traced = cli("trace", sale.intent)

    assert [code for code, _ in found] == ["row_changed"]
    assert "reconcile.row_changed (open)" in traced.stdout


@pytest.mark.parametrize(
    ("url", "settings", "code", "said"),
    [
        ("postgresql://u:hunter2@127.0.0.1:1/app", SETTINGS, 5, "postgresql://127.0.0.1:1/app failed"),
        ("sqlite:///gone.db", SETTINGS, 5, "unable to open database file"),
        ("sqlite:///database.sqlite", SETTINGS.replace("laravel", "prisma"), 5, "no such table"),
        ("", SETTINGS, 3, "DATABASE_URL is not set"),
        ("hunter2", SETTINGS, 2, "no URL of a database"),
        ("sqlite:///database.sqlite", SETTINGS.replace('"laravel"', '"rails"'), 3, "no recipe 'rails'"),
        ("sqlite:///database.sqlite", "[source]\ntable = 'users'\n", 3, "no column for: created"),
    ],
)
def test_what_cannot_be_read_is_said_without_a_secret(
    cli: Cli, laravel: Laravel, url: str, settings: str, code: int, said: str
) -> None:
    cli.environ["DATABASE_URL"] = url
    (cli.folder / "creditctl.toml").write_text(settings)

    outcome = cli("reconcile")

    assert (outcome.exit_code, said in outcome.stderr) == (code, True), outcome.stderr
    assert "hunter2" not in outcome.stderr


def test_a_dry_run_leaves_no_file_behind_and_judges_as_the_run_would(
    cli: Cli, shop: ExistingShop, laravel: Laravel
) -> None:
    lost = shop.buy("1")
    shop.later()
    before = sorted(each.name for each in cli.folder.iterdir())

    dry = cli("reconcile", "--dry-run", "--json")

    assert (dry.exit_code, codes(dry.document)) == (0, [("missing_credit", lost.intent)]), (dry.stdout, dry.stderr)
    assert sorted(each.name for each in cli.folder.iterdir()) == before
    cli("reconcile")
    archive = (cli.folder / "creditctl-emulator-archive.db").read_bytes()
    laravel.credit(lost)
    assert cli("reconcile", "--dry-run", "--json").document["findings"] == []
    assert (cli.folder / "creditctl-emulator-archive.db").read_bytes() == archive


@pytest.mark.parametrize(("policy", "found"), [("at_opening", ["dispute_not_held"]), ("at_loss", []), ("never", [])])
def test_an_open_dispute_takes_credits_only_where_the_owner_decided_so(
    cli: Cli, shop: ExistingShop, laravel: Laravel, policy: str, found: list[str]
) -> None:
    (cli.folder / "creditctl.toml").write_text(f'[policy]\ndisputes = "{policy}"\n{SETTINGS}')
    laravel.credit(shop.buy("1", token="tok_createDispute"))
    shop.later()

    outcome = cli("reconcile", "--json")

    assert [code for code, _ in codes(outcome.document)] == found, outcome.stdout


@pytest.mark.parametrize(("policy", "fits"), [(None, True), ("up", True), ("nearest", True), ("down", False)])
def test_a_part_may_be_rounded_as_the_owner_decided(
    cli: Cli, shop: ExistingShop, laravel: Laravel, policy: str | None, fits: bool
) -> None:
    said = "" if policy is None else f'[policy]\nrounding = "{policy}"\n'
    (cli.folder / "creditctl.toml").write_text(f"{said}{SETTINGS}")
    sale = shop.buy("1", "basic")
    laravel.credit(sale)
    refund = shop.refund(sale, 998)
    taken = sale.credits * 998 // sale.amount + 1
    laravel.row("refund", "1", -taken, shop.clock.now, {"payment_intent": sale.intent, "refund": refund})
    shop.later()

    outcome = cli("reconcile", "--json")

    assert (codes(outcome.document) == []) is fits, outcome.stdout
