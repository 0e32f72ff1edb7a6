"""A signing secret belongs to whoever holds it: `setup` and endpoints of other machines, copies and accounts."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import stripe

from creditctl.core.keys import Secret
from creditctl.emulator.protocol.wire import Reply
from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from tests.support.endpoints import endpoints
from tests.support.keys import TEST_KEY
from tests.support.webhook_server import WebhookServer, webhook_server

if TYPE_CHECKING:
    from creditctl.emulator.app import Emulator
    from tests.support.cli import Cli, Outcome
    from tests.support.clock import Clock

API_URL = "http://127.0.0.1:9"
PATH = "/api/credits/webhook"
OTHER_KEY = "sk_test_" + "emulatorOfAccountB"


@pytest.fixture
def client(emulator: Emulator) -> stripe.StripeClient:
    """The account behind the command line."""
    return stripe.StripeClient(TEST_KEY, http_client=EmulatorHTTPClient(emulator))


@pytest.fixture
def first(cli: Cli) -> Cli:
    """The machine that set the account up, with its key in its env file."""
    cli.write_env([f"STRIPE_SECRET_KEY={cli.environ.pop('STRIPE_SECRET_KEY')}", f"CREDITS_API_URL={API_URL}"])
    assert cli("setup").exit_code == 0
    return cli


@pytest.fixture
def second(first: Cli, tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """Another machine with the same key, in a fresh folder."""
    machine = replace(first, folder=tmp_path_factory.mktemp("second"), environ=dict(first.environ))
    machine.write_env([f"STRIPE_SECRET_KEY={TEST_KEY}", f"CREDITS_API_URL={API_URL}"])
    return machine


def seen(client: stripe.StripeClient) -> list[str]:
    return [str(endpoint) for endpoint in client.v1.webhook_endpoints.list().data]


def codes(outcome: Outcome) -> list[str]:
    return [finding["code"] for finding in outcome.document["findings"]]


def held(cli: Cli) -> list[str]:
    lines = (cli.folder / ".env").read_text().splitlines()
    texts = [line.partition("=")[2] for line in lines if line.startswith("STRIPE_WEBHOOK_SECRET=")]
    return [Secret(part).fingerprint for text in texts for part in text.split(",")]


def test_a_second_machine_does_everything_but_the_endpoint(
    first: Cli, second: Cli, client: stripe.StripeClient
) -> None:
    before = seen(client)
    client.v1.products.update("creditctl_pro", {"name": "Oops"})
    env = (second.folder / ".env").read_bytes()
    outcome = second("setup", "--json")

    assert (outcome.exit_code, codes(outcome)) == (1, ["endpoint.secret_elsewhere"])
    assert client.v1.products.retrieve("creditctl_pro").name == "Pro", "everything else is put in order"
    assert (seen(client), (second.folder / ".env").read_bytes()) == (before, env)
    fix = outcome.document["findings"][0]["fix"]
    assert all(way in fix for way in ("--rotate", "--replace-endpoint", "STRIPE_WEBHOOK_SECRET", "--secret-command"))
    assert first("setup", "--check").exit_code == 0


def test_a_secret_that_a_manager_holds_is_a_note(first: Cli, second: Cli, client: stripe.StripeClient) -> None:
    before = seen(client)
    with_command = second("setup", "--secret-command", "cat", "--json")
    (second.folder / "creditctl.toml").write_text('[webhook]\nsecret = "elsewhere"\n')
    said = second("setup", "--json")

    for outcome in (with_command, said):
        assert (outcome.exit_code, codes(outcome)) == (0, ["endpoint.secret_elsewhere"])
        assert outcome.document["findings"][0]["severity"] == "info"
    assert seen(client) == before


def test_a_new_secret_that_nothing_takes_elsewhere_is_refused_before_anything_is_made(
    cli: Cli, client: stripe.StripeClient
) -> None:
    (cli.folder / "creditctl.toml").write_text('[webhook]\nsecret = "elsewhere"\n')
    cli.environ["CREDITS_API_URL"] = API_URL
    outcome = cli("setup", "--json")

    assert (outcome.exit_code, outcome.document["error"]["code"]) == (3, "setup.secret_nowhere")
    assert client.v1.products.list().data == []
    assert cli("setup", "--secret-command", "sh -c 'cat > manager'").exit_code == 0
    assert cli("setup", "--check").exit_code == 0


def test_a_second_endpoint_beside_the_first_is_a_way_out(first: Cli, second: Cli, client: stripe.StripeClient) -> None:
    (old,) = endpoints(first)
    rotated = second("setup", "--rotate", "--json")

    assert (rotated.exit_code, codes(rotated)) == (0, ["endpoint.rotation_alone"])
    assert sorted(row["secret"] for row in endpoints(second)) == ["another", "held"]
    assert second("setup", "--rotate", "--json").report["changes"] == 0, "twice changes nothing"
    asked = second("doctor").stdout
    assert "Give the backend the new secret, then run `creditctl webhooks rotate --finish`." in asked
    assert "Write that endpoint's secret" not in asked, "nobody here holds the old one"
    assert first("setup", "--check").exit_code == 0, "the first machine keeps its secret and endpoint"
    assert first("webhooks", "rotate", "--json").document["error"]["code"] == "webhooks.rotation_elsewhere"

    assert second("webhooks", "rotate", "--finish", "--now").exit_code == 0
    assert [row["secret"] for row in endpoints(second)] == ["held"]
    assert old["id"] not in {row["id"] for row in endpoints(second)}
    assert first("setup", "--json").exit_code == 1


@pytest.mark.parametrize(
    ("answer", "options", "exit_code", "code"),
    [
        (None, (), 3, "guard.yes"),
        ("n\n", (), 3, "guard.declined"),
        ("y\n", (), 0, None),
        (None, ("--yes",), 0, None),
    ],
    ids=["nobody", "no", "yes", "--yes"],
)
def test_an_endpoint_is_given_up_only_by_somebody_who_was_told_what_stops(
    second: Cli,
    client: stripe.StripeClient,
    answer: str | None,
    options: tuple[str, ...],
    exit_code: int,
    code: str | None,
) -> None:
    before = seen(client)
    (old,) = endpoints(second)
    words = ["setup", "--replace-endpoint", *options]
    outcome = second(*words) if answer is None else second.answered(answer, *words)

    assert outcome.exit_code == exit_code
    assert old["id"] in outcome.stderr
    assert "signing secret" in outcome.stderr
    if code is None:
        assert [row["secret"] for row in endpoints(second)] == ["held"]
        assert second("setup", "--check").exit_code == 0
    else:
        assert seen(client) == before
        assert second(*words, "--json").document["error"]["code"] == "guard.yes"


def test_a_saved_plan_that_gives_up_an_endpoint_asks_too(second: Cli, client: stripe.StripeClient) -> None:
    assert second("setup", "--replace-endpoint", "--dry-run", "--plan-out", "plan.json").exit_code == 0
    before = seen(client)
    assert second("setup", "--plan", "plan.json", "--json").document["error"]["code"] == "guard.yes"
    assert seen(client) == before
    assert second("setup", "--plan", "plan.json", "--yes").exit_code == 0
    assert [row["secret"] for row in endpoints(second)] == ["held"]


def test_staging_with_a_copy_of_productions_settings_gets_an_endpoint_of_its_own(
    first: Cli, second: Cli, client: stripe.StripeClient
) -> None:
    shutil.copy(first.folder / ".env", second.folder / ".env")
    second.environ["CREDITS_API_URL"] = "http://127.0.0.1:10"
    (production,) = seen(client)
    outcome = second("setup", "--json")

    assert (outcome.exit_code, codes(outcome)) == (0, ["endpoint.elsewhere"])
    assert production in seen(client)
    assert len(seen(client)) == 2
    assert held(second) != held(first)
    assert first("setup", "--check").exit_code == 0
    assert second("setup", "--check").exit_code == 0


def test_a_backend_that_moved_takes_its_endpoint_along_by_name(first: Cli, client: stripe.StripeClient) -> None:
    (old,) = endpoints(first)
    first.environ["CREDITS_API_URL"] = "http://127.0.0.1:10"
    before = held(first)
    planned = first("setup", "--dry-run", "--json")
    assert f"--move-endpoint {old['id']}" in planned.document["findings"][0]["fix"]
    for _ in range(2):
        assert first("setup", "--move-endpoint", old["id"]).exit_code == 0

    assert [(row["id"], row["url"], row["secret"]) for row in endpoints(first)] == [
        (old["id"], f"http://127.0.0.1:10{PATH}", "held")
    ]
    assert held(first) == before


@pytest.mark.parametrize("case", ["unknown", "not ours", "taken", "rotating"])
def test_an_endpoint_that_cannot_be_moved_is_refused(first: Cli, client: stripe.StripeClient, case: str) -> None:
    named = endpoints(first)[0]["id"]
    if case == "rotating":
        assert first("webhooks", "rotate").exit_code == 0
    if case != "taken":
        first.environ["CREDITS_API_URL"] = "http://127.0.0.1:10"
    if case in ("not ours", "taken"):
        marks = {"managed_by": "creditctl"} if case == "taken" else {}
        made = client.v1.webhook_endpoints.create(
            {"url": "http://127.0.0.1:11/", "enabled_events": ["charge.refunded"], "metadata": marks}
        )
        named = made.id
    before = seen(client)
    outcome = first("setup", "--move-endpoint", "we_none" if case == "unknown" else named, "--json")

    assert (outcome.exit_code, outcome.document["error"]["code"]) == (2, "setup.move_endpoint")
    assert seen(client) == before


def test_ways_out_that_contradict_each_other_are_a_usage_error(first: Cli) -> None:
    outcome = first("setup", "--rotate", "--replace-endpoint", "--json")
    assert (outcome.exit_code, outcome.document["error"]["code"]) == (2, "setup.endpoint_choice")


def test_another_accounts_key_in_the_environment_leaves_the_env_file_alone(first: Cli, emulator: Emulator) -> None:
    before = (first.folder / ".env").read_bytes()
    first.environ["STRIPE_SECRET_KEY"] = OTHER_KEY
    theirs = stripe.StripeClient(OTHER_KEY, http_client=EmulatorHTTPClient(emulator))
    for command in (["setup"], ["webhooks", "register"]):
        outcome = first(*command, "--json")
        assert (outcome.exit_code, outcome.document["error"]["code"]) == (3, "setup.env_file_key")

    assert (first.folder / ".env").read_bytes() == before
    assert theirs.v1.products.list().data == []
    assert theirs.v1.webhook_endpoints.list().data == []
    assert first("setup", "--secret-command", "sh -c 'cat > taken'").exit_code == 0
    assert (first.folder / ".env").read_bytes() == before


def test_another_accounts_key_beside_our_ledger_changes_nothing_and_is_what_is_named(
    first: Cli, emulator: Emulator
) -> None:
    """One of both is a mistake: what is made with the key would be of no use to the ledger that stands here."""
    assert first("ledger", "init").exit_code == 0
    own = (first.folder / ".env").read_text()
    (first.folder / ".env").write_text(own.replace(TEST_KEY, OTHER_KEY))
    theirs = stripe.StripeClient(OTHER_KEY, http_client=EmulatorHTTPClient(emulator))
    for command in (["setup", "--yes"], ["webhooks", "register", "--yes"]):
        outcome = first(*command, "--json")
        assert (outcome.exit_code, outcome.document["error"]["code"]) == (3, "ledger.other_account")

    assert theirs.v1.products.list().data == theirs.v1.webhook_endpoints.list().data == []
    assert (first.folder / ".env").read_text() == own.replace(TEST_KEY, OTHER_KEY)
    assert "the ledger belongs to acct_" in first("status").stdout
    assert "STRIPE_SECRET_KEY is of the ledger's account" in first("status", "--json").report["next"]["reason"]
    doctor = first("doctor").stdout
    assert "Next: Use a key of the ledger's account" in doctor
    (first.folder / ".env").write_text(own)
    assert first("setup", "--check").exit_code == 0


@pytest.fixture
def backend() -> Iterator[WebhookServer]:
    """A backend whose webhook verifies signatures."""
    with webhook_server(PATH) as built:
        yield built


@pytest.fixture
def adopted(cli: Cli, client: stripe.StripeClient, backend: WebhookServer) -> Cli:
    """A machine that adopted an endpoint made by hand; the backend verifies with the endpoint's own secret."""
    cli.environ["CREDITS_API_URL"] = backend.url.removesuffix(PATH)
    by_hand = client.v1.webhook_endpoints.create(
        {
            "url": backend.url,
            "enabled_events": ["checkout.session.expired"],
            "api_version": "2026-10-28.endive",
        }
    )
    backend.secrets.append(str(by_hand.secret))
    cli.write_env([f"STRIPE_WEBHOOK_SECRET={by_hand.secret}"])
    assert cli("setup", "--adopt", by_hand.id).exit_code == 0
    return cli


