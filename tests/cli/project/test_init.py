"""`creditctl init`: looks at what an application sold, guesses with reasons, asks, and overwrites nothing."""

from __future__ import annotations

import sqlite3
import tomllib
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
import stripe

from creditctl.core.project_file.project import parse_project_file
from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from creditctl.emulator_client.checkout_payer import pay
from tests.support.cli import Cli, Outcome
from tests.support.keys import TEST_KEY
from tests.support.scripted_stripe import ScriptedStripe, answers, lost, queue

LIVE = "sk_" + "live_" + "hunter2hunter2hunter2"


@dataclass
class App:
    """An application that has sold credits for a while, on prices of its own."""

    cli: Cli
    client: stripe.StripeClient

    def price(self, name: str, amount: int, **metadata: str) -> stripe.Price:
        product = self.client.v1.products.create({"name": name})
        return self.client.v1.prices.create(
            {"product": product.id, "currency": "usd", "unit_amount": amount, "metadata": metadata}
        )

    def sell(self, *lines: Any, user: str = "u1", metadata: dict[str, str] | None = None) -> None:
        params: Any = {
            "mode": "payment",
            "success_url": "https://shop.example/done",
            "line_items": list(lines),
            "metadata": metadata if metadata is not None else {"userId": user},
        }
        pay(self.client, self.client.v1.checkout.sessions.create(params).id, "tok_visa")

    def init(self, *arguments: str) -> Outcome:
        return self.cli("init", *arguments)

    @property
    def project(self) -> dict[str, Any]:
        return tomllib.loads((self.cli.folder / "creditctl.toml").read_text())


@pytest.fixture
def app(cli: Cli, emulator: Emulator) -> App:
    return App(cli, stripe.StripeClient(TEST_KEY, http_client=EmulatorHTTPClient(emulator)))


def proposed(outcome: Outcome) -> str:
    """The text that was written or would be; remarks count, so that the test does not hang on what is acted on yet."""
    assert outcome.exit_code == 0, outcome.stderr
    return str(outcome.report["project_file"]["text"])


def one(price: stripe.Price, quantity: int = 1) -> dict[str, Any]:
    return {"price": price.id, "quantity": quantity}


def test_prices_that_were_sold_become_packages_with_reasons(app: App) -> None:
    gold, silver = app.price("Gold", 2000, credits="2500"), app.price("500 credits", 500)
    app.sell(one(gold))
    app.sell(one(gold))
    app.sell(one(silver))

    outcome = app.init("--json")
    text, notes = proposed(outcome), " ".join(outcome.report["notes"])

    assert f'product = "{gold.product}"' in text
    assert 'slug = "gold"' in text
    assert "credits = 2500" in text
    assert "credits = 500" in text
    assert "the price's metadata says credits = 2500" in notes
    assert "it is called '500 credits'" in notes
    assert 'user = ["metadata.userId"]' in text
    assert text.index('slug = "gold"') < text.index('slug = "500-credits"')


def test_what_nothing_says_is_a_remark_and_an_option_says_it(app: App) -> None:
    mystery = app.price("Mystery box", 900)
    app.sell(one(mystery))

    silent = app.init("--dry-run", "--json")
    said = app.init("--dry-run", "--json", "--credits", f"{mystery.id}=77")
    next_step = app.init().stdout.splitlines()[-1]

    assert "nothing says how many credits it sells" in " ".join(silent.report["notes"])
    assert next_step == "Next: complete the remarks about 1 price in creditctl.toml; then `creditctl status`"
    remark = f'{{slug = "mystery-box", credits = …, sold = [{{price = "{mystery.id}"}}]}}'
    assert "# package = [\n" in proposed(silent)
    assert remark in proposed(silent)
    assert tomllib.loads(proposed(silent)).get("package") is None
    assert "credits = 77" in proposed(said)
    shown = app.cli("status").stdout
    assert "creditctl.toml; 1 remark to be completed, or deleted: credits = …\n" in shown


def test_one_price_that_nothing_says_keeps_no_other_of_its_product_from_being_judged(app: App) -> None:
    told = app.price("Pack", 1000)
    also = app.client.v1.prices.create({"product": str(told.product), "currency": "usd", "unit_amount": 1200})
    app.sell(one(told))
    app.sell(one(also))

    text = proposed(app.init("--dry-run", "--json", "--credits", f"{told.id}=900"))

    assert tomllib.loads(text)["package"] == [{"slug": "pack", "credits": 900, "sold": [{"price": told.id}]}]
    assert f'# To be completed, and added to sold: {{price = "{also.id}", credits = …}}' in " ".join(text.split())


