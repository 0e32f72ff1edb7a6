"""Checks are chosen by id, name, group or family, each once and in their order."""

from __future__ import annotations

import pytest

from creditctl.checks.answers import CheckAnswer, passed
from creditctl.checks.check import ADVICE, Check
from creditctl.checks.selection import listed, select
from creditctl.core.errors import UsageError


def ask(_: str) -> CheckAnswer:
    return passed(_)


CHECKS = (
    Check("room.door", "The door is shut", ask, group="Outside"),
    Check("room.window", "The window is shut", ask, group="Outside", required=ADVICE),
    Check("room.lamp", "The lamp is out", ask, group="Inside"),
)


def names(*only: str, skip: tuple[str, ...] = ()) -> list[str]:
    return [check.name for check in select(CHECKS, only, skip)]


def test_all_without_a_choice_and_in_their_order_with_one() -> None:
    assert names() == ["door", "window", "lamp"]
    assert names("lamp", "room.door", "lamp") == ["door", "lamp"]
    assert names("Outside") == ["door", "window"]
    assert names("room", skip=("window",)) == ["door", "lamp"]


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError) as refused:
        names("dor")
    assert "Did you mean" in refused.value.fix
    with pytest.raises(UsageError):
        names(skip=("nonsense",))


def test_nothing_left_is_refused_for_it_would_look_like_all_is_well() -> None:
    with pytest.raises(UsageError, match="Nothing is left"):
        names("door", skip=("Outside",))


def test_the_list_says_which_stages_require_each() -> None:
    rows = {row["id"]: row["required"] for row in listed(CHECKS)}

    everywhere = ["live", "rehearsal", "test"]
    assert rows == {"room.door": everywhere, "room.window": [], "room.lamp": everywhere}
