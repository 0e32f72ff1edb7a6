"""Webhook endpoints as `creditctl webhooks list` shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support.cli import Cli


def endpoints(cli: Cli) -> list[dict[str, Any]]:
    """The rows of `webhooks list`."""
    rows: list[dict[str, Any]] = cli("webhooks", "list", "--json").report["endpoints"]
    return rows
