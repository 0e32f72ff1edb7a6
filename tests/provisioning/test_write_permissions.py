"""What a restricted key may not do is noticed before the first object is made, and asking changes and notes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from creditctl.core.errors import ConfigurationError
from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from creditctl.provisioning.observe import observe
from creditctl.stripe_api.client import StripeConnection
from tests.support.keys import TEST_KEY
from tests.support.provisioning import Catalogs, Doors
from tests.support.scripted_stripe import ScriptedStripe, answers, error
from tests.support.set_up import assert_settled, set_up

RESTRICTED = "rk_test_" + "restricted0000000"
WRITES = ("rak_product_write", "rak_plan_write", "rak_webhook_write")


def restrict(emulator: Emulator, *permissions: str) -> None:
    """Makes the restricted key, of the account of the tests' own key."""
    body = json.dumps({"key": RESTRICTED, "permissions": sorted(permissions)})
    headers = {"authorization": f"Bearer {TEST_KEY}", "content-type": "application/json"}
    sent = EmulatorHTTPClient(emulator).request("post", "http://127.0.0.1:1/_emulator/keys", headers, body)
    assert sent[1] == 200, sent[0]


def test_a_key_that_may_do_everything_is_not_asked(
    door: StripeConnection, make_catalog: Catalogs, tmp_path: Path
) -> None:
    set_up(door, make_catalog(("starter", 1000, 1000)), tmp_path / ".env")

    assert door.request_count == 6, "two reads, three objects, the endpoint's mark"


def test_a_restricted_key_that_may_do_it_all_sets_up_and_notes_changes_alone(
    emulator: Emulator, make_door: Doors, make_catalog: Catalogs, tmp_path: Path
) -> None:
    restrict(emulator, *WRITES)
    catalog, door = make_catalog(("starter", 1000, 1000)), make_door(key=RESTRICTED)
    set_up(door, catalog, tmp_path / ".env")

    assert_settled(door, catalog, tmp_path / ".env")
    assert len((tmp_path / "audit.jsonl").read_text().splitlines()) == 4
    assert list(tmp_path.glob("*.pending")) == []


@pytest.mark.parametrize("missing", WRITES)
def test_a_missing_permission_leaves_the_account_as_it_was(
    missing: str, emulator: Emulator, make_door: Doors, make_catalog: Catalogs, tmp_path: Path, door: StripeConnection
) -> None:
    reads = [name.replace("_write", "_read") for name in WRITES]
    restrict(emulator, *reads, *(name for name in WRITES if name != missing))
    with pytest.raises(ConfigurationError, match=missing):
        set_up(make_door(key=RESTRICTED), make_catalog(("starter", 1000, 1000)), tmp_path / ".env")

    seen = observe(door)
    assert (seen.products, seen.prices, seen.endpoints) == ((), (), ())
    assert not (tmp_path / ".env").exists()


def test_where_stripe_looks_for_the_object_first_the_change_itself_is_refused(
    emulator: Emulator, make_door: Doors, make_catalog: Catalogs, tmp_path: Path
) -> None:
    restrict(emulator, "rak_product_write", "rak_plan_read", "rak_webhook_write")
    transport = ScriptedStripe(emulator)
    transport.on(answers(error(404)), method="POST", path="/v1/*/*creditctl_permission")
    with pytest.raises(ConfigurationError, match="rak_plan_write"):
        set_up(make_door(transport, key=RESTRICTED), make_catalog(("starter", 1000, 1000)), tmp_path / ".env")
