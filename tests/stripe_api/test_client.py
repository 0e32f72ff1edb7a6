"""The connection to Stripe: what is sent where, with which key, to which account."""

from __future__ import annotations

from pathlib import Path

import pytest

from creditctl.core.errors import GuardRefused
from creditctl.core.modes import Mode
from tests.support.keys import LIVE_KEY
from tests.support.scripted_stripe import Scripted, StripeAnswer, error, lost
from tests.support.stripe_connections import ACCOUNT, PRODUCT, OpenDoor, scripted


def test_no_telemetry_and_no_notice(open_door: OpenDoor, tmp_path: Path) -> None:
    transport = scripted(StripeAnswer(PRODUCT, headers={"Stripe-Notice": "hear, hear"}), PRODUCT)
    with open_door(transport) as door:
        door.client.v1.products.retrieve("prod_1")
        door.client.v1.products.retrieve("prod_1")
    for request in transport.requests:
        assert "X-Stripe-Client-Telemetry" not in request.headers
        assert "telemetry_id" not in request.headers["X-Stripe-Client-User-Agent"]


def test_nothing_leaves_the_machine_when_the_base_is_local(open_door: OpenDoor) -> None:
    transport = scripted(PRODUCT, {"id": "file_1", "object": "file"})
    with open_door(transport, STRIPE_API_BASE="http://127.0.0.1:9") as door:
        assert door.mode is Mode.EMULATOR
        door.client.v1.products.retrieve("prod_1")
        assert set(door.client._requestor.base_addresses.values()) == {"http://127.0.0.1:9"}


@pytest.mark.parametrize("answer", [error(404), {"emulator": "another"}, "not JSON", lost()])
def test_a_live_key_goes_to_no_local_address_but_our_emulator(open_door: OpenDoor, answer: Scripted) -> None:
    transport = scripted(answer)
    with pytest.raises(GuardRefused, match="live key"):
        open_door(transport, LIVE_KEY, STRIPE_API_BASE="http://127.0.0.1:9")
    assert [(request.url, request.headers) for request in transport.requests] == [("http://127.0.0.1:9/_emulator", {})]


def test_a_live_key_goes_to_our_emulator(open_door: OpenDoor) -> None:
    transport = scripted({"emulator": "creditctl"}, PRODUCT)
    with open_door(transport, LIVE_KEY, STRIPE_API_BASE="http://127.0.0.1:9") as door:
        assert (door.mode, door.livemode) == (Mode.EMULATOR, True)
        door.client.v1.products.create({"name": "Starter"})


def test_another_account_than_the_pinned_one_is_refused_before_anything_else(open_door: OpenDoor) -> None:
    transport = scripted(ACCOUNT)
    with open_door(transport, STRIPE_ACCOUNT_ID="acct_other") as door, pytest.raises(GuardRefused, match="acct_other"):
        door.client.v1.products.create({"name": "Starter"})
    assert [request.url for request in transport.requests] == ["https://api.stripe.com/v1/account"]


def test_the_pinned_account_is_looked_at_once(open_door: OpenDoor) -> None:
    transport = scripted(ACCOUNT, PRODUCT, PRODUCT)
    with open_door(transport, STRIPE_ACCOUNT_ID="acct_mine") as door:
        door.client.v1.products.retrieve("prod_1")
        door.client.v1.products.retrieve("prod_1")
    assert len(transport.requests) == 3
