"""The connection to Stripe: what is sent where, with which key, to which account."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from creditctl.core.errors import ConfigurationError, GuardRefused
from creditctl.core.modes import Mode
from creditctl.core.project_file.project import ProjectFile
from creditctl.core.project_file.running import EmulatorSection
from creditctl.core.settings import merge_settings
from creditctl.stripe_api.client import StripeConnection, connect
from tests.support.keys import LIVE_KEY, REHEARSAL_KEY, TEST_KEY
from tests.support.scripted_stripe import Scripted, ScriptedStripe, StripeAnswer, error, lost
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
        open_door(transport, REHEARSAL_KEY, STRIPE_API_BASE="http://127.0.0.1:9")
    assert [(request.url, request.headers) for request in transport.requests] == [("http://127.0.0.1:9/_emulator", {})]


def test_a_live_key_that_might_be_real_goes_to_no_emulator(open_door: OpenDoor) -> None:
    transport = scripted({"emulator": "creditctl"}, PRODUCT)
    with pytest.raises(GuardRefused, match="might be a real one"):
        open_door(transport, LIVE_KEY, STRIPE_API_BASE="http://127.0.0.1:9")
    assert transport.requests == []


def test_live_mode_is_rehearsed_at_our_emulator_with_the_guard_in_place(open_door: OpenDoor) -> None:
    transport = scripted({"emulator": "creditctl"}, PRODUCT)
    with open_door(transport, REHEARSAL_KEY, STRIPE_API_BASE="http://127.0.0.1:9") as door:
        assert (door.mode, door.livemode) == (Mode.LIVE, True)
        with pytest.raises(GuardRefused, match="live key"):
            door.client.v1.products.create({"name": "Starter"})
        door.allow_live_writes()
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


LISTED = ProjectFile(emulator=EmulatorSection(("emulator:12111",)))
ELSEWHERE = "http://emulator:12111"


def elsewhere(transport: ScriptedStripe, folder: Path, key: str, project: ProjectFile = LISTED) -> StripeConnection:
    """A connection to an emulator on another host."""
    values = {"STRIPE_SECRET_KEY": key, "STRIPE_API_BASE": ELSEWHERE}
    settings = merge_settings(values, {}, env_file=Path(".env"), folder=folder)
    return connect(replace(settings, project=project), sleep=lambda _: None, chance=lambda: 0.0, transport=transport)


def test_a_listed_emulator_proves_itself_before_it_gets_a_key(tmp_path: Path) -> None:
    transport = scripted({"emulator": "creditctl"}, PRODUCT)
    with elsewhere(transport, tmp_path, TEST_KEY) as door:
        assert door.mode is Mode.EMULATOR
        door.client.v1.products.retrieve("prod_1")
        assert set(door.client._requestor.base_addresses.values()) == {ELSEWHERE}
    assert (transport.requests[0].url, transport.requests[0].headers) == (f"{ELSEWHERE}/_emulator", {})
    assert transport.requests[1].url == f"{ELSEWHERE}/v1/products/prod_1"


@pytest.mark.parametrize("answer", [error(404), {"emulator": "another"}, "not JSON", lost()])
def test_what_is_listed_and_is_no_emulator_gets_no_key(tmp_path: Path, answer: Scripted) -> None:
    transport = scripted(answer)
    with pytest.raises(GuardRefused) as refused:
        elsewhere(transport, tmp_path, TEST_KEY)
    assert (refused.value.code, refused.value.exit_code) == ("guard.not_the_emulator", 3)
    assert [request.headers for request in transport.requests] == [{}]


@pytest.mark.parametrize("key", [LIVE_KEY, "sk_test_" + "a" * 24, "rk_test_" + "myemulator0000000"])
def test_a_key_that_might_be_real_goes_to_no_other_machine(tmp_path: Path, key: str) -> None:
    transport = scripted()
    with pytest.raises(GuardRefused) as refused:
        elsewhere(transport, tmp_path, key)
    assert (refused.value.code, transport.requests) == ("guard.emulator_key", [])
    assert key not in str(refused.value) + refused.value.fix


def test_a_host_that_is_not_listed_gets_nothing(tmp_path: Path) -> None:
    transport = scripted()
    with pytest.raises(ConfigurationError):
        elsewhere(transport, tmp_path, TEST_KEY, ProjectFile())
    assert transport.requests == []
