"""`creditctl.toml` as a whole: every section of the design, unknown keys, wrong types, secrets, what is not yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from creditctl.core.entitlement.settlement import EntryKind
from creditctl.core.errors import ConfigurationError, ExitCode
from creditctl.core.project_file.ownership import DeploymentMatch, SecretPlace
from creditctl.core.project_file.packages import SoldEntry, SoldQuantity
from creditctl.core.project_file.project import ProjectFile, parse_project_file
from creditctl.core.project_file.running import DisputePolicy, Rounding
from creditctl.core.project_file.source import SOURCE_KINDS, AmountUnit, OtherRows, RowStatus, SourceRule, UserForm

PATH = Path("/shop/creditctl.toml")
WHOLE = """
deployment = "eu-prod"
deployment_match = { "metadata.region" = "eu" }
user = ["metadata.account"]
[webhook]
path = "/hooks/stripe/"
secret = "elsewhere"
[[package]]
slug = "starter"
credits = 1000
sold = [
  { price = "price_new" },
  { price = "price_old", credits = 900, from = 2025-01-01, until = 2026-06-01T12:00:00+02:00, quantity = "multiply" },
  { product = "prod_a", credits = "metadata.bundle" },
  { metadata = { pack = "gold" }, amount = 900, currency = "usd", quantity = "one" },
]
exclusive = true
[fees]
prices = ["price_fee"]
[source]
url_env = "DATABASE_URL"
table = "credit_transactions"
where = "deleted_at is null"
amounts = "major"
credit_decimals = 2
zone = "Europe/Berlin"
updated = "updated_at"
other = "ignore"
recipe = "prisma"
[source.columns]
id = "id"
user_id = "account_id"
payment_key = ["stripe_payment_intent_id", "metadata.stripe.charge"]
livemode = "!is_test"
[source.users]
form = "uuid"
[source.status]
completed = "done"
failed = "void"
[source.kind]
topup = "purchase"
spend = "usage"
[[source.rule]]
when = "type = 'x' and credits = 0"
kind = "refund"
amount = "total"
[source.balance]
table = "users"
user_id = "id"
column = "credits"
[policy]
rounding = "up"
disputes = "at_loss"
[emulator]
hosts = ["emulator:12111", "host.docker.internal"]
[reconcile]
grace_seconds = 60
rate = 20
anchor = "anchors.jsonl"
[archive]
keep_days = 730
[alert]
url_env = "SLACK_WEBHOOK"
"""


def parse(text: str) -> ProjectFile:
    return parse_project_file(text, path=PATH)


def refusal(text: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        parse(text)
    assert caught.value.exit_code == ExitCode.CONFIGURATION
    return caught.value


def test_every_section_is_read_into_its_value() -> None:
    project = parse(WHOLE)

    assert (project.deployment, project.deployment_match) == ("eu-prod", DeploymentMatch("region", "eu"))
    assert project.user == ("metadata.account",)
    assert (project.webhook.path, project.webhook.secret) == ("/hooks/stripe/", SecretPlace.ELSEWHERE)
    assert project.fees.prices == ("price_fee",)
    assert (project.policy.rounding, project.policy.disputes) == (Rounding.UP, DisputePolicy.AT_LOSS)
    assert project.emulator.hosts == ("emulator:12111", "host.docker.internal")
    assert (project.reconcile.grace_seconds, project.reconcile.rate) == (60, 20)
    assert (project.reconcile.anchor, project.archive.keep_days) == ("anchors.jsonl", 730)
    assert (project.alert.url_env, project.alert.command) == ("SLACK_WEBHOOK", None)
    assert (project.path, project.folder) == (PATH, PATH.parent)


def test_what_an_application_sold_itself_is_read_with_its_periods() -> None:
    (package,) = parse(WHOLE).packages

    assert (package.number, package.name, package.amount, package.exclusive) == (1, "Starter", None, True)
    assert package.sold == (
        SoldEntry(price="price_new"),
        SoldEntry(
            price="price_old",
            credits=900,
            since=1_735_689_600,
            until=1_780_308_000,
            quantity=SoldQuantity.MULTIPLY,
        ),
        SoldEntry(product="prod_a", credits_key="bundle"),
        SoldEntry(metadata=(("pack", "gold"),), amount=900, currency="usd", quantity=SoldQuantity.ONE),
    )


def test_the_source_is_read_with_its_tables() -> None:
    source = parse(WHOLE).source

    assert source is not None
    assert (source.url_env, source.table, source.where) == ("DATABASE_URL", "credit_transactions", "deleted_at is null")
    assert (source.amounts, source.credit_decimals, source.zone) == (AmountUnit.MAJOR, 2, "Europe/Berlin")
    assert (source.updated, source.other, source.recipe) == ("updated_at", OtherRows.IGNORE, "prisma")
    assert source.columns["payment_key"] == ("stripe_payment_intent_id", "metadata.stripe.charge")
    assert source.users.form is UserForm.UUID
    assert source.status == {"completed": RowStatus.DONE, "failed": RowStatus.VOID}
    assert source.kind == {"topup": "purchase", "spend": "usage"}
    assert source.rules == (SourceRule("type = 'x' and credits = 0", "refund", "total"),)
    assert source.balance is not None
    assert (source.balance.table, source.balance.user_id, source.balance.column) == ("users", "id", "credits")


def test_without_a_word_everything_is_as_without_a_file() -> None:
    assert parse("") == ProjectFile(path=PATH)
    assert ProjectFile().webhook.path == "/api/credits/webhook"


def test_the_kinds_of_a_source_are_the_ledgers() -> None:
    assert set(SOURCE_KINDS) == set(EntryKind)


def test_what_a_row_need_not_say_may_be_said_to_stand_in_no_column() -> None:
    section = parse_project_file("[source.columns]\namount = []\nlivemode = []", path=PATH).source

    assert section is not None
    assert section.columns == {"amount": (), "livemode": ()}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("deploymant = 'a'", "line 1: unknown key 'deploymant', did you mean 'deployment'?"),
        ("[webook]\npath = '/a'", "line 1: unknown key 'webook', did you mean 'webhook'?"),
        ("[webhook]\n\npth = '/a'", "line 3: webhook: unknown key 'pth', did you mean 'path'?"),
        ("[webhook]\npath = 'hooks'", "line 2: webhook.path must be a path that begins with /"),
        ("[webhook]\npath = 5", "line 2: webhook.path must be a path"),
        ("webhook = 5", "line 1: webhook must be a table, not 5"),
        ("[[webhook]]\npath = '/a'", "webhook must be a table"),
        ("deployment = 'EU prod'", "line 1: deployment must be 1 to 30 of a-z, 0-9 and -"),
        ("deployment_match = { region = 'eu' }", 'each must be "metadata.KEY"'),
        ("deployment_match = { metadata.region = 5 }", "metadata is text, so write it in quotes"),
        ("deployment_match = { metadata.a = 'x', metadata.b = 'y' }", "must have one key"),
        ("user = ['account']", 'line 1: user must name "client_reference_id" or "metadata.KEY"'),
        ("user = []", "line 1: user must be a text or a list of texts, not []"),
        ("[[package]]\nslug = 'a'", "line 1: package a: credits is missing"),
        ("[[package]]\nslug = 'a'\ncredits = 1\nsold = [{ price = 'price_1', quantity = 2 }]",
         'line 4: package a: sold[1].quantity must be "one" or "multiply", not 2'),
        ("[[package]]\nslug = 'a'\ncredits = 1\nsold = [{ price = 'p', product = 'q' }]", "exactly one of price"),
        ("[[package]]\nslug = 'a'\ncredits = 1\nsold = [{ credits = 1 }]", "exactly one of price"),
        ("[[package]]\nslug = 'a'\ncredits = 1\nsold = [{ price = 'prod_1' }]", "a product is named with product = …"),
        ("[[package]]\nslug = 'a'\ncredits = 1\nsold = [{ price = 'p', amount = 5 }]", "of a price it is Stripe's own"),
        ("[[package]]\nslug = 'a'\ncredits = 1\nsold = [{ metadata = { a = 'b' } }]", "all three"),
        ("[[package]]\nslug = 'a'\ncredits = 1\nsold = [{ price = 'p', from = '2026-01-01' }]", "without quotes"),
        ("[[package]]\nslug = 'a'\ncredits = 1\nsold = [{ price = 'p', from = 2026-01-01, until = 2026-01-01 }]",
         "until must be later than from"),
        ("[[package]]\nslug = 'a'\ncredits = 1\nsold = [{ price = 'p', credits = 'bundle' }]", '"metadata.KEY"'),
        ("[[package]]\nslug = 'a'\ncredits = 1\nexclusive = 'yes'", "package a: exclusive must be true or false"),
        ("[fees]\nprices = ['prod_1']", "fees.prices must be ids of prices"),
        ("[source]\nfile = 'rows.csv'\ntable = 't'", "source.table cannot stand beside source.file"),
        ("[source]\nquery = 'select 1'\ntable = 't'", "line 2: source.query cannot stand beside source.table"),
        ("[source]\ntable = '  '", "source.table must be a text that is not empty"),
        ("[source]\namounts = 'cents'", 'line 2: source.amounts must be "major" or "minor", not \'cents\''),
        ("[source.colums]\nid = 'id'", "source: unknown key 'colums', did you mean 'columns'?"),
        ("[source.columns]\nuser_id = []", "line 2: source.columns.user_id must be a text or a list of texts, not []"),
        ("[source.columns]\nuser = 'id'", "source.columns: unknown key 'user', did you mean 'user_id'?"),
        ("[source.status]\nok = 'finished'", 'source.status.ok must be "pending", "done" or "void"'),
        ("[source.kind]\ntopup = 'purchased'", "not 'purchased', did you mean 'purchase'?"),
        ("[[source.rule]]\nkind = 'refund'", "source.rule[1].when is missing"),
        ("[source.users]\nform = 'uuid'\nprefix = 'x'", "source.users must have one of"),
        ("[source.balance]\ntable = 'users'", "source.balance.column is missing"),
        ("[policy]\nrounding = true", 'policy.rounding must be "down", "up" or "nearest", not True'),
        ("[emulator]\nhosts = ['http://emulator:12111']", 'must be hosts such as "emulator:12111"'),
        ("[reconcile]\ngrace_seconds = -1", "reconcile.grace_seconds must be a whole number from 0"),
        ("[reconcile]\nrate = 1.5", "reconcile.rate must be a whole number from 1"),
        ("[archive]\nkeep_days = true", "archive.keep_days must be a whole number"),
        ("[alert]\nurl_env = 'A'\ncommand = 'b'", "exactly one of url_env and command"),
        ("[source", "it is not TOML"),
        ("package = [\n]\n[[package]]\nslug = 'b'", "column 10); it stands above already"),
        ("package = [\n  {slug = 'a', credits = 1},\n  {slug = 'b'},\n]", "line 3: package b: credits is missing"),
        ("a = " + "[" * 5000, "it is not TOML"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_refused_by_name_and_line(text: str, fault: str) -> None:
    error = refusal(text)

    assert error.code == "project.invalid"
    assert fault in error.message


def test_a_packages_name_is_what_stripe_keeps_of_it() -> None:
    """Source: crvouga/emulates, `packages/service/stripe/src/products.ts`: Stripe drops the blanks around a name."""
    (package,) = parse("[[package]]\nslug = 'a'\nname = ' Pack A '\ncredits = 1").packages
    assert package.name == "Pack A"


def test_every_fault_is_named_at_once() -> None:
    message = refusal("deployment = 5\n[webhook]\npath = 7\nsecret = 'there'").message

    assert all(name in message for name in ("line 1: deployment", "line 3: webhook.path", "line 4: webhook.secret"))


def test_a_byte_order_mark_and_windows_line_ends_are_no_fault() -> None:
    assert parse("\ufeffdeployment = 'a'\r\n[webhook]\r\npath = '/b'\r\n").webhook.path == "/b"


@pytest.mark.parametrize(
    "line",
    [
        "url_env = 'postgres://shop:hunter2hunter2@db/shop'",
        "query = 'select 1 -- " + "sk_" + "live_hunter2hunter2'",
        "where = \"secret = '" + "whsec_" + "hunter2hunter2'\"",
        "file = 'https://hooks.slack.com/services/T0/B0/hunter2hunter2'",
    ],
)
def test_a_secret_is_refused_and_never_shown(line: str) -> None:
    error = refusal(f"[source]\n{line}\nother = 'nonsense'")

    assert error.code == "project.secret"
    assert "line 2: source." in error.message
    assert "hunter2" not in error.message + error.fix
    assert 'url_env = "DATABASE_URL"' in error.fix


def test_a_secret_where_a_name_belongs_is_never_shown_either() -> None:
    error = refusal("[alert]\nurl_env = 'https://example.com/hunter2'")

    assert "must be the name of an environment variable" in error.message
    assert "hunter2" not in error.message
