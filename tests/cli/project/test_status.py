"""`creditctl status`: with nothing at all, with nothing reachable, and step by step until nothing stands in the way."""

from __future__ import annotations

import pytest
import stripe

from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from tests.support.cli import Cli, Outcome
from tests.support.keys import TEST_KEY
from tests.support.scripted_stripe import ScriptedStripe, answers, lost, queue


def unreachable() -> stripe.HTTPClient:
    """A Stripe that no request reaches."""
    return ScriptedStripe(queue(*[lost() for _ in range(100)]))


def listless(emulator: Emulator) -> stripe.HTTPClient:
    """A Stripe that answers everything but the list of sessions."""
    transport = ScriptedStripe(emulator)
    transport.on(answers(lost()), path="/v1/checkout/sessions")
    return transport


def states(outcome: Outcome) -> dict[str, str]:
    assert outcome.exit_code == 0, outcome.stderr
    return {item["id"]: item["state"] for item in outcome.report["items"]}


def text(outcome: Outcome, name: str) -> str:
    return str(next(item["text"] for item in outcome.report["items"] if item["id"] == name))


def following(outcome: Outcome) -> str:
    return str(outcome.report["next"]["command"])


def test_with_nothing_at_all_each_thing_is_said_with_its_reason(offline_cli: Cli) -> None:
    outcome = offline_cli("status", "--json")

    assert states(outcome) == {
        "settings": "absent",
        "project": "absent",
        "mode": "unknown",
        "deployment": "known",
        "catalog": "known",
        "account": "unknown",
        "prices": "unknown",
        "endpoint": "unknown",
        "ledger": "unknown",
        "reconcile": "unknown",
    }
    assert "STRIPE_SECRET_KEY is not set" in text(outcome, "mode")
    assert following(outcome) == "creditctl init"


def test_without_a_network_what_is_here_is_said(cli: Cli) -> None:
    cli.transport = unreachable
    outcome = cli("status", "--json")

    assert states(outcome)["mode"] == "known"
    assert states(outcome)["account"] == "unknown"
    assert states(outcome)["ledger"] == "absent"
    assert following(outcome) == "creditctl emulator"


def test_step_by_step_until_nothing_stands_in_the_way(cli: Cli) -> None:
    cli.environ |= {"CREDITS_API_URL": "http://127.0.0.1:8000", "FRONTEND_URL": "http://127.0.0.1:3000"}
    assert following(cli("status", "--json")) == "creditctl setup --dry-run"

    assert cli("setup", "--yes").exit_code == 0
    assert following(cli("status", "--json")) == "creditctl ledger init"

    assert cli("ledger", "init").exit_code == 0
    assert following(cli("status", "--json")) == "creditctl reconcile"

    assert cli("reconcile").exit_code == 0
    done = cli("status", "--json")
    assert set(states(done).values()) == {"known", "absent"}
    assert states(done)["reconcile"] == "known"
    assert following(done) == "creditctl checklist"

    cli.clock.now += 2 * 86_400
    assert following(cli("status", "--json")) == "creditctl reconcile"


def test_an_application_with_prices_of_its_own_is_not_sent_to_set_up(cli: Cli) -> None:
    cli.environ |= {"CREDITS_API_URL": "http://127.0.0.1:8000", "FRONTEND_URL": "http://127.0.0.1:3000"}
    (cli.folder / "creditctl.toml").write_text('[[package]]\nslug = "a"\ncredits = 5\nsold = [{ price = "price_1" }]\n')
    assert cli("setup", "--yes").exit_code == 0
    outcome = cli("status", "--json")

    assert text(outcome, "catalog") == "1 package in creditctl.toml"
    assert text(outcome, "prices") == "the application's own: set-up makes none"
    assert following(outcome) == "creditctl ledger init"


def test_a_person_reads_one_line_for_each_and_the_next_command(cli: Cli) -> None:
    outcome = cli("status", "--deployment", "eu")

    assert "Deployment               eu\n" in outcome.stdout
    assert outcome.stdout.splitlines()[-1].startswith("Next: `creditctl ")


@pytest.mark.parametrize("broken", ["[webook]\n", "not toml", f'deployment = "{TEST_KEY}"\n'])
def test_a_broken_project_file_hides_nothing_else(cli: Cli, broken: str) -> None:
    (cli.folder / "creditctl.toml").write_text(broken)
    outcome = cli("status", "--json")

    assert states(outcome)["project"] == "unknown"
    assert states(outcome)["mode"] == "known"
    assert "creditctl.toml" in text(outcome, "project")
    assert following(outcome) == "creditctl status"
    assert TEST_KEY not in outcome.stdout + outcome.stderr


def test_a_ledger_of_another_deployment_is_said(cli: Cli) -> None:
    cli("ledger", "init", "--deployment", "eu")
    outcome = cli("status", "--json")

    assert (states(outcome)["deployment"], states(outcome)["ledger"]) == ("unsettled", "known")
    assert text(outcome, "deployment") == (
        "the ledger belongs to the deployment eu, and the settings name no named deployment"
    )


def test_a_ledger_that_was_named_leads_to_the_name_in_the_settings(cli: Cli) -> None:
    cli.environ |= {"CREDITS_API_URL": "https://api.example", "FRONTEND_URL": "https://shop.example"}
    cli("ledger", "init")
    cli("ledger", "init", "--deployment", "eu", "--since", "1d")

    between = cli("status", "--json").report["next"]
    (cli.folder / "creditctl.toml").write_text('deployment = "eu"\n')
    written = cli("status", "--json")

    assert between["command"] == "creditctl status"
    assert "once `deployment` in creditctl.toml is the ledger's" in between["reason"]
    assert (states(written)["deployment"], following(written)) == ("known", "creditctl setup --dry-run")


def test_another_account_than_the_pinned_one_is_said(cli: Cli) -> None:
    cli.environ["STRIPE_ACCOUNT_ID"] = "acct_elsewhere"
    outcome = cli("status", "--json")

    assert "acct_elsewhere" in text(outcome, "account")
    assert states(outcome)["prices"] == "unknown"


def test_a_reconcile_that_could_not_read_everything_does_not_count(cli: Cli, emulator: Emulator) -> None:
    cli("ledger", "init")
    good = cli.transport
    assert good is not None
    cli("reconcile")
    cli.clock.now += 60
    first = text(cli("status", "--json"), "reconcile")
    cli.transport = lambda: listless(emulator)
    assert cli("reconcile").exit_code == 5
    cli.transport = good
    outcome = cli("status", "--json")

    assert text(outcome, "reconcile").startswith(first)
    assert "a later one could not read everything" in text(outcome, "reconcile")


def test_the_env_file_in_use_stands_in_the_next_command(cli: Cli) -> None:
    (cli.folder / "my prod.env").write_text(f"STRIPE_SECRET_KEY={TEST_KEY}\n")

    assert following(cli("status", "--env-file", "my prod.env", "--json")).endswith(" --env-file 'my prod.env'")


def test_no_request_changes_anything(cli: Cli, emulator: Emulator) -> None:
    cli("status")
    client = stripe.StripeClient(TEST_KEY, http_client=EmulatorHTTPClient(emulator))

    assert client.v1.products.list().data == []
    assert list(cli.folder.iterdir()) == []
