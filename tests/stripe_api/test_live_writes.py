"""Nothing is written with a live key before mode and account were confirmed."""

from __future__ import annotations

import pytest

from creditctl.cli.guard import confirm_live_writes
from creditctl.core.errors import GuardRefused
from creditctl.core.modes import Mode
from tests.support.keys import LIVE_KEY
from tests.support.stripe_connections import ACCOUNT, PRODUCT, OpenDoor, scripted


def test_live_writes_are_locked_until_a_guard_opens_them(open_door: OpenDoor) -> None:
    transport = scripted(PRODUCT, ACCOUNT, PRODUCT)
    with open_door(transport, LIVE_KEY) as door:
        door.client.v1.products.retrieve("prod_1")
        with pytest.raises(GuardRefused):
            door.client.v1.products.create({"name": "Starter"})
        with pytest.raises(GuardRefused):
            door.client.v1.products.delete("prod_1")
        confirm_live_writes(door, expected=Mode.LIVE, confirm="acct_mine")
        door.client.v1.products.create({"name": "Starter"})


@pytest.mark.parametrize(
    ("expected", "confirm", "typed", "code"),
    [
        (None, "acct_mine", None, "guard.live_mode"),
        (Mode.TEST, "acct_mine", None, "guard.live_mode"),
        (Mode.LIVE, None, None, "guard.confirm"),
        (Mode.LIVE, "acct_other", None, "guard.confirm"),
        (Mode.LIVE, None, "", "guard.confirm"),
        (Mode.LIVE, None, "yes", "guard.confirm"),
    ],
)
def test_a_live_write_that_is_not_confirmed_is_refused(
    open_door: OpenDoor, expected: Mode | None, confirm: str | None, typed: str | None, code: str
) -> None:
    with open_door(scripted(ACCOUNT), LIVE_KEY) as door:
        ask = None if typed is None else lambda _question: typed
        with pytest.raises(GuardRefused) as caught:
            confirm_live_writes(door, expected=expected, confirm=confirm, ask=ask)
        assert caught.value.code == code
        with pytest.raises(GuardRefused):
            door.client.v1.products.create({"name": "Starter"})


def test_the_account_may_be_typed(open_door: OpenDoor) -> None:
    with open_door(scripted(ACCOUNT, PRODUCT), LIVE_KEY) as door:
        confirm_live_writes(door, expected=Mode.LIVE, confirm=None, ask=lambda _question: " acct_mine\n")
        assert door.client.v1.products.create({"name": "Starter"}).id == "prod_1"
