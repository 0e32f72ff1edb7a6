"""A setting that stands in two places differently is said where it is used, once, and never with a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.keys import TEST_KEY

if TYPE_CHECKING:
    from tests.support.cli import Cli

OTHER = "sk_test_" + "emulatorOfSomebodyElse"
SECRETS = ("whsec_" + "exported0one", "whsec_" + "written0one")


def told(stderr: str, name: str) -> int:
    return stderr.count(f"Note: {name} is exported with another value than in .env")


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["plain", "json"])
@pytest.mark.parametrize("command", [("webhooks", "list"), ("reconcile",), ("setup", "--dry-run"), ("checklist",)])
def test_a_key_that_stands_in_two_places_is_said_by_whatever_uses_it(
    cli: Cli, command: tuple[str, ...], options: tuple[str, ...]
) -> None:
    cli.write_env([f"STRIPE_SECRET_KEY={OTHER}"])
    outcome = cli(*command, *options)

    assert told(outcome.stderr, "STRIPE_SECRET_KEY") == 1
    assert OTHER not in outcome.stdout + outcome.stderr
    if options:
        assert outcome.document["schema"]


def test_a_signing_secret_is_said_where_it_is_used_and_nowhere_else(cli: Cli) -> None:
    cli.write_env([f"STRIPE_WEBHOOK_SECRET={SECRETS[1]}"])
    cli.environ |= {"STRIPE_WEBHOOK_SECRET": SECRETS[0], "CREDITS_API_URL": "http://127.0.0.1:9"}

    assert told(cli("webhooks", "probe").stderr, "STRIPE_WEBHOOK_SECRET") == 1
    assert told(cli("setup", "--dry-run").stderr, "STRIPE_WEBHOOK_SECRET") == 1
    assert told(cli("packages").stderr, "STRIPE_WEBHOOK_SECRET") == 0


def test_a_database_url_by_any_name_is_said_too(cli: Cli) -> None:
    cli.write_env(["THEIR_BOOKS=sqlite:///written.db"])
    cli.environ["THEIR_BOOKS"] = "sqlite:///exported.db"
    assert cli("ledger", "init").exit_code == 0

    assert told(cli("ledger", "import", "--url-env", "THEIR_BOOKS").stderr, "THEIR_BOOKS") == 1


def test_the_same_value_in_both_places_is_nothing_to_say(cli: Cli) -> None:
    cli.write_env([f"STRIPE_SECRET_KEY={TEST_KEY}"])

    assert "Note:" not in cli("webhooks", "list").stderr
