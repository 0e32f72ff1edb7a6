"""Where a session carries the buyer, and that nobody is guessed."""

from __future__ import annotations

import pytest

from creditctl.core.entitlement.facts import SessionFacts
from creditctl.core.entitlement.owner import OwnerFault, named_users, owner_of

PLACES = ("metadata.account", "client_reference_id")


def session(reference: str | None = None, **metadata: str) -> SessionFacts:
    body = {"id": "cs_1", "created": 1, "amount_subtotal": 1, "amount_total": 1, "currency": "usd"}
    return SessionFacts.from_stripe({**body, "client_reference_id": reference, "metadata": metadata})


@pytest.mark.parametrize(
    ("reference", "metadata", "owner"),
    [
        ("cart-9", {"account": "ann"}, "ann"),
        ("ann", {}, "ann"),
        ("ann", {"account": ""}, "ann"),
        (None, {"account": "ann", "user_id": "ben"}, "ann"),
    ],
)
def test_of_ranked_places_the_first_that_is_set_decides(
    reference: str | None, metadata: dict[str, str], owner: str
) -> None:
    assert owner_of(session(reference, **metadata), PLACES) == owner


def test_a_place_that_is_not_ranked_names_nobody() -> None:
    fault = owner_of(session(None, user_id="ann"), PLACES)
    assert isinstance(fault, OwnerFault)
    assert (fault.code, "metadata.account, client_reference_id" in fault.message) == ("fulfilment.owner_missing", True)


def test_sessions_of_ours_do_not_follow_the_applications_places() -> None:
    ours = session("ann", managed_by="creditctl", user_id="ann", account="somebody")
    assert owner_of(ours, PLACES) == "ann"


def test_without_places_the_two_usual_ones_have_to_agree() -> None:
    assert owner_of(session("ann", user_id="ann")) == "ann"
    conflict, unusable = owner_of(session("ann", user_id="ben")), owner_of(session(" ann"))
    assert isinstance(conflict, OwnerFault)
    assert isinstance(unusable, OwnerFault)
    assert (conflict.code, unusable.code) == ("fulfilment.owner_conflict", "fulfilment.owner_unusable")
    assert named_users("ann", {"user_id": "ben"}) == ("ann", "ben")
