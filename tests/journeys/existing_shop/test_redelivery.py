"""`reconcile --repair` on an application's rows: its lost events are delivered again until it has booked them."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from creditctl.core.when import iso_time
from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from tests.support.existing_shop import ExistingShop, Sale
from tests.support.keys import REHEARSAL_KEY
from tests.support.scripted_stripe import ScriptedStripe
from tests.support.seeded_account import unfiltered, without
from tests.support.webhook_server import WebhookServer, webhook_server

if TYPE_CHECKING:
    from tests.support.cli import Cli, Outcome
    from tests.support.clock import Clock

SETTINGS = """
[source]
table = "credit_transactions"
[source.columns]
payment_key = "intent"
"""
TABLE = """
CREATE TABLE credit_transactions (id INTEGER PRIMARY KEY, created TEXT, user_id TEXT, kind TEXT, credits INTEGER,
intent TEXT, object TEXT);
CREATE TABLE handled (event TEXT PRIMARY KEY);
"""
NOON = "2026-09-21T12:00:00Z"


@dataclass
class Application:
    """A backend with a table of its own. Shape: `remembers` is one that keeps the ids of events."""

    path: Path
    remembers: bool = False
    times: int = 1
    handled: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        with closing(sqlite3.connect(self.path)) as connection:
            connection.executescript(TABLE)

    def run(self, statement: str, *values: Any) -> list[Any]:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            return connection.execute(statement, values).fetchall()

    def book(self, user: str, kind: str, credits: int, intent: str | None, object_id: str = "") -> None:
        columns = "created, user_id, kind, credits, intent, object"
        statement = f"INSERT INTO credit_transactions ({columns}) VALUES (?, ?, ?, ?, ?, ?)"
        self.run(statement, NOON, user, kind, credits, intent, object_id)

    def credit(self, sale: Sale) -> None:
        self.book(sale.user, "purchase", sale.credits, sale.intent, sale.session)

    def handle(self, event: dict[str, Any]) -> int:
        """What a webhook of many shops does."""
        self.handled.append(event["type"])
        about = event["data"]["object"]
        if self.remembers and event["id"]:
            return 200
        if event["type"] == "checkout.session.completed" and not self.knows(about["id"]):
            credits = int(about["metadata"]["credits"]) * self.times
            self.book(about["client_reference_id"], "purchase", credits, about["payment_intent"], about["id"])
        if event["type"] == "charge.refunded":
            sold = self.run(
                "SELECT user_id, credits FROM credit_transactions WHERE intent = ?", about["payment_intent"]
            )
            user, credits = sold[0]
            self.book(user, "refund", -credits * about["amount_refunded"] // about["amount"], about["payment_intent"])
        return 200

    def knows(self, session: str) -> bool:
        return bool(self.run("SELECT 1 FROM credit_transactions WHERE object = ?", session))

    @property
    def rows(self) -> int:
        return int(self.run("SELECT count(*) FROM credit_transactions")[0][0])


@pytest.fixture
def hook() -> Iterator[WebhookServer]:
    with webhook_server() as built:
        yield built


@pytest.fixture
def shop(emulator: Emulator, clock: Clock) -> ExistingShop:
    return ExistingShop(emulator, clock)


@pytest.fixture
def application(cli: Cli, shop: ExistingShop, hook: WebhookServer) -> Application:
    """The shop's application, its endpoint registered and its secret at hand."""
    params: Any = {"url": hook.url, "enabled_events": ["checkout.session.completed", "charge.refunded"]}
    endpoint = shop.client.v1.webhook_endpoints.create(params=params)
    base, path = hook.url.rsplit("/", 1)
    cli.environ |= {
        "DATABASE_URL": "sqlite:///shop.db",
        "STRIPE_WEBHOOK_SECRET": str(endpoint.secret),
        "CREDITS_API_URL": base,
    }
    (cli.folder / "creditctl.toml").write_text(f'{SETTINGS}[webhook]\npath = "/{path}"\n')
    built = Application(cli.folder / "shop.db")
    hook.secrets.append(str(endpoint.secret))
    hook.decide = built.handle
    return built


def outcomes(outcome: Outcome) -> dict[str, str]:
    assert outcome.stdout, outcome.stderr
    return {each["payment_key"]: each["outcome"] for each in outcome.report["redelivered"]}


def codes(outcome: Outcome) -> list[tuple[str, str]]:
    found = outcome.document["findings"]
    return sorted((each["code"].removeprefix("reconcile."), each["subject"]) for each in found)


