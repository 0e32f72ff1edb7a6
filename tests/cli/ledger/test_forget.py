"""`creditctl ledger forget`, and `[archive] keep_days`: what beside the ledger names a user goes, the books stay."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from creditctl.emulator_client.checkout_payer import pay
from creditctl.ledger.archive.body_compression import plain_body
from creditctl.ledger.archive.removal import forget_user, traces_of
from creditctl.ledger.archive.store import Archive
from creditctl.payments.reading.event_users import events_of_user
from tests.support.existing_shop import ExistingShop

if TYPE_CHECKING:
    from creditctl.emulator.app import Emulator
    from tests.support.cli import Cli
    from tests.support.clock import Clock

LEDGER, ARCHIVE = "creditctl-emulator.db", "creditctl-emulator-archive.db"


@pytest.fixture
def shop(emulator: Emulator, clock: Clock) -> ExistingShop:
    return ExistingShop(emulator, clock)


def kept_bytes(cli: Cli) -> bytes:
    """Everything that lies beside the ledger, unpacked as `events list` would."""
    listed = cli("events", "list", "--archive", "--json")
    return b"".join(each.read_bytes() for each in cli.folder.glob("*.db*")) + listed.stdout.encode()


def archived(cli: Cli) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = cli("events", "list", "--archive", "--limit", "1000", "--json").report["events"]
    return events


def test_events_of_a_user_go_with_their_bodies_and_those_of_others_stay(cli: Cli, shop: ExistingShop) -> None:
    gone, other = shop.buy("leaving"), shop.buy("staying")
    cli("ledger", "init")
    cli("events", "archive")
    before = archived(cli)

    dry = cli("ledger", "forget", "leaving", "--dry-run", "--json")
    assert len(archived(cli)) == len(before)
    alone = cli("ledger", "forget", "leaving")
    done = cli("ledger", "forget", "leaving", "--yes", "--json")

    assert alone.exit_code == 3
    assert "Nothing was removed" in alone.stderr
    assert dry.report["removed"] == done.report["removed"]
    assert (dry.report["done"], done.report["done"]) == (False, True)
    left = archived(cli)
    assert [row for row in left if row["payment_key"] == gone.intent or row["user_id"] == "leaving"] == []
    wanted = [row["id"] for row in before if row["payment_key"] == other.intent]
    assert [row["id"] for row in left if row["payment_key"] == other.intent] == wanted != []
    shown = cli("events", "show", wanted[0], "--archive", "--json")
    assert shown.exit_code == 0, (shown.stdout, shown.stderr)
    again = cli("ledger", "forget", "leaving", "--yes", "--json")
    assert (again.exit_code, again.report["done"]) == (0, False)


def test_the_books_stay_and_it_is_said_why(cli: Cli, shop: ExistingShop) -> None:
    sale = shop.buy("leaving")
    cli("ledger", "init")
    shop.later()
    cli("reconcile", "--repair", "--yes")
    cli("events", "archive")

    done = cli("ledger", "forget", "leaving", "--yes")

    assert "Kept: 1 entry of the ledger. They are the books" in done.stdout
    assert cli("ledger", "verify").exit_code == 0
    assert cli("ledger", "balance", "leaving", "--json").report["credits"] == sale.credits


def test_what_an_open_dispute_needs_stays_until_it_is_over(cli: Cli, shop: ExistingShop) -> None:
    shop.buy("leaving", token="tok_createDispute")
    cli("ledger", "init")
    cli("events", "archive")

    done = cli("ledger", "forget", "leaving", "--yes", "--json")

    assert done.report["removed"]["events"] == 0, done.stdout
    assert done.report["kept"]["events_still_needed"] > 0


def test_rows_of_a_source_go_and_are_read_again_only_while_they_are_there(cli: Cli, shop: ExistingShop) -> None:
    gone, other = shop.buy("leaving"), shop.buy("staying")
    heading = "id,created,user_id,kind,credits,payment_key"
    rows = [f"{n},{each.created},{each.user},purchase,1000,{each.intent}" for n, each in enumerate((gone, other))]
    table = cli.folder / "rows.csv"
    table.write_text("\n".join((heading, *rows)))
    (cli.folder / "creditctl.toml").write_text('[source]\nfile = "rows.csv"\n')
    shop.later()
    assert cli("reconcile").exit_code == 0
    table.write_text("\n".join((heading, rows[1])))

    done = cli("ledger", "forget", "leaving", "--yes", "--json")

    assert done.report["removed"]["source_rows"] == 1, (done.stdout, done.stderr)
    (archive,) = cli.folder.glob("*archive.db")
    with closing(sqlite3.connect(archive)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        told = {name: str(connection.execute(f"SELECT * FROM {name}").fetchall()) for name in tables}
        told["pulled"] += str([plain_body(row[0]) for row in connection.execute("SELECT body FROM pulled")])
    kept = [name for name in tables if "leaving" in told[name]]
    said = "what Stripe's lists show, and what it is worth, is what reconcile judges by, and the command says so"
    assert kept == ["pulled", "worth"], said
    assert done.report["kept"]["listed_objects"] > 0
    codes = [each["code"] for each in cli("reconcile", "--json").document["findings"]]
    assert codes == ["reconcile.missing_credit"], "the row is gone, and nobody remembers that it was there"
    # What a comparison found is a finding that stays as well as one of a webhook's.
    assert cli("ledger", "forget", "leaving", "--dry-run", "--json").report["kept"]["open_findings"] == 1


def test_nobody_is_remembered_by_a_row_that_became_another_users_or_by_an_unbooked_payment(
    cli: Cli, shop: ExistingShop
) -> None:
    sold, unbooked = shop.buy("staying"), shop.buy("leaving")
    row = f"id,created,user_id,kind,credits,payment_key\n1,{sold.created},USER,purchase,1000,{sold.intent}\n"
    (cli.folder / "creditctl.toml").write_text('[source]\nfile = "rows.csv"\n')
    shop.later()
    for user in ("leaving", "staying"):
        (cli.folder / "rows.csv").write_text(row.replace("USER", user))
        cli("reconcile")

    done = cli("ledger", "forget", "leaving", "--yes", "--json")

    assert (done.report["removed"]["source_rows"], done.report["removed"]["source_changes"]) == (0, 1), done.stderr
    assert done.report["kept"]["listed_objects"] == len({unbooked.intent, unbooked.session, unbooked.charge})
    (archive,) = cli.folder.glob("*archive.db")
    with closing(sqlite3.connect(archive)) as connection:
        assert "leaving" not in str(connection.execute("SELECT * FROM source_changes").fetchall())


def bought_by_account(cli: Cli, shop: ExistingShop) -> str:
    """A payment whose session names its buyer in metadata of the application's, with its events in the archive."""
    metadata: Any = {"account": "leaving"}
    price: Any = {"currency": "usd", "unit_amount": 700, "product_data": {"name": "Pack"}}
    params: Any = {"mode": "payment", "success_url": "https://shop.example/done", "metadata": metadata}
    params |= {"client_reference_id": "order-1", "line_items": [{"quantity": 1, "price_data": price}]}
    session = shop.client.v1.checkout.sessions.create(params=params)
    intent = str(pay(shop.client, session.id, "tok_visa").payment_intent)
    (cli.folder / "creditctl.toml").write_text('user = ["metadata.account"]\n')
    cli("ledger", "init")
    cli("events", "archive")
    return intent


