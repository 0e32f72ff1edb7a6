"""`creditctl webhooks rotate`: begun, waiting for its proof, ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tests.support.endpoints import endpoints

if TYPE_CHECKING:
    import stripe

    from creditctl.emulator.app import Emulator
    from tests.support.cli import Cli
    from tests.support.clock import Clock


def test_a_rotation_waits_for_a_delivery_and_then_ends(
    shop: Cli, emulator: Emulator, client: stripe.StripeClient, clock: Clock
) -> None:
    from creditctl.emulator.protocol.wire import Reply

    shop("setup")
    before = (shop.folder / ".env").read_text()
    assert shop("webhooks", "rotate", "--json").report["stage"] == "overlap"
    assert shop("setup", "--check").exit_code == 0
    waiting = shop("webhooks", "rotate", "--json")
    assert (waiting.exit_code, waiting.document["findings"][0]["code"]) == (1, "rotation.waiting")
    assert len(endpoints(shop)) == 2

    clock.now += 60
    session = client.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "success_url": "https://example.com/",
            "line_items": [{"price": client.v1.prices.list({"limit": 1}).data[0].id, "quantity": 1}],
        }
    )
    client.v1.checkout.sessions.expire(session.id)

    def accepted(_url: str, _headers: Mapping[str, str], _body: bytes) -> Reply:
        return Reply(200)

    emulator.pump(send=accepted)
    done = shop("webhooks", "rotate", "--json")

    assert (done.exit_code, done.report["stage"]) == (0, "done")
    assert done.report["event"].startswith("evt_")
    assert [row["secret"] for row in endpoints(shop)] == ["held"]
    after = (shop.folder / ".env").read_text()
    assert after != before
    assert "," not in after
    assert shop("setup", "--check").exit_code == 0


def test_a_rotation_can_be_ended_without_waiting(shop: Cli) -> None:
    shop("setup")
    shop("webhooks", "rotate")
    assert shop("webhooks", "rotate", "--now", "--json").report["stage"] == "done"
    assert len(endpoints(shop)) == 1


def test_there_is_nothing_to_rotate_without_an_endpoint(shop: Cli) -> None:
    outcome = shop("webhooks", "rotate", "--json")

    assert (outcome.exit_code, outcome.document["error"]["code"]) == (3, "webhooks.nothing_to_rotate")