def test_a_product_whose_prices_sold_different_numbers_lists_each(app: App) -> None:
    old = app.price("Pack", 1000, credits="900")
    new = app.client.v1.prices.create(
        {"product": str(old.product), "currency": "usd", "unit_amount": 1200, "metadata": {"credits": "1000"}}
    )
    app.sell(one(old))
    app.sell(one(new))
    text = proposed(app.init("--dry-run", "--json"))

    sold = f'[{{price = "{new.id}"}}, {{price = "{old.id}", credits = 900}}]'
    assert f'{{slug = "pack", credits = 1000, sold = {sold}}},\n' in text


def test_inline_prices_are_told_by_the_metadata_of_their_sessions(app: App) -> None:
    for pack, amount in (("s", 500), ("l", 4000)):
        for number in range(2):
            inline = {"currency": "usd", "unit_amount": amount, "product_data": {"name": f"Pack {pack}"}}
            metadata = {"userId": f"u{number}", "pack": pack, "credits": str(amount)}
            app.sell({"price_data": inline, "quantity": 1}, metadata=metadata)
    text = proposed(app.init("--dry-run", "--json"))

    assert 'metadata = {pack = "s"}, amount = 500, currency = "usd"' in text
    assert 'metadata = {pack = "l"}, amount = 4000, currency = "usd"' in text


def test_credits_that_only_the_session_knows_are_read_from_there(app: App) -> None:
    price = app.price("Flexible", 100)
    for count in ("100", "200", "100"):
        app.sell(one(price), metadata={"userId": "u1", "credits": count})
    text = proposed(app.init("--dry-run", "--json"))

    assert 'credits = "metadata.credits"' in text
    assert '{slug = "flexible", credits = 100, sold = [' in text


def test_a_fee_line_is_no_package(app: App) -> None:
    gold, fee = app.price("Gold", 2000, credits="2500"), app.price("Processing fee", 100)
    app.sell(one(gold), one(fee))
    text = proposed(app.init("--dry-run", "--json"))

    assert f'prices = ["{fee.id}"]' in text
    assert 'slug = "processing-fee"' not in text


def test_what_creditctl_sold_itself_is_no_package_of_the_applications(app: App) -> None:
    app.cli.environ |= {"CREDITS_API_URL": "http://127.0.0.1:8000", "FRONTEND_URL": "http://127.0.0.1:3000"}
    assert app.cli("setup", "--yes").exit_code == 0
    (price,) = app.client.v1.prices.list({"lookup_keys": ["creditctl_starter_usd"]}).data
    app.sell(one(price))

    assert "package" not in proposed(app.init("--dry-run", "--json"))


def test_the_webhooks_path_is_that_of_the_endpoint_which_is_there(app: App) -> None:
    app.cli.environ |= {"CREDITS_API_URL": "http://127.0.0.1:8000"}
    app.client.v1.webhook_endpoints.create(
        {"url": "http://127.0.0.1:8000/stripe/hook/", "enabled_events": ["checkout.session.completed"]}
    )
    outcome = app.init("--json")

    assert app.project["webhook"] == {"path": "/stripe/hook/"}
    assert any("Webhook path: /stripe/hook/, because we_" in note for note in outcome.report["notes"])


def test_what_is_written_is_taken_by_every_other_command(app: App) -> None:
    app.sell(one(app.price("Gold", 2000, credits="2500")))
    outcome = app.init("--deployment", "eu", "--webhook-path", "/hooks")

    assert outcome.exit_code == 0, outcome.stderr
    assert outcome.stdout.endswith("Next: `creditctl status`\n")
    path = app.cli.folder / "creditctl.toml"
    project = parse_project_file(path.read_text(), path=path)
    assert (project.deployment, project.webhook.path) == ("eu", "/hooks")
    assert path.stat().st_mode & 0o777 == 0o644
    assert app.cli("status", "--json").exit_code == 0
    assert app.cli("packages").exit_code in (0, 3)


def test_nothing_is_ever_overwritten(app: App) -> None:
    (app.cli.folder / "creditctl.toml").write_text("# mine\n")
    first = app.init()
    env = (app.cli.folder / ".env").read_text()
    second = app.init("--json")

    assert first.exit_code == 0
    assert "creditctl.toml is there already; it was left as it is." in first.stdout
    assert (app.cli.folder / "creditctl.toml").read_text() == "# mine\n"
    assert (second.exit_code, second.document["error"]["code"]) == (3, "init.exists")
    assert (app.cli.folder / ".env").read_text() == env