def test_lost_credits_and_refunds_are_booked_by_the_application_itself(
    cli: Cli, shop: ExistingShop, application: Application
) -> None:
    honest, lost, refunded = (shop.buy(user) for user in ("1", "2", "3"))
    application.credit(honest)
    application.credit(refunded)
    shop.refund(refunded, 500)
    shop.later()

    dry = cli("reconcile", "--repair", "--dry-run", "--json")
    assert application.handled == []
    repaired = cli("reconcile", "--repair", "--yes", "--json")

    assert outcomes(dry) == {lost.intent: "planned", refunded.intent: "planned"}, dry.stderr
    assert outcomes(repaired) == {lost.intent: "healed", refunded.intent: "healed"}, repaired.stdout
    assert (repaired.exit_code, codes(repaired), application.rows) == (0, [], 4)
    assert sorted(application.handled) == ["charge.refunded", "checkout.session.completed"]
    again = cli("reconcile", "--repair", "--yes", "--json")
    assert (again.exit_code, again.report["redelivered"], application.rows) == (0, [], 4)


def test_nobody_is_sent_anything_without_a_yes(cli: Cli, shop: ExistingShop, application: Application) -> None:
    lost = shop.buy("1")
    shop.later()

    alone = cli("reconcile", "--repair")
    declined = cli.answered("n\n", "reconcile", "--repair")

    assert alone.exit_code == 3
    assert "Nothing was delivered" in alone.stderr
    assert f"{lost.intent}: +1,000 credits of user 1" in alone.stderr
    assert "1 payment, +1,000 credits, 1 event at most" in declined.stderr
    assert (declined.exit_code, application.handled) == (1, [])


def test_what_the_application_knows_is_said_and_left_to_a_person(
    cli: Cli, shop: ExistingShop, application: Application
) -> None:
    application.remembers = True
    lost = shop.buy("1")
    shop.later()

    first = cli("reconcile", "--repair", "--yes", "--todo", "todo.csv", "--json")
    second = cli("reconcile", "--repair", "--yes", "--json")

    assert outcomes(first) == outcomes(second) == {lost.intent: "known"}
    assert len(application.handled) == 1
    [row] = csv.DictReader((cli.folder / "todo.csv").read_text().splitlines())
    assert (row["user_id"], row["credits"], row["reason"]) == ("1", "1000", "reconcile.missing_credit")
    assert "known to the application" in row["redelivery"]
    assert "events replay" in second.report["redelivered"][0]["reason"]


