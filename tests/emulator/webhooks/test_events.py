"""Event objects: what changed, whose request it was, and ids of a payment's family."""

from typing import Any

import pytest

from creditctl.emulator.storage.account_scope import AccountScope
from creditctl.emulator.storage.ids import Ids
from creditctl.emulator.storage.store import Store
from creditctl.emulator.webhooks.deliveries import Deliveries
from creditctl.emulator.webhooks.events import EventCause, EventRecorder, by_types, previous_attributes
from creditctl.emulator.webhooks.faults import Faults
from creditctl.emulator.webhooks.holds import Holds
from creditctl.emulator.webhooks.listeners import Listeners
from creditctl.emulator.webhooks.subscribers import Subscribers

SCOPE = AccountScope(1, "acct_1ABCDEFGHIJKLMNO", livemode=False)


@pytest.fixture
def store() -> Store:
    return Store(None)


@pytest.fixture
def recorder(store: Store) -> EventRecorder:
    faults, listeners = Faults(None), Listeners(store)
    deliveries = Deliveries(store, faults, Holds(store), None)
    return EventRecorder(store, Ids("seed"), deliveries, Subscribers(store, listeners), faults, "2026-10-28.endive")


def stored(store: Store, event_id: str) -> dict[str, Any]:
    row = store.get(SCOPE.id, event_id)
    assert row is not None
    return row.decoded()


def test_an_event_names_the_request_that_caused_it(store: Store, recorder: EventRecorder) -> None:
    cause = EventCause("req_1", "key_1")
    made = recorder.record(SCOPE, 100, "product.created", b'{"id":"prod_1"}', "prod_1", None, cause)

    event = stored(store, made)
    assert event["request"] == {"id": "req_1", "idempotency_key": "key_1"}
    assert (event["type"], event["created"], event["pending_webhooks"]) == ("product.created", 100, 0)
    assert event["data"] == {"object": {"id": "prod_1"}}


def test_what_time_or_a_buyer_caused_names_no_request(store: Store, recorder: EventRecorder) -> None:
    made = recorder.record(SCOPE, 100, "price.updated", b"{}", "price_1", {"active": True}, EventCause())

    event = stored(store, made)
    assert event["request"] == {"id": None, "idempotency_key": None}
    assert event["data"]["previous_attributes"] == {"active": True}


def test_events_of_a_payment_share_its_characters(recorder: EventRecorder) -> None:
    family = "3UHnJtHIBYZYyePr"
    of_payment = recorder.record(SCOPE, 1, "charge.succeeded", b"{}", f"ch_{family}07DClsD4", None, EventCause())
    of_product = recorder.record(SCOPE, 1, "product.created", b"{}", "prod_abcdefghijklmn", None, EventCause())

    assert of_payment.startswith(f"evt_{family}2")
    assert of_product.startswith("evt_1")


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ({"a": 1}, {"a": 1}, {}),
        ({"a": 1, "b": 2}, {"a": 3, "b": 2}, {"a": 1}),
        ({}, {"new": 1}, {"new": None}),
        ({"gone": 1}, {}, {"gone": 1}),
        ({"card": {"x": 1, "y": 2}}, {"card": {"x": 1, "y": 3}}, {"card": {"y": 2}}),
        ({"list": [1]}, {"list": [1, 2]}, {"list": [1]}),
    ],
)
def test_previous_attributes(before: dict[str, Any], after: dict[str, Any], changed: dict[str, Any]) -> None:
    assert previous_attributes(before, after) == changed


def test_types_with_a_wildcard_are_matched_as_written() -> None:
    clause, values = by_types(["charge.*", "a[b]?"])

    assert (clause, values) == ("(label GLOB ? OR label GLOB ?)", ["charge.*", "a[[]b][?]"])
