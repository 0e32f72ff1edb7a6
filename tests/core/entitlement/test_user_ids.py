"""One rule says what can name a user; every place that takes a user id keeps to it."""

from __future__ import annotations

import pytest

from creditctl.backend.users import BadUserId, parse_user_id
from creditctl.core.catalog import Catalog, Package
from creditctl.core.entitlement.decision import Disagrees, Grants, decide
from creditctl.core.entitlement.facts import SessionFacts
from creditctl.core.entitlement.user_ids import is_user_id, user_id_fault
from creditctl.core.errors import UsageError
from creditctl.ledger.transaction import require_storable
from creditctl.sources.row import RowReader
from creditctl.sources.values.bad_value import BadRow

USABLE = ["1", "user_17", "Jörg 用户", "a" * 200, "ann@example.com"]
UNUSABLE = [
    "", " ", " 1", "1 ", "1\n", "a\tb", "1\nINFO: forged", "\x00", "a\x7f", "a\x85b", "a\u2028b", "\ud800", "a" * 201,
]  # fmt: skip
CATALOG = Catalog((Package(1, "starter", "Starter", 1000, 1000, "usd"),))


def webhook_takes(user_id: str) -> bool:
    """What the webhook and reconciliation say of a paid session of this user."""
    metadata = {"managed_by": "creditctl", "package": "starter", "credits": "1000", "user_id": user_id}
    body = {"id": "cs_1", "status": "complete", "payment_status": "paid", "currency": "usd", "created": 1}
    body |= {"amount_subtotal": 1000, "amount_total": 1000, "client_reference_id": user_id, "metadata": metadata}
    decision = decide(SessionFacts.from_stripe(body), CATALOG)
    assert isinstance(decision, Grants | Disagrees)
    return isinstance(decision, Grants)


def api_takes(user_id: str) -> bool:
    try:
        return parse_user_id(user_id) == user_id
    except BadUserId:
        return False


def ledger_takes(user_id: str) -> bool:
    from creditctl.core.entitlement.settlement import Purchase

    try:
        require_storable(Purchase(user_id, 1, 1, "usd", "pi_1", None, None, 1).draft())
    except UsageError as error:
        return error.code != "ledger.user_id"
    return True


def import_takes(user_id: str) -> bool:
    reader = RowReader("app", None, "acct_1", False, {})
    row = (None, 1, user_id, "purchase", 1, 1, "usd", "pi_1", None, False, None, None, None, None, None)
    try:
        reader(1, row)
    except BadRow:
        return False
    return True


@pytest.mark.parametrize("takes", [webhook_takes, api_takes, ledger_takes, import_takes])
@pytest.mark.parametrize("user_id", [*USABLE, *UNUSABLE], ids=ascii)
def test_every_place_takes_the_same_user_ids(takes: object, user_id: str) -> None:
    assert callable(takes)
    assert takes(user_id) is is_user_id(user_id) is (user_id in USABLE)


def test_a_fault_is_a_sentence_for_whoever_sent_it() -> None:
    assert user_id_fault("ann") is None
    assert user_id_fault("") == "The user id is missing."
    assert "200 characters" in (user_id_fault("a" * 201) or "")
