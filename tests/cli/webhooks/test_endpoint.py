"""Endpoint of the settings, which the webhook commands work on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.cli import Cli


def test_without_a_url_there_is_nothing_to_register_or_probe(cli: Cli) -> None:
    for command in ("register", "probe", "rotate"):
        outcome = cli("webhooks", command, "--json")
        assert (outcome.exit_code, outcome.document["error"]["code"]) == (3, "webhooks.no_url")
