"""`creditctl webhooks disable, enable, delete`: planned, asked for, applied once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.endpoints import endpoints

if TYPE_CHECKING:
    import stripe

    from creditctl.emulator.app import Emulator
    from tests.support.cli import Cli


def test_an_endpoint_is_switched_off_and_on_and_deleted(shop: Cli) -> None:
    made = shop("webhooks", "register", "--json").report["endpoint"]
    assert shop("webhooks", "disable", made, "--json").report["endpoint"]["status"] == "disabled"
    assert shop("webhooks", "enable", made, "--json").report["endpoint"]["status"] == "enabled"
    assert shop("webhooks", "delete", made, "--json").report == {"deleted": made}

    assert endpoints(shop) == []
    assert shop("webhooks", "delete", made, "--json").exit_code == 4


def test_a_deletion_whose_answer_was_cut_off_is_not_told_as_a_failure(shop: Cli, emulator: Emulator) -> None:
    made = shop("webhooks", "register", "--json").report["endpoint"]
    emulator.services.faults.add({"kind": "cut_after", "method": "DELETE", "count": 1})

    assert shop("webhooks", "delete", made, "--json").report == {"deleted": made}
    assert endpoints(shop) == []


@pytest.mark.parametrize(("command", "planned"), [("disable", "update"), ("delete", "delete"), ("enable", "keep")])
def test_a_dry_run_shows_the_plan_and_sends_nothing(
    shop: Cli, client: stripe.StripeClient, command: str, planned: str
) -> None:
    made = shop("webhooks", "register", "--json").report["endpoint"]
    before = str(client.v1.webhook_endpoints.retrieve(made))

    outcome = shop("webhooks", command, made, "--dry-run", "--json")
    shown = shop("webhooks", command, made, "--dry-run").stdout

    assert (outcome.exit_code, list(outcome.report)) == (0, ["plan"])
    assert [step["action"] for step in outcome.report["plan"]["steps"]] == [planned]
    assert ("Nothing to do." if planned == "keep" else f"creditctl webhooks {command} {made}") in shown
    assert str(client.v1.webhook_endpoints.retrieve(made)) == before


def test_what_is_switched_already_is_neither_asked_for_nor_sent(shop: Cli, client: stripe.StripeClient) -> None:
    made = shop("webhooks", "register", "--json").report["endpoint"]
    shop.environ["STRIPE_API_BASE"] = ""

    done = shop("webhooks", "enable", made, "--json")
    asked = shop("webhooks", "disable", made, "--json")

    assert (done.exit_code, done.report["endpoint"]["status"]) == (0, "enabled")
    assert asked.document["error"]["code"] == "guard.yes"
    assert client.v1.webhook_endpoints.retrieve(made).status == "enabled"


def test_the_plan_is_shown_before_the_question(shop: Cli) -> None:
    made = shop("webhooks", "register", "--json").report["endpoint"]

    outcome = shop("webhooks", "disable", made)

    assert "Plan: 1 to update." in outcome.stderr
    assert outcome.stdout.startswith(f"{made} (")


@pytest.mark.parametrize("command", ["disable", "enable", "delete"])
def test_an_endpoint_that_does_not_exist_is_refused_by_stripe(shop: Cli, command: str) -> None:
    for options in ((), ("--dry-run",)):
        assert shop("webhooks", command, "we_nobody", *options, "--json").exit_code == 4
