"""`creditctl webhooks list`: every endpoint whole, on a narrow terminal and in a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.terminal import assert_whole, lines_of, on_terminal

if TYPE_CHECKING:
    import stripe

    from tests.support.cli import Cli

LONG_URL = "https://credits.a-rather-long-company-name.example.com/api/credits/webhook?deployment=production-eu-1"


def test_every_id_and_url_is_whole_at_80_columns_and_in_a_pipe(shop: Cli, client: stripe.StripeClient) -> None:
    assert shop("webhooks", "register").exit_code == 0
    client.v1.webhook_endpoints.create({"url": LONG_URL, "enabled_events": ["*"]})
    made = client.v1.webhook_endpoints.list().data

    assert_whole(shop, ["webhooks", "list"], [value for each in made for value in (each.id, each.url)])
    assert len(made) == 2


def test_a_pipe_has_a_row_an_endpoint(shop: Cli, client: stripe.StripeClient) -> None:
    made = client.v1.webhook_endpoints.create({"url": LONG_URL, "enabled_events": ["*"]})

    _, headings, row, following = shop("webhooks", "list").stdout.splitlines()

    assert headings.split() == ["Endpoint", "URL", "Status", "Events", "Version", "Managed", "Secret"]
    assert row.split()[:3] == [made.id, LONG_URL, "enabled"]
    assert following.startswith("Next:")


def test_a_terminal_with_too_little_room_is_given_blocks(shop: Cli, client: stripe.StripeClient) -> None:
    made = client.v1.webhook_endpoints.create({"url": LONG_URL, "enabled_events": ["*"]})

    shown = lines_of(on_terminal(shop)("webhooks", "list").stdout)

    assert shown[1].split() == ["Endpoint:", made.id]
    assert shown[2].split() == ["URL:", LONG_URL]