def test_a_project_file_above_in_the_repository_counts_as_there(app: App) -> None:
    (app.cli.folder / ".git").mkdir()
    (app.cli.folder / "creditctl.toml").write_text("")
    inner = app.cli.folder / "service"
    inner.mkdir()

    assert app.init("--env-file", "service/.env").exit_code == 0
    assert (inner / ".env").exists()
    assert not (inner / "creditctl.toml").exists()


def test_a_dry_run_writes_nothing_and_shows_both_files_without_the_key(offline_cli: Cli) -> None:
    outcome = offline_cli.answered(f"\n\n{TEST_KEY}\n\n", "init", "--dry-run", "--offline")

    assert outcome.exit_code == 0, outcome.stderr
    assert "Would write .env (mode 0600)." in outcome.stdout
    assert "Would write creditctl.toml." in outcome.stdout
    assert "STRIPE_SECRET_KEY=sk_test_…" in outcome.stdout
    assert TEST_KEY not in outcome.stdout
    assert list(offline_cli.folder.iterdir()) == []


def test_a_person_is_asked_and_the_answers_are_written(app: App) -> None:
    for name in ("STRIPE_SECRET_KEY", "STRIPE_API_BASE"):
        del app.cli.environ[name]
    app.cli.environ["STRIPE_API_BASE"] = "http://127.0.0.1:12111"
    mystery = app.price("Mystery box", 900)
    app.sell(one(mystery))
    answers = [
        "shop.example",
        "https://shop.example",
        "https://api.shop.example",
        "pk_test_1",
        TEST_KEY,
        "E U",
        "eu",
        "many",
    ]
    answers += ["1234"]
    outcome = app.cli.answered("\n".join(answers) + "\n", "init")

    assert outcome.exit_code == 0, outcome.stderr
    env = (app.cli.folder / ".env").read_text()
    assert f"\nSTRIPE_SECRET_KEY={TEST_KEY}\n" in env
    assert "\nFRONTEND_URL=https://shop.example\n" in env
    assert (app.cli.folder / ".env").stat().st_mode & 0o777 == 0o600
    assert app.project["deployment"] == "eu"
    assert "1234 credits" in outcome.stdout
    assert outcome.stderr.count("How many credits does Mystery box") == 2, "what is no answer is asked again"
    assert "'many' is no number of credits." in outcome.stderr
    assert TEST_KEY not in outcome.stdout + outcome.stderr


@pytest.mark.parametrize("typed", ["", "\n", "\n\n", f"\n\n{TEST_KEY}\n"])
def test_the_end_of_input_at_a_question_stops_and_writes_nothing(offline_cli: Cli, typed: str) -> None:
    outcome = offline_cli.answered(typed, "init", "--offline")

    assert outcome.exit_code == 130
    assert list(offline_cli.folder.iterdir()) == []


def test_a_key_of_the_process_environment_stays_there(app: App) -> None:
    assert app.init().exit_code == 0
    env = (app.cli.folder / ".env").read_text()

    assert TEST_KEY not in env
    assert "\n#STRIPE_SECRET_KEY=\n" in env


def test_without_a_key_the_project_file_waits_for_the_look_at_stripe(offline_cli: Cli) -> None:
    outcome = offline_cli("init")

    assert outcome.exit_code == 0
    assert "Stripe was not looked at: there is no STRIPE_SECRET_KEY yet." in outcome.stdout
    assert "No creditctl.toml yet" in outcome.stdout
    assert not (offline_cli.folder / "creditctl.toml").exists()
    assert offline_cli("init", "--offline", "--deployment", "eu").exit_code == 0
    assert (offline_cli.folder / "creditctl.toml").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "name"),
    [
        (["--credits", "price_1"], 3, "init.credits"),
        (["--credits", "price_1=-5"], 3, "init.credits"),
        (["--frontend-url", "shop.example"], 3, "init.url"),
        (["--api-url", "http://a b"], 3, "init.url"),
        (["--deployment", "EU"], 2, "usage.project_value"),
        (["--webhook-path", "hooks"], 2, "usage.project_value"),
    ],
)
def test_an_answer_that_is_none_is_refused_and_nothing_is_written(
    offline_cli: Cli, arguments: list[str], code: int, name: str
) -> None:
    outcome = offline_cli("init", "--offline", *arguments, "--json")

    assert (outcome.exit_code, outcome.document["error"]["code"]) == (code, name)
    assert list(offline_cli.folder.iterdir()) == []


