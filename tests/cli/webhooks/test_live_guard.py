"""Nothing that changes a live endpoint goes on without the mode and the account's id."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import stripe

if TYPE_CHECKING:
    from tests.support.cli import Cli
    from tests.support.clock import Clock


@pytest.mark.parametrize(
    "command",
    [("register",), ("rotate",), ("disable", "ID"), ("enable", "ID"), ("delete", "ID")],
    ids=lambda command: command[0],
)
def test_nothing_happens_to_a_live_endpoint_unconfirmed(shop: Cli, clock: Clock, command: tuple[str, ...]) -> None:
    from creditctl.emulator.app import Emulator
    from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient

    live_key = "sk_live_" + "emulator0000000000"
    live_emulator = Emulator(clock=clock, seed=1, livemode=True)
    shop.transport = lambda: EmulatorHTTPClient(live_emulator)
    del shop.environ["STRIPE_API_BASE"]
    shop.environ |= {"STRIPE_SECRET_KEY": live_key, "CREDITS_API_URL": "https://api.example.com"}
    live = stripe.StripeClient(live_key, http_client=EmulatorHTTPClient(live_emulator))
    account = live.v1.accounts.retrieve_current().id
    assert shop("webhooks", "register", "--mode", "live", "--confirm", account).exit_code == 0
    (made,) = live.v1.webhook_endpoints.list().data
    if command[0] in ("register", "enable"):
        live.v1.webhook_endpoints.update(made.id, {"disabled": True})
    before = [str(endpoint) for endpoint in live.v1.webhook_endpoints.list().data]
    words = ["webhooks", *(made.id if word == "ID" else word for word in command)]

    for options in ((), ("--yes",), ("--mode", "live", "--yes"), ("--mode", "live", "--confirm", "acct_wrong")):
        refused = shop(*words, *options, "--json")
        assert (refused.exit_code, refused.document["error"]["type"]) == (3, "guard")
    assert [str(endpoint) for endpoint in live.v1.webhook_endpoints.list().data] == before
    assert shop(*words, "--mode", "live", "--confirm", account).exit_code == 0
    live_emulator.close()
