"""`creditctl setup` as an operator meets it: plan, apply, drift, guards, plans in files, secrets out of sight."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import stripe

from tests.support.keys import TEST_KEY
from tests.support.terminal import assert_whole

if TYPE_CHECKING:
    from creditctl.emulator.app import Emulator
    from tests.support.cli import Cli, Outcome
    from tests.support.clock import Clock

API_URL = "http://127.0.0.1:9"
LIVE_KEY = "sk_live_" + "emulator0000000000"
CATALOG = """
currency = "usd"
[[package]]
number = 1
slug = "starter"
name = "Starter"
credits = 1000
amount = {amount}
"""


@pytest.fixture
def client(emulator: Emulator) -> stripe.StripeClient:
    """The account behind the command line, for what a person does in the Dashboard."""
    from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient

    return stripe.StripeClient(TEST_KEY, http_client=EmulatorHTTPClient(emulator))


@pytest.fixture
def shop(cli: Cli) -> Cli:
    """The command line of a backend with a URL."""
    cli.environ["CREDITS_API_URL"] = API_URL
    return cli


@pytest.fixture
def live_emulator(clock: Clock) -> Iterator[Emulator]:
    """An emulator that plays a live account."""
    from creditctl.emulator.app import Emulator

    built = Emulator(clock=clock, seed=1, livemode=True)
    yield built
    built.close()


def actions(outcome: Outcome) -> dict[str, int]:
    return {name: count for name, count in outcome.report["plan"]["summary"].items() if count}


def test_a_new_account_is_set_up_and_the_second_run_has_nothing_to_do(shop: Cli, client: stripe.StripeClient) -> None:
    assert actions(shop("setup", "--dry-run", "--json")) == {"create": 11}
    assert client.v1.products.list().data == []

    first = shop("setup", "--json")
    assert (first.exit_code, first.report["changes"]) == (0, 11)
    assert first.report["requests"] == 14, "two reads, ten objects, the endpoint and its mark"
    assert set(first.report["env"]) == {
        f"STRIPE_PRICE_{name}" for name in ("STARTER", "BASIC", "PRO", "BUSINESS", "ENTERPRISE")
    }
    second = shop("setup")
    assert (second.exit_code, "Nothing to do" in second.stdout) == (0, True)
    assert shop("setup", "--check", "--json").exit_code == 0
    assert actions(shop("setup", "--dry-run", "--json")) == {"keep": 11}


def test_prices_sell_the_packages(shop: Cli, client: stripe.StripeClient) -> None:
    report = shop("setup", "--json").report
    prices = {slug: client.v1.prices.retrieve(price) for slug, price in report["prices"].items()}

    assert {slug: (price.unit_amount, price.metadata["credits"]) for slug, price in prices.items()} == {
        "starter": (1000, "1000"),
        "basic": (4500, "5500"),
        "pro": (10000, "13500"),
        "business": (22500, "35000"),
        "enterprise": (70000, "120000"),
    }
    assert {price.lookup_key for price in prices.values()} == {f"creditctl_{slug}_usd" for slug in prices}


def test_the_secret_is_in_the_env_file_and_nowhere_else(shop: Cli) -> None:
    shop.write_env(["# mine", "FRONTEND_URL=http://localhost:3000"])
    outcome = shop("setup")
    lines = (shop.folder / ".env").read_text().splitlines()
    secret = lines[-1].removeprefix("STRIPE_WEBHOOK_SECRET=")

    assert lines[:2] == ["# mine", "FRONTEND_URL=http://localhost:3000"]
    assert secret.startswith("whsec_")
    everywhere = outcome.stdout + outcome.stderr + (shop.folder / "creditctl-emulator-audit.jsonl").read_text()
    assert secret not in everywhere
    assert "sk_test_emulator" not in everywhere


def test_the_endpoint_is_made_at_the_path_of_the_project_file(shop: Cli, client: stripe.StripeClient) -> None:
    (shop.folder / "creditctl.toml").write_text('[webhook]\npath = "/hooks/stripe/"\n')

    assert shop("setup", "--yes").exit_code == 0
    assert [endpoint.url for endpoint in client.v1.webhook_endpoints.list().data] == [f"{API_URL}/hooks/stripe/"]
    assert shop("setup", "--check").exit_code == 0


def test_progress_is_one_line_a_step(shop: Cli) -> None:
    lines = [line for line in shop("setup").stderr.splitlines() if line.startswith("[")]

    assert len(lines) == 11
    assert lines[0] == "[1/11] create product starter"


def test_the_plan_tells_new_fields_plainly_and_changed_ones_as_old_and_new(
    shop: Cli, client: stripe.StripeClient
) -> None:
    lines = [line.strip() for line in shop("setup", "--dry-run").stdout.splitlines()]
    assert 'name: "Starter"' in lines
    assert "secret: captured at creation" in lines
    assert not any("→" in line for line in lines), "of what is new there is no old value"

    shop("setup")
    client.v1.products.update("creditctl_pro", {"name": "Pro!", "metadata": {"credits": ""}})
    client.v1.webhook_endpoints.update(client.v1.webhook_endpoints.list().data[0].id, {"disabled": True})
    lines = [line.strip() for line in shop("setup", "--dry-run").stdout.splitlines()]
    assert 'name: "Pro!" → "Pro"' in lines
    assert 'metadata.credits: (none) → "13500"' in lines
    assert "disabled: true → false" in lines


def test_every_id_setting_and_url_is_whole_at_80_columns_and_in_a_pipe(shop: Cli) -> None:
    shop.environ["CREDITS_API_URL"] = "http://127.0.0.1:9/credits/of/a-rather-long-company-name/production-eu-1"
    prices = shop("setup", "--json").report["prices"]
    settings = [f"STRIPE_PRICE_{slug.upper()}={price}" for slug, price in prices.items()]
    endpoint = shop("webhooks", "list", "--json").report["endpoints"][0]["url"]

    assert_whole(shop, ["setup"], [*prices.values(), *settings])
    assert_whole(shop, ["setup", "--dry-run"], [endpoint, *prices])


def test_drift_is_found_by_check_and_repaired(shop: Cli, client: stripe.StripeClient) -> None:
    report = shop("setup", "--json").report
    client.v1.products.update("creditctl_pro", {"name": "Pro!", "metadata": {"theirs": "1"}})
    client.v1.webhook_endpoints.update(report["endpoint"], {"enabled_events": ["*"]})
    checked = shop("setup", "--check")

    assert checked.exit_code == 1
    assert 'name: "Pro!" → "Pro"' in checked.stdout
    assert shop("setup").exit_code == 0
    assert shop("setup", "--check").exit_code == 0
    product = client.v1.products.retrieve("creditctl_pro")
    assert (product.name, product.metadata["theirs"]) == ("Pro", "1")


def test_a_plan_in_a_file_is_applied_exactly_or_not_at_all(shop: Cli, client: stripe.StripeClient) -> None:
    assert shop("setup", "--dry-run", "--plan-out", "plan.json").exit_code == 0
    client.v1.products.create({"name": "Somebody else's"})
    assert shop("setup", "--plan", "plan.json", "--json").report["changes"] == 11
    stale = shop("setup", "--plan", "plan.json", "--json")

    assert (stale.exit_code, stale.document["error"]["code"]) == (3, "setup.plan_stale")
    assert "whsec_" not in (shop.folder / "plan.json").read_text()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"schema": "creditctl.plan.v1"}'])
def test_a_file_that_is_no_plan_is_refused(shop: Cli, text: str) -> None:
    (shop.folder / "plan.json").write_text(text)
    outcome = shop("setup", "--plan", "plan.json", "--json")

    assert (outcome.exit_code, outcome.document["error"]["code"]) == (3, "setup.plan_file")


def test_a_plan_that_was_edited_is_another_plan(shop: Cli, client: stripe.StripeClient) -> None:
    shop("setup", "--dry-run", "--plan-out", "plan.json")
    path = shop.folder / "plan.json"
    path.write_text(path.read_text().replace('"unit_amount": 70000', '"unit_amount": 7000'))
    outcome = shop("setup", "--plan", "plan.json", "--json")

    assert (outcome.exit_code, outcome.document["error"]["code"]) == (3, "setup.plan_changed")
    assert client.v1.products.list().data == []


def test_a_plan_that_cannot_be_kept_is_a_sentence(shop: Cli) -> None:
    outcome = shop("setup", "--dry-run", "--plan-out", "missing/plan.json", "--json")

    assert (outcome.exit_code, outcome.document["error"]["code"]) == (3, "setup.plan_out")


def test_a_plan_goes_to_no_other_account(shop: Cli) -> None:
    shop("setup", "--dry-run", "--plan-out", "plan.json")
    shop.environ["STRIPE_SECRET_KEY"] = "sk_test_emulator1111111111"
    outcome = shop("setup", "--plan", "plan.json", "--json")

    assert (outcome.exit_code, outcome.document["error"]["code"]) == (3, "setup.plan_account")


def test_a_plan_of_another_deployment_is_refused(shop: Cli) -> None:
    shop("setup", "--dry-run", "--plan-out", "plan.json", "--deployment", "eu")

    outcome = shop("setup", "--plan", "plan.json", "--yes", "--json")

    assert (outcome.exit_code, outcome.document["error"]["code"]) == (3, "setup.plan_deployment")
    assert shop("setup", "--plan", "plan.json", "--yes", "--deployment", "eu").exit_code == 0


def test_a_price_jump_has_to_be_meant(shop: Cli, client: stripe.StripeClient) -> None:
    path = shop.folder / "packages.toml"
    path.write_text(CATALOG.format(amount=1000))
    shop("setup", "--catalog", "packages.toml")
    path.write_text(CATALOG.format(amount=10000))
    refused = shop("setup", "--catalog", "packages.toml", "--json")
    assert (refused.exit_code, refused.document["error"]["code"]) == (3, "setup.price_jump")
    assert len(client.v1.prices.list().data) == 1
    dry = shop("setup", "--catalog", "packages.toml", "--dry-run", "--json")
    assert [finding["code"] for finding in dry.document["findings"]] == ["setup.price_jump"]

    assert shop("setup", "--catalog", "packages.toml", "--allow-price-jump").exit_code == 0
    path.write_text(CATALOG.format(amount=9500))
    assert shop("setup", "--catalog", "packages.toml").exit_code == 0


def test_existing_objects_are_adopted_and_orphans_archived(shop: Cli, client: stripe.StripeClient) -> None:
    (shop.folder / "packages.toml").write_text(CATALOG.format(amount=1000))
    theirs = client.v1.products.create({"name": "Thousand credits", "metadata": {"crm": "7"}})
    price = client.v1.prices.create({"product": theirs.id, "currency": "usd", "unit_amount": 1000})
    dry = shop("setup", "--catalog", "packages.toml", "--adopt", theirs.id, "--dry-run", "--json")
    assert actions(dry) == {"create": 1, "adopt": 2}
    adopted = shop("setup", "--catalog", "packages.toml", "--adopt", theirs.id, "--json")
    assert adopted.report["prices"] == {"starter": price.id}
    assert client.v1.products.retrieve(theirs.id).metadata["crm"] == "7"
    assert actions(shop("setup", "--catalog", "packages.toml", "--dry-run", "--json")) == {"keep": 3}

    other = client.v1.products.create({"name": "Old", "metadata": {"managed_by": "creditctl", "package": "old"}})
    found = shop("setup", "--catalog", "packages.toml", "--json")
    assert (found.exit_code, [f["subject"] for f in found.document["findings"]]) == (0, [other.id])
    assert shop("setup", "--catalog", "packages.toml", "--prune").exit_code == 0
    assert not client.v1.products.retrieve(other.id).active


def test_adopting_what_is_not_there_is_a_usage_error(shop: Cli) -> None:
    for name in ("prod_none", "we_none"):
        assert shop("setup", "--adopt", name, "--json").exit_code == 2


def test_an_endpoint_made_by_hand_is_named_and_can_be_adopted(shop: Cli, client: stripe.StripeClient) -> None:
    url = API_URL + "/api/credits/webhook"
    by_hand = client.v1.webhook_endpoints.create({"url": url, "enabled_events": ["checkout.session.completed"]})
    shop.write_env([f"STRIPE_WEBHOOK_SECRET={by_hand.secret}"])
    first = shop("setup", "--json")
    assert first.exit_code == 1
    assert "endpoint.made_by_hand" in {finding["code"] for finding in first.document["findings"]}
    assert len(client.v1.webhook_endpoints.list().data) == 1

    shop("setup", "--adopt", by_hand.id)
    assert shop("setup", "--check", "--json").exit_code in (0, 1)
    endpoint = client.v1.webhook_endpoints.list().data[-1]
    assert endpoint.metadata["managed_by"] == "creditctl"
    assert len(endpoint.enabled_events) == 15


def test_a_secret_in_the_process_environment_would_win_and_is_refused(shop: Cli, client: stripe.StripeClient) -> None:
    shop.environ["STRIPE_WEBHOOK_SECRET"] = "whsec_" + "example0from0shell"
    outcome = shop("setup", "--json")

    assert (outcome.exit_code, outcome.document["error"]["code"]) == (3, "setup.secret_overridden")
    assert client.v1.products.list().data == []


def test_a_placeholder_in_the_env_file_is_replaced(shop: Cli) -> None:
    shop.write_env(["STRIPE_WEBHOOK_SECRET=whsec_..."])
    assert shop("setup").exit_code == 0
    assert "whsec_..." not in (shop.folder / ".env").read_text()
    assert shop("setup", "--check").exit_code == 0


def test_a_secret_command_takes_the_secret_and_the_next_run_trusts_it(shop: Cli) -> None:
    command = ("--secret-command", "sh -c 'cat > handed'")
    assert shop("setup", *command).exit_code == 0
    assert (shop.folder / "handed").read_text().startswith("whsec_")
    assert not (shop.folder / ".env").exists()
    assert actions(shop("setup", *command, "--dry-run", "--json")) == {"keep": 11}


def test_a_secret_in_the_env_file_is_nothing_to_a_secret_command(shop: Cli, client: stripe.StripeClient) -> None:
    shop.write_env(["STRIPE_WEBHOOK_SECRET=whsec_localdevelopment"])
    command = ("--secret-command", "sh -c 'cat > handed.txt'")
    made = shop("setup", *command, "--json").report["endpoint"]
    second = shop("setup", *command, "--json")

    assert (second.exit_code, second.report["changes"]) == (0, 0), "no new secret at every deploy"
    assert [finding["code"] for finding in second.document["findings"]] == ["endpoint.secret_elsewhere"]
    assert [endpoint.id for endpoint in client.v1.webhook_endpoints.list().data] == [made]


def test_without_a_url_only_the_catalogue_is_set_up(cli: Cli, client: stripe.StripeClient) -> None:
    outcome = cli("setup")

    assert outcome.exit_code == 0
    assert "creditctl events listen" in outcome.stdout
    assert client.v1.webhook_endpoints.list().data == []


def test_a_strict_emulator_refuses_a_local_url_as_stripe_does(shop: Cli, clock: Clock) -> None:
    from creditctl.emulator.app import Emulator
    from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient

    strict = Emulator(clock=clock, seed=1, strict_urls=True)
    shop.transport = lambda: EmulatorHTTPClient(strict)
    outcome = shop("setup", "--json")
    strict.close()

    assert (outcome.exit_code, outcome.document["error"]["code"]) == (4, "stripe.url_invalid")


def test_the_wrong_mode_and_the_wrong_account_are_refused(shop: Cli) -> None:
    wrong_mode = shop("setup", "--mode", "live", "--json")
    assert (wrong_mode.exit_code, wrong_mode.document["error"]["code"]) == (3, "guard.mode")
    shop.environ["STRIPE_ACCOUNT_ID"] = "acct_another"
    wrong_account = shop("setup", "--json")
    assert (wrong_account.exit_code, wrong_account.document["error"]["code"]) == (3, "guard.account")


def test_in_test_mode_somebody_has_to_say_yes(shop: Cli, client: stripe.StripeClient) -> None:
    del shop.environ["STRIPE_API_BASE"]
    refused = shop("setup", "--json")
    assert (refused.exit_code, refused.document["error"]["code"]) == (3, "guard.yes")
    assert client.v1.products.list().data == []

    assert shop("setup", "--yes").exit_code == 0
    assert len(client.v1.products.list().data) == 5
    assert client.v1.webhook_endpoints.list().data == [], "a local URL gets no endpoint in test mode"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), "guard.live_mode"),
        (("--yes",), "guard.live_mode"),
        (("--mode", "live"), "guard.confirm"),
        (("--mode", "live", "--yes"), "guard.confirm"),
        (("--mode", "live", "--confirm", "acct_wrong"), "guard.confirm"),
    ],
)
def test_a_live_account_is_not_touched_unconfirmed(
    shop: Cli, live_emulator: Emulator, arguments: tuple[str, ...], code: str
) -> None:
    from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient

    shop.transport = lambda: EmulatorHTTPClient(live_emulator)
    del shop.environ["STRIPE_API_BASE"]
    shop.environ |= {"STRIPE_SECRET_KEY": LIVE_KEY, "CREDITS_API_URL": "https://api.example.com"}
    outcome = shop("setup", *arguments, "--json")
    live = stripe.StripeClient(LIVE_KEY, http_client=EmulatorHTTPClient(live_emulator))

    assert (outcome.exit_code, outcome.document["error"]["code"]) == (3, code)
    assert live.v1.products.list().data == []
    account = live.v1.accounts.retrieve_current().id
    assert shop("setup", "--mode", "live", "--confirm", account).exit_code == 0
    assert len(live.v1.products.list().data) == 5


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9\n",
        " http://127.0.0.1:9",
        "http://127.0.0.1:9?x=1",
        "http://127.0.0.1:9#x",
        "http://127.0.0.1:99999",
        "http://user@127.0.0.1:9",
        "http://127.0.0.1:9/api/credits/webhook",
        "127.0.0.1:9",
    ],
)
def test_a_url_that_nothing_can_be_delivered_to_stops_before_anything_is_created(
    shop: Cli, client: stripe.StripeClient, url: str
) -> None:
    shop.environ["CREDITS_API_URL"] = url
    outcome = shop("setup", "--json")

    assert (outcome.exit_code, outcome.document["error"]["code"]) == (3, "setup.api_url")
    assert client.v1.products.list().data == []


@pytest.mark.parametrize(
    "url",
    [None, "http://127.0.0.1:8000", "http://api.example.com", "https://10.0.0.5", "https://backend.internal"],
)
def test_a_live_account_needs_a_public_url(shop: Cli, url: str | None) -> None:
    del shop.environ["STRIPE_API_BASE"], shop.environ["CREDITS_API_URL"]
    shop.environ |= {"STRIPE_SECRET_KEY": LIVE_KEY} | ({} if url is None else {"CREDITS_API_URL": url})
    outcome = shop("setup", "--dry-run", "--json")

    assert (outcome.exit_code, outcome.document["error"]["code"]) == (3, "setup.public_url")


@pytest.mark.parametrize(
    ("missing", "operation"),
    [
        ("rak_product_read", "read the products"),
        ("rak_webhook_read", "read the webhook endpoints"),
        ("rak_product_write", "write products"),
        ("rak_plan_write", "write prices"),
        ("rak_webhook_write", "create the webhook endpoint"),
    ],
)
def test_a_missing_permission_is_named_with_what_needs_it(
    shop: Cli, client: stripe.StripeClient, missing: str, operation: str
) -> None:
    names = {f"rak_{name}_{right}" for name in ("product", "plan", "webhook") for right in ("read", "write")}
    if missing.endswith("_read"):
        names.discard(missing.replace("_read", "_write"))
    key = "rk_test_" + "restricted0000000"
    body = json.dumps({"key": key, "permissions": sorted(names - {missing})})
    headers = {"authorization": f"Bearer {TEST_KEY}", "content-type": "application/json"}
    assert shop.transport is not None
    post = shop.transport().request("post", "http://127.0.0.1:1/_emulator/keys", headers, body)
    assert post[1] == 200, post[0]
    shop.environ["STRIPE_SECRET_KEY"] = json.loads(post[0])["key"]
    outcome = shop("setup", "--json")

    assert (outcome.exit_code, outcome.document["error"]["code"]) == (3, "stripe.permission")
    assert missing in outcome.document["error"]["message"]
    assert operation in outcome.document["error"]["message"]
    assert client.v1.products.list().data == [], "it is noticed before the first object is made"
    assert client.v1.webhook_endpoints.list().data == []


@pytest.mark.parametrize("currency", ["zzz", "us", "usdollar", ""])
def test_an_unknown_currency_stops_before_anything_is_created(
    shop: Cli, client: stripe.StripeClient, currency: str
) -> None:
    path = shop.folder / "packages.toml"
    path.write_text(CATALOG.format(amount=1000) + f'currency = "{currency}"\n')
    outcome = shop("setup", "--catalog", "packages.toml", "--json")

    assert (outcome.exit_code, "currency" in outcome.document["error"]["message"]) == (3, True)
    assert client.v1.products.list().data == []


def test_an_unwritable_env_file_stops_before_anything_is_created(shop: Cli, client: stripe.StripeClient) -> None:
    (shop.folder / ".env").mkdir()
    outcome = shop("setup", "--json")

    assert outcome.exit_code == 3
    assert client.v1.products.list().data == []


@pytest.mark.parametrize("pinned", [False, True], ids=["saved plan", "pinned account"])
def test_a_key_that_may_not_read_the_account_is_told_so_where_that_is_needed(shop: Cli, pinned: bool) -> None:
    names = [f"rak_{name}_write" for name in ("product", "plan", "webhook")]
    body = json.dumps({"key": "rk_test_" + "restricted0000000", "permissions": names})
    headers = {"authorization": f"Bearer {TEST_KEY}", "content-type": "application/json"}
    assert shop.transport is not None
    shop.transport().request("post", "http://127.0.0.1:1/_emulator/keys", headers, body)
    shop.environ["STRIPE_SECRET_KEY"] = "rk_test_" + "restricted0000000"
    if pinned:
        shop.environ["STRIPE_ACCOUNT_ID"] = "acct_pinned"
    error = shop("setup", "--dry-run", "--json", *(() if pinned else ("--plan-out", "plan.json"))).document["error"]

    assert error["code"] == "stripe.permission"
    assert "may not read the account" in error["message"]
    assert "rak_accounts_kyc_basic_read" in error["message"]


def test_a_key_that_may_not_read_the_account_sets_up_beside_a_ledger_too(shop: Cli) -> None:
    assert shop("ledger", "init").exit_code == 0
    names = [f"rak_{name}_write" for name in ("product", "plan", "webhook")]
    body = json.dumps({"key": "rk_test_" + "restricted0000000", "permissions": names})
    headers = {"authorization": f"Bearer {TEST_KEY}", "content-type": "application/json"}
    assert shop.transport is not None
    shop.transport().request("post", "http://127.0.0.1:1/_emulator/keys", headers, body)
    shop.environ["STRIPE_SECRET_KEY"] = "rk_test_" + "restricted0000000"

    assert shop("setup").exit_code == 0
    assert shop("setup", "--check").exit_code == 0