def test_a_stripe_that_cannot_be_asked_is_said_and_stops_nothing(offline_cli: Cli) -> None:
    offline_cli.environ |= {"STRIPE_SECRET_KEY": LIVE, "STRIPE_API_BASE": "http://127.0.0.1:9"}
    outcome = offline_cli("init")

    assert outcome.exit_code == 0
    assert "Stripe could not be looked at:" in outcome.stdout
    assert "No creditctl.toml yet: once Stripe can be asked" in outcome.stdout, "the next run can look, and writes it"
    assert not (offline_cli.folder / "creditctl.toml").exists()
    assert "hunter2" not in outcome.stdout + outcome.stderr


def test_a_key_that_may_read_only_one_thing_shows_that(app: App, emulator: Emulator) -> None:
    app.sell(one(app.price("Gold", 2000, credits="2500")))

    def refusing(path: str) -> stripe.HTTPClient:
        transport = ScriptedStripe(emulator)
        transport.on(answers(403), path=path)
        return transport

    app.cli.transport = lambda: refusing("/v1/webhook_endpoints")
    without_endpoints = app.init("--dry-run", "--json")
    app.cli.transport = lambda: refusing("/v1/payment_intents")
    without_intents = app.init("--dry-run", "--json")
    app.cli.transport = lambda: refusing("/v1/checkout/sessions")
    without_sales = app.init("--dry-run", "--json")

    assert "credits = 2500" in proposed(without_endpoints)
    assert "credits = 2500" in proposed(without_intents)
    assert "The webhook endpoints could not be looked at:" in " ".join(without_endpoints.report["notes"])
    assert "What was sold on Stripe could not be looked at:" in " ".join(without_sales.report["notes"])
    assert without_sales.exit_code == 0


def test_a_connection_that_breaks_stops_nothing(cli: Cli) -> None:
    cli.transport = lambda: ScriptedStripe(queue(*[lost() for _ in range(100)]))
    outcome = cli("init")

    assert outcome.exit_code == 0
    assert "could not be looked at:" in outcome.stdout


def test_names_from_stripe_break_out_of_no_comment(app: App) -> None:
    price = app.price('X"\n[webhook]\npath = "/evil"', 900, credits="5")
    app.sell(one(price))
    text = proposed(app.init("--dry-run", "--json"))

    assert "webhook" not in tomllib.loads(text)


def test_the_application_s_ledger_is_guessed_and_said(offline_cli: Cli) -> None:
    offline_cli.environ["DATABASE_URL"] = "sqlite:///app.db"
    with closing(sqlite3.connect(offline_cli.folder / "app.db")) as connection:
        connection.executescript(
            "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);"
            "CREATE TABLE credit_transactions (id INTEGER PRIMARY KEY, user_id INTEGER, type TEXT, amount INTEGER,"
            " stripe_session_id TEXT, created_at TEXT);"
            "INSERT INTO credit_transactions VALUES (1, 7, 'purchase', 1000, 'cs_test_a1', '2026-09-01 10:00:00');"
        )

    outcome = offline_cli("init", "--offline", "--json")

    assert outcome.exit_code == 0, outcome.stderr
    text = outcome.report["project_file"]["text"]
    assert tomllib.loads(text)["source"] == {"recipe": "drizzle"}
    assert "# recipe: it says the same of the table credit_transactions, 6 columns, 1 word" in text
    assert any("columns.payment_key is stripe_session_id" in note for note in outcome.report["notes"])
    assert offline_cli("status", "--json").exit_code in (0, 1)


def test_a_table_that_nobody_can_be_sure_of_is_only_said(offline_cli: Cli) -> None:
    offline_cli.environ["DATABASE_URL"] = "sqlite:///app.db"
    with closing(sqlite3.connect(offline_cli.folder / "app.db")) as connection:
        connection.execute("CREATE TABLE posts (id INTEGER PRIMARY KEY, title TEXT)")

    outcome = offline_cli("init", "--offline", "--json")

    assert "[source]" not in (outcome.report["project_file"]["text"] or "")
    assert any("ledger import --guess" in note for note in outcome.report["notes"])