def test_a_buyer_is_found_where_the_application_says_that_its_sessions_carry_them(cli: Cli, shop: ExistingShop) -> None:
    intent = bought_by_account(cli, shop)
    shop.later(40 * 24)

    traced = cli("trace", "user:leaving", "--json")
    assert [each["payment_key"] for each in traced.report["payments"]] == [intent], traced.stdout
    assert cli("ledger", "forget", "leaving", "--yes", "--json").report["removed"]["events"] > 0
    assert [row for row in archived(cli) if row["payment_key"] == intent] == []


def test_a_cron_job_removes_what_is_older_than_the_setting_says(cli: Cli, shop: ExistingShop) -> None:
    old = shop.buy("1")
    disputed = shop.buy("2", token="tok_createDispute")
    cli("events", "archive")
    (cli.folder / "creditctl.toml").write_text("[archive]\nkeep_days = 2\n")
    shop.later(4 * 24)
    new = shop.buy("3")

    done = cli("events", "archive", "--json")

    assert done.report["removed"] > 0, done.stdout
    left = {row["payment_key"] for row in archived(cli)}
    assert old.intent not in left
    assert {disputed.intent, new.intent} <= left
    assert cli("events", "archive", "--json").report["removed"] == 0


def test_a_removal_that_was_killed_between_two_writes_is_finished_by_the_next(cli: Cli, shop: ExistingShop) -> None:
    intent = bought_by_account(cli, shop)
    (path,) = cli.folder.glob("*archive.db")
    with Archive.open(path, account=None, livemode=None, create=False) as archive:
        naming = {event.id for event in events_of_user(archive, "leaving", ["metadata.account"])}
        traces = traces_of(archive, "leaving", frozenset({intent}), (), naming=naming)
        assert naming == set(traces.found_by[-1])
        assert traces.found_by[1]
        # Killed then: the events went by which nothing else is found.
        forget_user(archive, "nobody", replace(traces, found_by=traces.found_by[:-1]))

    assert cli("ledger", "forget", "leaving", "--yes", "--json").report["removed"]["events"] == len(naming)
    assert [row for row in archived(cli) if row["payment_key"] == intent] == []
