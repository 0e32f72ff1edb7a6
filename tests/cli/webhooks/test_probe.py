"""`creditctl webhooks probe`: what nobody answers is unreachable."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.cli import Cli


def test_a_probe_that_nobody_answers_is_unreachable(shop: Cli) -> None:
    shop("setup")
    outcome = shop("webhooks", "probe", "--json")

    assert outcome.exit_code == 5
    statuses = {check["id"]: check["status"] for check in outcome.report["checks"]}
    assert statuses.pop("probe.endpoint") == "pass", "that is between us and Stripe: the fingerprint is ours"
    assert set(statuses.values()) == {"unknown"}