def event(client: stripe.StripeClient, emulator: Emulator, backend: WebhookServer, clock: Clock) -> None:
    """A session expires, and its event is delivered."""
    clock.now += 60
    session = client.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "success_url": "https://example.com/",
            "line_items": [{"price": client.v1.prices.list({"limit": 1}).data[0].id, "quantity": 1}],
        }
    )
    client.v1.checkout.sessions.expire(session.id)

    def send(_url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        signature = {name.lower(): value for name, value in headers.items()}["stripe-signature"]
        return Reply(backend.take(body, signature) or 500)

    emulator.pump(send=send)


def of_endpoint(outcome: Outcome) -> str:
    return next(str(check["status"]) for check in outcome.report["checks"] if check["id"] == "probe.endpoint")


def status_of(adopted: Cli, command: str, check: str) -> str:
    found = [row for row in checks_in(adopted(command, "--json").report) if row["id"] == check]
    return str(found[0]["status"])


def checks_in(value: object) -> Iterator[dict[str, object]]:
    """Every check in a report, however deep."""
    if isinstance(value, list):
        for each in value:
            yield from checks_in(each)
    elif isinstance(value, dict):
        if "id" in value and "status" in value:
            yield value
        for each in value.values():
            yield from checks_in(each)


def test_an_adopted_secret_is_called_unproven_everywhere(adopted: Cli) -> None:
    checked = adopted("setup", "--check", "--json")

    assert (checked.exit_code, codes(checked)) == (0, ["endpoint.unproven"]), "adoption is finished in one run"
    assert [row["secret"] for row in endpoints(adopted)] == ["unproven"]
    assert status_of(adopted, "doctor", "doctor.secret") == "unknown"
    assert status_of(adopted, "doctor", "doctor.secret") == "unknown"


def test_an_adopted_secret_is_proven_by_two_probes_around_a_delivery(
    adopted: Cli, client: stripe.StripeClient, emulator: Emulator, backend: WebhookServer, clock: Clock
) -> None:
    event(client, emulator, backend, clock)
    clock.now += 60
    assert of_endpoint(adopted("webhooks", "probe", "--json")) == "unknown", "what was delivered before proves nothing"
    assert of_endpoint(adopted("webhooks", "probe", "--json")) == "unknown"
    event(client, emulator, backend, clock)
    proven = adopted("webhooks", "probe", "--json")

    assert of_endpoint(proven) == "pass"
    assert [row["secret"] for row in endpoints(adopted)] == ["held"]
    assert codes(adopted("setup", "--check", "--json")) == []
    assert status_of(adopted, "doctor", "doctor.secret") == "pass"
    assert set(client.v1.webhook_endpoints.list().data[0].metadata.to_dict()) == {"managed_by", "secret_fingerprint"}


def test_a_wrong_secret_that_the_backend_took_too_is_never_proven(
    adopted: Cli, client: stripe.StripeClient, emulator: Emulator, backend: WebhookServer, clock: Clock
) -> None:
    """Adopted with another secret, which the backend then uses as well: each delivery fails from there on."""
    wrong = "whsec_" + "of0another0endpoint"
    adopted.write_env([f"STRIPE_WEBHOOK_SECRET={wrong}"])
    event(client, emulator, backend, clock)
    refused = adopted("webhooks", "probe", "--json")
    assert (refused.exit_code, of_endpoint(refused)) == (1, "unknown")
    backend.secrets[:] = [wrong]
    for _ in range(3):
        assert of_endpoint(adopted("webhooks", "probe", "--json")) == "unknown"
        event(client, emulator, backend, clock)

    assert [row["secret"] for row in endpoints(adopted)] == ["unproven"]


def test_a_delivery_that_another_endpoint_makes_too_proves_nothing(
    adopted: Cli, client: stripe.StripeClient, emulator: Emulator, backend: WebhookServer, clock: Clock
) -> None:
    client.v1.webhook_endpoints.create({"url": "http://127.0.0.1:11/", "enabled_events": ["*"]})
    for _ in range(3):
        assert of_endpoint(adopted("webhooks", "probe", "--json")) == "unknown"
        event(client, emulator, backend, clock)


def test_a_probe_notes_nothing_on_an_account_that_nobody_confirmed(
    adopted: Cli, client: stripe.StripeClient, backend: WebhookServer
) -> None:
    before = seen(client)
    del adopted.environ["STRIPE_API_BASE"]
    outcome = adopted("webhooks", "probe", "--json")

    assert of_endpoint(outcome) == "unknown"
    assert any("--yes" in str(check["fix"]) for check in checks_in(outcome.report))
    assert seen(client) == before


def test_an_endpoint_cannot_be_adopted_with_the_secret_of_another(first: Cli, client: stripe.StripeClient) -> None:
    first.environ["CREDITS_API_URL"] = "http://127.0.0.1:10"
    by_hand = client.v1.webhook_endpoints.create(
        {"url": f"http://127.0.0.1:10{PATH}", "enabled_events": ["charge.refunded"]}
    )
    before = seen(client)
    outcome = first("setup", "--adopt", by_hand.id, "--json")

    assert (outcome.exit_code, outcome.document["error"]["code"]) == (3, "setup.adopt_secret")
    assert seen(client) == before


def test_an_adopted_endpoint_of_another_release_gets_its_successor_in_the_same_run(
    cli: Cli, client: stripe.StripeClient
) -> None:
    cli.environ["CREDITS_API_URL"] = API_URL
    by_hand = client.v1.webhook_endpoints.create({"url": API_URL + PATH, "enabled_events": ["charge.refunded"]})
    cli.write_env([f"STRIPE_WEBHOOK_SECRET={by_hand.secret}"])
    assert cli("setup", "--adopt", by_hand.id).exit_code == 0

    assert sorted(row["secret"] for row in endpoints(cli)) == ["held", "unproven"]
    assert held(cli)[1:] == [Secret(str(by_hand.secret)).fingerprint]
    assert cli("setup", "--check", "--json").report["plan"]["summary"]["keep"] == 12
    assert cli("setup", "--check").exit_code == 0
