"""Lists are read whole, whatever their length, in whichever order the answers come; or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
import stripe

from creditctl.core.errors import ConfigurationError, Unreachable
from creditctl.ledger.archive.pull_models import PullSlice
from creditctl.reconciliation.bulk_reader import MOST_PAGES, BulkReader, workers_for
from tests.support.scripted_stripe import ScriptedStripe, answers, lost
from tests.support.shelf import Shelf

REFUNDS = PullSlice("refunds", 0, None)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def http(shelf: Shelf) -> ScriptedStripe:
    return ScriptedStripe(shelf)


def bulk(http: ScriptedStripe, workers: int = 4) -> BulkReader:
    client = stripe.StripeClient("sk_test_shelf0000000000", http_client=http, max_network_retries=0)
    return BulkReader(client, workers=workers)


def fill(shelf: Shelf, count: int, seconds: int = 7) -> set[str]:
    names = {f"re_{n:05}" for n in range(count)}
    for n, name in enumerate(sorted(names)):
        body: dict[str, Any] = {"id": name, "object": "refund", "created": 1_700_000_000 + n * seconds // 3}
        shelf.put("refunds", body)
    return names


def ids(reader: BulkReader, *slices: PullSlice) -> list[str]:
    return [each.id for chunk in reader.chunks(slices or (REFUNDS,)) for each in chunk.objects]


@pytest.mark.parametrize("workers", [1, 8])
@pytest.mark.parametrize("count", [0, 1, 100, 101, 100 * MOST_PAGES, 100 * MOST_PAGES + 1, 2600])
def test_everything_is_read(shelf: Shelf, http: ScriptedStripe, count: int, workers: int) -> None:
    names = fill(shelf, count)
    found = ids(bulk(http, workers))
    assert set(found) == names
    # The second at which a slice is cut is read twice, and nothing else.
    assert len(found) <= count + 10 * max(0, len(http.requests) // MOST_PAGES)


def test_more_than_a_slice_in_one_second_is_read(shelf: Shelf, http: ScriptedStripe) -> None:
    names = fill(shelf, 100 * MOST_PAGES + 250, seconds=0)
    assert set(ids(bulk(http))) == names


def test_parts_are_read_at_once(shelf: Shelf, http: ScriptedStripe) -> None:
    fill(shelf, 2600)
    chunks = list(bulk(http).chunks([REFUNDS]))
    assert len(chunks) > 3
    assert max(len(chunk.objects) for chunk in chunks) <= 100 * MOST_PAGES


def test_a_slice_is_half_open(shelf: Shelf, http: ScriptedStripe) -> None:
    fill(shelf, 10, seconds=3)
    found = ids(bulk(http), PullSlice("refunds", 1_700_000_002, 1_700_000_005))
    assert sorted(found) == ["re_00002", "re_00003", "re_00004"]


@pytest.mark.parametrize("number", [1, 3, 8])
def test_a_fault_ends_the_reading(shelf: Shelf, http: ScriptedStripe, number: int) -> None:
    fill(shelf, 2600)
    http.on(answers(lost(should_retry=False)), at=number)
    with pytest.raises(Unreachable):
        ids(bulk(http))


@pytest.mark.parametrize(
    "page",
    [
        {"object": "list", "data": {}, "has_more": False},
        {"object": "list", "data": [5], "has_more": False},
        {"object": "list", "data": [{"id": "cus_1", "object": "customer", "created": 5}], "has_more": False},
        {"object": "list", "data": [{"id": "du_1", "object": "dispute", "created": 5}], "has_more": False},
    ],
)
def test_what_is_no_page_of_a_list_is_refused(http: ScriptedStripe, page: dict[str, object]) -> None:
    http.on(answers(page))
    with pytest.raises(Unreachable, match="not a page of a list"):
        ids(bulk(http))


def test_balance_transactions_are_read_as_far_as_the_key_may(shelf: Shelf, http: ScriptedStripe) -> None:
    shelf.put("balance_transactions", {"id": "txn_1", "created": 1_700_000_000, "source": "ch_1"})
    wanted = PullSlice("balance_transactions", 0, None)
    http.on(answers(403), when=lambda request: "expand[0]" in request.query)
    reader = bulk(http)
    assert ids(reader, wanted) == ["txn_1"]
    assert reader.readable
    http.on(answers(403))
    reader = bulk(http)
    assert ids(reader, wanted) == []
    assert not reader.readable
    with pytest.raises(ConfigurationError):
        ids(reader, REFUNDS)


def test_progress_counts_each_list(shelf: Shelf, http: ScriptedStripe) -> None:
    fill(shelf, 250)
    told: list[tuple[str, int]] = []
    reader = bulk(http)
    reader.progress = lambda path, count: told.append((path, count))
    found = ids(reader)
    assert told[-1] == ("refunds", len(found))
    assert [count for _, count in told] == sorted(count for _, count in told)


def test_whoever_stops_taking_stops_the_reading(shelf: Shelf, http: ScriptedStripe) -> None:
    fill(shelf, 2600)
    chunks: Iterator[object] = bulk(http, workers=1).chunks([REFUNDS])
    next(chunks)
    del chunks
    count = len(http.requests)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: None).result()
    assert len(http.requests) <= count + MOST_PAGES


@pytest.mark.parametrize(("rate", "workers"), [(None, 8), (1, 8), (20, 8), (50, 15), (100, 24)])
def test_a_higher_rate_needs_more_requests_at_once(rate: int | None, workers: int) -> None:
    assert workers_for(rate) == workers


def test_half_a_surrogate_pair_in_one_object_stops_nothing(shelf: Shelf, http: ScriptedStripe) -> None:
    shelf.put("refunds", {"id": "re_1", "object": "refund", "created": 5, "reason": "\ud800 \\ud800 \U0001f600 \udc00"})
    (chunk,) = bulk(http).chunks([REFUNDS])
    assert msgspec.json.decode(chunk.objects[0].body)["reason"] == "\ufffd \\ud800 \U0001f600 \ufffd"