LEDGER = """
CREATE TABLE grants (id INTEGER PRIMARY KEY, at INTEGER, who TEXT, qty INTEGER, session TEXT);
CREATE TABLE uses (id INTEGER PRIMARY KEY, at INTEGER, who TEXT, qty INTEGER);
"""
SOURCE = '''
[source]
query = """select id, at as created, who as user_id, 'purchase' as kind, qty as credits, session as payment_key
from grants"""
'''


def test_what_a_source_of_ones_own_booked_says_what_was_sold(app: App) -> None:
    """Neither price nor metadata say the credits; another deployment sells on the same price."""
    mystery = app.price("Mystery box", 900)
    for number in range(4):
        app.sell(one(mystery), metadata={"order": f"o-u{number}", "ref": f"u{number}", "region": "eu"})
    for number in range(3):
        app.sell(one(mystery), metadata={"ref": f"x{number}", "region": "us"})
    sessions = [each for each in app.client.v1.checkout.sessions.list().data if each.metadata]
    with closing(sqlite3.connect(app.cli.folder / "shop.db")) as connection, connection:
        connection.executescript(LEDGER)
        for each in sessions:
            metadata = each.to_dict()["metadata"]
            if metadata["region"] == "eu":
                row = (each.created, metadata["ref"], 77, each.id)
                connection.execute("INSERT INTO grants (at, who, qty, session) VALUES (?, ?, ?, ?)", row)
    app.cli.environ["DATABASE_URL"] = "sqlite:///shop.db"
    (app.cli.folder / "creditctl.toml").write_text(SOURCE)

    document = tomllib.loads(proposed(app.init("--dry-run", "--json")))

    assert document["package"] == [{"slug": "mystery-box", "credits": 77, "sold": [{"product": str(mystery.product)}]}]
    assert document["deployment_match"] == {"metadata.region": "eu"}
    assert document["user"] == ["metadata.ref"]
    assert (app.cli.folder / "creditctl.toml").read_text() == SOURCE


def test_users_that_a_query_of_ones_own_translates_say_where_the_buyer_stands(app: App) -> None:
    pack = app.price("Pack", 900)
    for number in range(4):
        app.sell(one(pack), metadata={"mail": f"u{number}@example.com"})
    with closing(sqlite3.connect(app.cli.folder / "shop.db")) as connection, connection:
        connection.executescript(f"{LEDGER} CREATE TABLE people (nr TEXT, mail TEXT);")
        for number, each in enumerate(app.client.v1.checkout.sessions.list().data):
            row = (each.created, f"p{number}", 77, each.id)
            connection.execute("INSERT INTO grants (at, who, qty, session) VALUES (?, ?, ?, ?)", row)
            connection.execute("INSERT INTO people VALUES (?, ?)", (f"p{number}", each.to_dict()["metadata"]["mail"]))
    app.cli.environ["DATABASE_URL"] = "sqlite:///shop.db"
    users = 'users = {query = "select a.nr, b.mail from people a join people b on a.nr = b.nr"}'
    (app.cli.folder / "creditctl.toml").write_text(f"{SOURCE}{users}\n")

    assert tomllib.loads(proposed(app.init("--dry-run", "--json")))["user"] == ["metadata.mail"]


def test_a_guess_alone_says_how_users_are_written_on_stripe_as_init_does(app: App) -> None:
    pack = app.price("Pack", 900)
    for number in range(4):
        app.sell(one(pack), user=f"eu:{number}")
    with closing(sqlite3.connect(app.cli.folder / "shop.db")) as connection, connection:
        connection.executescript(
            "CREATE TABLE credit_transactions (id INTEGER PRIMARY KEY, user_id INTEGER, type TEXT, amount INTEGER,"
            " stripe_session_id TEXT, created_at INTEGER);"
        )
        for each in app.client.v1.checkout.sessions.list().data:
            user = int(each.to_dict()["metadata"]["userId"].removeprefix("eu:"))
            row = (user, "purchase", 77, each.id, each.created)
            connection.execute("INSERT INTO credit_transactions VALUES (NULL, ?, ?, ?, ?, ?)", row)
    app.cli.environ["DATABASE_URL"] = "sqlite:///shop.db"

    guessed = app.cli("ledger", "import", "--guess", "--json")
    source = tomllib.loads(guessed.report["toml"])["source"]

    assert source == {"recipe": "drizzle", "users": {"prefix": "eu:"}}, guessed.stderr
    assert tomllib.loads(proposed(app.init("--dry-run", "--json")))["source"] == source
