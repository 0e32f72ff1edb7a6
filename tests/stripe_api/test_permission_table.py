"""What commands need is said in one table, which the emulator's routes agree with, and asking changes nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import stripe

import creditctl
from creditctl.emulator.api.routes import Router
from creditctl.emulator.resources.table import ROUTES
from creditctl.stripe_api.errors import missing_permission
from creditctl.stripe_api.permission_table import (
    CHANGES,
    READS,
    WRITE_PRICES,
    PermissionQuestion,
    is_question,
    new_key_page,
)
from tests.support.keys import LIVE_KEY
from tests.support.scripted_stripe import ScriptedStripe, by_path, error
from tests.support.stripe_connections import OpenDoor

QUESTIONS = (*READS, *CHANGES)
ROOM = Path(creditctl.__file__).parent


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.call)
def test_the_emulator_wants_what_the_table_says(question: PermissionQuestion) -> None:
    method, _, path = question.call.partition(" ")
    found = Router(ROUTES).find(method, path)

    assert found is not None
    assert found[0].permission == question.permission


def test_no_permission_is_named_that_the_table_does_not_know() -> None:
    known = {question.permission for question in QUESTIONS} | {"rak_accounts_kyc_basic_read"}
    files = (path for path in ROOM.rglob("*.py") if "emulator" not in path.parts)
    named = {name for path in files for name in re.findall(r"\"(rak_[a-z_]+_(?:read|write))\"", path.read_text())}

    assert named <= known


def test_a_change_of_nobodys_object_is_a_question_and_no_other_is() -> None:
    assert is_question("https://api.stripe.com/v1/prices/price_creditctl_permission?x=1")
    for path in ("prices/price_1", "prices", "products/creditctl_permission/features", "products/creditctl_starter"):
        assert not is_question(f"https://api.stripe.com/v1/{path}")


def test_questions_are_asked_while_live_writes_are_locked_and_leave_no_line(
    open_door: OpenDoor, tmp_path: Path
) -> None:
    transport = ScriptedStripe(by_path({}, error(404)))
    with open_door(transport, LIVE_KEY) as door:
        assert [question.refused(door.client.v1) for question in CHANGES] == [None] * len(CHANGES)

    assert all(is_question(request.path) for request in transport.requests)
    assert not (tmp_path / "audit.jsonl").exists()


def test_a_refusal_names_what_stripe_names_or_else_what_the_table_says(open_door: OpenDoor) -> None:
    with open_door(ScriptedStripe(by_path({}, error(403))), LIVE_KEY) as door:
        assert WRITE_PRICES.refused(door.client.v1) == "rak_plan_write"


def test_one_of_several_permissions_that_would_do_is_named_with_the_others() -> None:
    several = "Having the 'rak_charge_read', 'rak_refund_read' permissions would allow this request to continue."

    assert missing_permission(stripe.PermissionError(several)) == "rak_charge_read or rak_refund_read"
    assert missing_permission(stripe.PermissionError("No.")) is None


def test_the_page_for_a_new_key_has_the_permissions_ticked() -> None:
    page = new_key_page(["rak_plan_read"], livemode=True)

    assert page == "https://dashboard.stripe.com/apikeys/create?name=creditctl&permissions[]=rak_plan_read"
