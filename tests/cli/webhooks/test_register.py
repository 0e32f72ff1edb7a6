"""`creditctl webhooks register`: the endpoint alone, made or repaired."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.endpoints import endpoints

if TYPE_CHECKING:
    import stripe

    from tests.support.cli import Cli


def test_register_makes_the_endpoint_alone_and_list_shows_it(shop: Cli, client: stripe.StripeClient) -> None:
    assert endpoints(shop) == []
    assert shop("webhooks", "register").exit_code == 0
    assert shop("webhooks", "register", "--json").report["changes"] == 0

    assert [(row["managed"], row["secret"], row["status"]) for row in endpoints(shop)] == [(True, "held", "enabled")]
    assert client.v1.products.list().data == []
    assert "creditctl" in shop("webhooks", "list").stdout