def export(cli: Cli, application: Application, moment: int) -> None:
    """The rows as a file that was written at a moment."""
    path = cli.folder / "export.csv"
    with path.open("w", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(("id", "created", "user_id", "kind", "credits", "payment_key"))
        writer.writerows(application.run("SELECT id, created, user_id, kind, credits, intent FROM credit_transactions"))
    os.utime(path, (moment, moment))


@pytest.mark.parametrize(("remembers", "afterwards"), [(False, {}), (True, "known")])
def test_what_a_file_cannot_show_yet_is_not_said_to_be_known_to_the_application(
    cli: Cli, shop: ExistingShop, application: Application, clock: Clock, remembers: bool, afterwards: object
) -> None:
    """The backend books it, and the export is of last night: booked by hand too, the buyer would have it twice."""
    application.remembers = remembers
    project = cli.folder / "creditctl.toml"
    project.write_text(project.read_text().replace(SETTINGS, '[source]\nfile = "export.csv"\n'))
    application.credit(shop.buy("2"))
    lost = shop.buy("1")
    shop.later()
    export(cli, application, clock.now - 3600)

    first, second = (cli("reconcile", "--repair", "--yes", "--json", "--todo", "todo.csv") for _ in range(2))

    assert outcomes(first) == outcomes(second) == {lost.intent: "unseen"}
    assert len(application.handled) == 1
    [row] = csv.DictReader((cli.folder / "todo.csv").read_text().splitlines())
    assert "before anything is booked by hand" in row["redelivery"]

    clock.now += 120
    export(cli, application, clock.now - 60)
    third = cli("reconcile", "--repair", "--yes", "--json")
    assert outcomes(third) == (afterwards and {lost.intent: afterwards})


def test_events_that_stripe_never_made_or_no_longer_has_are_told_apart(
    cli: Cli, shop: ExistingShop, application: Application
) -> None:
    old = shop.buy("1")
    shop.later(31 * 24)
    top_up = shop.top_up("2")
    shop.later()

    repaired = cli("reconcile", "--repair", "--yes", "--json")

    reasons = {each["payment_key"]: each["reason"] for each in repaired.report["redelivered"]}
    assert set(outcomes(repaired).values()) == {"no_event"}
    assert "older than 30 days" in reasons[old.intent]
    assert "no event of it of a type that the endpoint takes" in reasons[top_up.intent]
    assert application.handled == []


def test_an_archived_event_is_delivered_long_after_stripe_forgot_it(
    cli: Cli, shop: ExistingShop, application: Application
) -> None:
    old = shop.buy("1")
    assert cli("events", "archive").exit_code == 0
    shop.later(60 * 24)

    assert outcomes(cli("reconcile", "--repair", "--yes", "--json")) == {old.intent: "healed"}
    assert application.rows == 1


def test_a_payment_that_pairs_with_a_row_of_an_unknown_name_is_left_alone(
    cli: Cli, shop: ExistingShop, application: Application
) -> None:
    sale = shop.buy("1")
    application.run(
        "INSERT INTO credit_transactions (created, user_id, kind, credits, intent) VALUES (?, 'x@example.com', "
        "'purchase', 1000, 'order-77')",
        NOON,
    )
    application.run("UPDATE credit_transactions SET created = ?", iso_time(sale.created))
    shop.later()

    repaired = cli("reconcile", "--repair", "--yes", "--json")

    assert outcomes(repaired) == {sale.intent: "held"}
    assert application.handled == []


def test_what_was_refunded_since_is_not_credited_in_full(
    cli: Cli, shop: ExistingShop, application: Application
) -> None:
    sale = shop.buy("1")
    shop.refund(sale, 500)
    shop.later()
    (missing,) = cli("reconcile", "--json").document["findings"]
    assert missing["fix"].startswith("No event is delivered again, since money went back: `creditctl reconcile --todo")

    assert outcomes(cli("reconcile", "--repair", "--yes", "--json")) == {sale.intent: "held"}
    assert application.handled == []


def test_stripes_own_deliveries_are_waited_for(cli: Cli, shop: ExistingShop, application: Application) -> None:
    sale = shop.buy("1")
    shop.later(1)

    repaired = cli("reconcile", "--repair", "--yes", "--json")

    assert outcomes(repaired) == {sale.intent: "waiting"}
    assert application.handled == []


def test_rows_that_got_worse_stop_everything(cli: Cli, shop: ExistingShop, application: Application) -> None:
    first, second = shop.buy("1"), shop.buy("2")
    application.times = 2
    shop.later()

    repaired = cli("reconcile", "--repair", "--yes", "--json")

    assert sorted(outcomes(repaired).values()) == ["not_tried", "worse"]
    assert len(application.handled) == 1
    assert repaired.exit_code == 1
    assert {subject for _, subject in codes(repaired)} == {first.intent, second.intent}


def test_a_backend_that_refuses_is_left_after_three(
    cli: Cli, shop: ExistingShop, application: Application, hook: WebhookServer
) -> None:
    sales = [shop.buy(str(n)) for n in range(5)]
    hook.planned.extend([500] * 9)
    shop.later()

    repaired = cli("reconcile", "--repair", "--yes", "--json")

    assert len(hook.ids) == 3
    assert sorted(outcomes(repaired).values()) == ["not_tried"] * 2 + ["refused"] * 3
    hook.planned.clear()
    assert set(outcomes(cli("reconcile", "--repair", "--yes", "--json")).values()) == {"healed"}
    assert application.rows == len(sales)


def test_more_payments_than_allowed_are_refused(cli: Cli, shop: ExistingShop, application: Application) -> None:
    for user in ("1", "2"):
        shop.buy(user)
    shop.later()

    refused = cli("reconcile", "--repair", "--yes", "--max-repairs", "1")

    assert (refused.exit_code, application.handled) == (3, [])
    assert "--max-repairs" in refused.stderr


def test_a_row_that_is_dated_back_is_seen_before_anything_is_called_known(
    cli: Cli, shop: ExistingShop, application: Application
) -> None:
    path = cli.folder / "creditctl.toml"
    path.write_text(path.read_text().replace("[source]\n", '[source]\nupdated = "created"\n', 1))
    honest, lost = shop.buy("1"), shop.buy("2")
    application.credit(honest)
    application.run("UPDATE credit_transactions SET created = '2026-09-22T12:00:00Z'")
    shop.later()
    cli("reconcile")

    repaired = cli("reconcile", "--repair", "--yes", "--json")

    assert outcomes(repaired) == {lost.intent: "healed"}, repaired.stdout
    assert (repaired.exit_code, codes(repaired)) == (0, [])


def test_the_journal_names_what_was_delivered(cli: Cli, shop: ExistingShop, application: Application) -> None:
    shop.buy("1")
    shop.later()
    cli("reconcile", "--repair", "--yes")

    with closing(sqlite3.connect(cli.folder / "creditctl-emulator-archive.db")) as connection:
        found = connection.execute("SELECT state, answer FROM replay_items").fetchall()
    assert found == [("accepted", "200")]
    assert json.dumps(application.handled) == '["checkout.session.completed"]'


def test_a_live_backend_needs_mode_and_account(cli: Cli, shop: ExistingShop, application: Application) -> None:
    live = Emulator(clock=cli.clock, seed=1, livemode=True)
    cli.transport = lambda: EmulatorHTTPClient(live)
    cli.environ["STRIPE_SECRET_KEY"] = REHEARSAL_KEY

    refused = cli("reconcile", "--repair", "--yes")
    unconfirmed = cli("reconcile", "--repair", "--yes", "--mode", "live")
    account = unconfirmed.stderr.partition("--confirm ")[2].partition(";")[0]
    confirmed = cli("reconcile", "--repair", "--yes", "--mode", "live", "--confirm", account)
    live.close()

    assert (refused.exit_code, unconfirmed.exit_code, confirmed.exit_code) == (3, 3, 0), confirmed.stderr
    assert "deliver events to a live backend" in refused.stderr
    assert "have to be confirmed" in unconfirmed.stderr
    assert application.handled == []


def test_what_was_wrong_before_stops_no_other_payment(cli: Cli, shop: ExistingShop, application: Application) -> None:
    """A row that says another user's payment, or another amount, is found by itself: no delivery made it so.

    Its refund is judged with it, so that what the person corrects is not taken once more by a delivery.
    """
    wrong, refunded, *lost = (shop.buy(str(n)) for n in range(1, 5))
    application.book("1", "purchase", 900, wrong.intent, wrong.session)
    application.credit(refunded)
    shop.refund(wrong, 500)
    shop.refund(refunded, 500)
    shop.later()

    repaired = cli("reconcile", "--repair", "--yes", "--json")

    assert set(outcomes(repaired).values()) == {"healed"}, repaired.stdout
    assert application.rows == 5, application.handled
    assert codes(repaired) == [("wrong_amount", wrong.intent)]
    assert wrong.intent not in outcomes(repaired)
    assert {sale.intent for sale in (refunded, *lost)} <= outcomes(repaired).keys()


def test_a_lost_top_up_is_delivered_where_the_endpoint_takes_its_event(
    cli: Cli, shop: ExistingShop, application: Application, hook: WebhookServer
) -> None:
    """A saved card is charged without a session: only the event of the payment itself is left to book it by."""

    def handle(event: dict[str, Any]) -> int:
        application.handled.append(event["type"])
        about = event["data"]["object"]
        if event["type"] == "payment_intent.succeeded":
            metadata = about["metadata"]
            application.book(metadata["user_id"], "purchase", int(metadata["credits"]), about["id"])
        return 200

    hook.decide = handle
    [endpoint] = shop.client.v1.webhook_endpoints.list().data
    types: Any = ["checkout.session.completed", "payment_intent.succeeded"]
    shop.client.v1.webhook_endpoints.update(endpoint.id, params={"enabled_events": types})
    top_up = shop.top_up("2")
    shop.later()

    repaired = cli("reconcile", "--repair", "--yes", "--json")

    assert outcomes(repaired) == {top_up.intent: "healed"}, repaired.stdout
    assert application.handled == ["payment_intent.succeeded"]
    assert (repaired.exit_code, codes(repaired), application.rows) == (0, [], 1)


def test_a_row_that_somebody_took_out_is_not_delivered_again_until_that_is_settled(
    cli: Cli, shop: ExistingShop, application: Application
) -> None:
    kept, deleted, lost = (shop.buy(user) for user in ("1", "2", "3"))
    application.credit(kept)
    application.credit(deleted)
    shop.later()
    cli("reconcile")
    application.run("DELETE FROM credit_transactions WHERE intent = ?", deleted.intent)

    held = cli("reconcile", "--repair", "--yes", "--json")

    assert outcomes(held) == {deleted.intent: "held", lost.intent: "healed"}
    assert "row 2 (change 1) stood for it and is gone" in held.stdout
    cli("ledger", "resolve", "1", "--dismiss", "--reason", "a restored backup")
    assert outcomes(cli("reconcile", "--repair", "--yes", "--json")) == {deleted.intent: "healed"}


def test_a_reader_that_suddenly_sees_few_rows_delivers_nothing_at_all(
    cli: Cli, shop: ExistingShop, application: Application
) -> None:
    for user in "1234":
        application.credit(shop.buy(user))
    shop.later()
    assert cli("reconcile").exit_code == 0
    shop.buy("5")
    application.run("ALTER TABLE credit_transactions RENAME TO everything")
    application.run("CREATE VIEW credit_transactions AS SELECT * FROM everything WHERE user_id = '1'")
    shop.later()

    held = cli("reconcile", "--repair", "--yes", "--json")

    assert (set(outcomes(held).values()), len(held.report["redelivered"]), application.handled) == ({"held"}, 4, [])
    application.run("DROP VIEW credit_transactions")
    application.run("ALTER TABLE everything RENAME TO credit_transactions")
    assert set(outcomes(cli("reconcile", "--repair", "--yes", "--json")).values()) == {"healed"}
    assert (len(application.handled), application.rows) == (1, 5)


def test_a_variable_that_names_another_database_delivers_nothing(
    cli: Cli, shop: ExistingShop, application: Application
) -> None:
    for user in "1234":
        application.credit(shop.buy(user))
    shop.later()
    assert cli("reconcile").exit_code == 0
    Application(cli.folder / "staging.db")
    cli.environ["DATABASE_URL"] = "sqlite:///staging.db"

    held = cli("reconcile", "--repair", "--yes", "--json")

    assert (set(outcomes(held).values()), application.handled) == ({"held"}, [])
    (about,) = [subject for code, subject in codes(held) if code == "row_gone"]
    assert about.startswith("source settings (until 2026-")
    dismiss(cli, held, "row_gone")
    assert "row_gone" not in str(codes(cli("reconcile", "--json")))
    cli.environ["DATABASE_URL"] = "sqlite:///shop.db"
    assert "row_gone" not in str(codes(cli("reconcile", "--json")))
    shop.later()
    cli.environ["DATABASE_URL"] = "sqlite:///staging.db"
    (later,) = [subject for code, subject in codes(cli("reconcile", "--json")) if code == "row_gone"]
    assert later.startswith("source settings (until 2026-")
    assert later != about


def dismiss(cli: Cli, outcome: Outcome, code: str) -> None:
    """Settles the one finding of a code, as its fix says."""
    (found,) = [each for each in outcome.document["findings"] if each["code"] == f"reconcile.{code}"]
    command = found["fix"].split("`")[-2].split()[1:]
    settled = cli(*[part.replace("TEXT", "meant") for part in command])
    assert settled.exit_code == 0, settled.stderr


def test_a_dismissed_loss_of_many_rows_hides_no_later_one(
    cli: Cli, shop: ExistingShop, application: Application
) -> None:
    for number in range(150):
        application.book(f"u{number}", "adjustment", 1, None)
    shop.later()
    assert cli("reconcile").exit_code == 0
    shop.later()
    application.run("DELETE FROM credit_transactions WHERE id <= 110")
    many = cli("reconcile", "--json")
    assert len(codes(many)) == 1
    dismiss(cli, many, "row_gone")
    shop.later()
    application.run("DELETE FROM credit_transactions WHERE id = 120")

    one = cli("reconcile", "--json")

    assert [subject.partition(" (")[0] for _, subject in codes(one)] == ["row 120"]
    dismiss(cli, one, "row_gone")
    assert codes(cli("reconcile", "--json")) == []


def test_three_lists_that_end_early_at_once_deliver_nothing_again(
    cli: Cli, shop: ExistingShop, application: Application
) -> None:
    """Each hides what another would accuse by; nothing is said of any payment, and what is missing is named."""
    honest, lost, refunded, other = (shop.buy(user) for user in ("1", "2", "3", "4"))
    for sale in (honest, refunded, other):
        application.credit(sale)
    shop.refund(refunded, 500)
    shop.later()
    (refund,) = shop.client.v1.refunds.list().data
    hidden = {"checkout/sessions": honest.session, "payment_intents": lost.intent, "refunds": refund.id}
    short = ScriptedStripe(shop.emulator)
    for path, name in hidden.items():
        short.on(without([str(name)]), path=f"/v1/{path}", when=unfiltered)
    known, cli.transport = cli.transport, lambda: short

    outcome = cli("reconcile", "--repair", "--yes", "--json")

    assert (outcome.exit_code, application.handled, application.rows) == (5, [], 3)
    assert codes(outcome) == [("pull_incomplete", "stripe")]
    assert {path: names[-1] for path, names in outcome.report["tie_out"]["missing"].items()} == hidden
    cli.transport = known
    found = codes(cli("reconcile", "--json"))
    assert [code for code, _ in found] == ["missing_credit", "refund_not_taken"]
