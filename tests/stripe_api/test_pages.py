"""Lists are read to their end, or the reader hears that they were not."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from creditctl.core.errors import Unreachable
from creditctl.stripe_api.pages import list_all, retrieve
from tests.support.keys import TEST_KEY
from tests.support.scripted_stripe import Scripted, ScriptedStripe, lost, queue


def scripted(*answers: Scripted) -> ScriptedStripe:
    return ScriptedStripe(queue(*answers))


def client_of(transport: ScriptedStripe) -> stripe.StripeClient:
    return stripe.StripeClient(TEST_KEY, http_client=transport, max_network_retries=0)


def page(first: int, count: int, has_more: bool) -> dict[str, Any]:
    return {"object": "list", "data": [{"id": f"re_{first + n}"} for n in range(count)], "has_more": has_more}


def ids(transport: ScriptedStripe, **options: Any) -> list[str]:
    return [body["id"] for body in list_all(client_of(transport), "refunds", **options)]


def test_pages_are_followed_to_the_end_by_the_last_id() -> None:
    transport = scripted(page(0, 100, True), page(100, 100, True), page(200, 3, False))
    assert ids(transport) == [f"re_{n}" for n in range(203)]
    assert [request.query.get("starting_after") for request in transport.requests] == [None, ["re_99"], ["re_199"]]


def test_every_page_asks_for_a_hundred_and_keeps_the_parameters() -> None:
    transport = scripted(page(0, 100, True), page(100, 1, False))
    parameters = {"created": {"gte": 5, "lt": 9}, "expand": ["data.latest_charge"]}
    ids(transport, parameters=parameters)
    for query in (request.query for request in transport.requests):
        assert query["limit"] == ["100"]
        assert query["created[gte]"] == ["5"]
        assert query["created[lt]"] == ["9"]
        assert query["expand[0]"] == ["data.latest_charge"]


def test_short_pages_that_announce_more_are_followed() -> None:
    transport = scripted(page(0, 10, True), page(10, 10, True), page(20, 0, False))
    assert len(ids(transport)) == 20


def test_an_empty_list() -> None:
    assert ids(scripted(page(0, 0, False))) == []


def test_progress_is_told_after_every_page() -> None:
    told: list[tuple[str, int]] = []
    transport = scripted(page(0, 100, True), page(100, 7, False))
    ids(transport, progress=lambda path, count: told.append((path, count)))
    assert told == [("refunds", 100), ("refunds", 107)]


@pytest.mark.parametrize("fault", [lost(should_retry=False), 500, 503, 429])
def test_a_fault_in_between_is_an_incomplete_list(fault: Scripted) -> None:
    transport = scripted(page(0, 100, True), fault)
    with pytest.raises(Unreachable) as caught:
        ids(transport)
    assert caught.value.code == "stripe.incomplete"
    assert "after 100 objects" in caught.value.message


def test_a_fault_at_the_first_page_is_the_fault_itself() -> None:
    with pytest.raises(stripe.APIConnectionError):
        ids(scripted(lost(should_retry=False)))


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refusal_is_never_taken_for_the_end(status: int) -> None:
    with pytest.raises(stripe.StripeError) as caught:
        ids(scripted(page(0, 100, True), status))
    assert caught.value.http_status == status


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"object": "list", "data": []},
        {"object": "list", "has_more": False},
        {"object": "list", "data": None, "has_more": False},
        {"object": "list", "data": [], "has_more": None},
    ],
)
def test_what_is_no_page_is_an_incomplete_list(broken: dict[str, Any]) -> None:
    with pytest.raises(Unreachable) as caught:
        ids(scripted(broken))
    assert caught.value.code == "stripe.incomplete"


@pytest.mark.parametrize("second", [page(0, 0, True), page(99, 1, True), {**page(0, 0, True), "data": [{"no": "id"}]}])
def test_a_page_that_leads_nowhere_ends_in_an_error_not_in_a_loop(second: dict[str, Any]) -> None:
    with pytest.raises(Unreachable) as caught:
        list(list_all(client_of(scripted(page(0, 100, True), second)), "refunds"))
    assert "nothing to go on from" in caught.value.message


def test_one_object() -> None:
    assert retrieve(client_of(scripted({"id": "re_1"})), "refunds/re_1") == {"id": "re_1"}


def test_one_object_that_stripe_does_not_know() -> None:
    assert retrieve(client_of(scripted(404)), "refunds/re_1") is None


@pytest.mark.parametrize("fault", [lost(should_retry=False), 400, 403, 500])
def test_one_object_that_could_not_be_read_is_not_an_unknown_one(fault: Scripted) -> None:
    with pytest.raises(stripe.StripeError):
        retrieve(client_of(scripted(fault)), "refunds/re_1")
