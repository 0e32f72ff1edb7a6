"""What is kept of an object tells judgement and tie-out the same as the object, and holds nothing about a person."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from creditctl.core.catalog import Catalog
from creditctl.core.entitlement.facts import DisputeFact, RefundFact, SessionFacts
from creditctl.payments.facts import IntentFacts
from creditctl.payments.reading.kept_objects import decode_items, decode_one, decode_page
from creditctl.payments.reading.list_contents import ListContents
from creditctl.payments.reading.stripe_reader import BALANCE, DISPUTES, INTENTS, REFUNDS, SESSIONS
from tests.support.seeded_account import SeededAccount, seeded

LISTS = (SESSIONS, INTENTS, REFUNDS, DISPUTES, BALANCE)
Body = dict[str, Any]


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory, catalog: Catalog) -> Iterator[SeededAccount]:
    """Objects of every kind, as the emulator has them."""
    made = seeded(tmp_path_factory.mktemp("kept"), catalog, payments=60)
    yield made
    made.emulator.close()


def page(account: SeededAccount, path: str) -> bytes:
    expand = {INTENTS: ["data.latest_charge"], BALANCE: ["data.source"]}.get(path, [])
    answer: Any = account.client.raw_request("get", f"/v1/{path}", limit=100, expand=expand)
    return str(answer.body).encode()


def pairs(account: SeededAccount, path: str) -> list[tuple[Body, Body]]:
    """Each object beside what is kept of it."""
    whole = page(account, path)
    kept, more = decode_page(path, whole)
    bodies = json.loads(whole)["data"]
    assert not more
    assert [(each.id, each.created) for each in kept] == [(body["id"], body["created"]) for body in bodies]
    return [(body, msgspec.json.decode(each.body)) for body, each in zip(bodies, kept, strict=True)]


def test_facts_are_the_same(account: SeededAccount) -> None:
    for whole, kept in pairs(account, SESSIONS):
        assert SessionFacts.from_stripe(kept) == SessionFacts.from_stripe(whole)
        assert kept["success_url"] == whole["success_url"]
    for whole, kept in pairs(account, INTENTS):
        assert IntentFacts.from_stripe(kept) == IntentFacts.from_stripe(whole)
    for whole, kept in pairs(account, REFUNDS):
        assert RefundFact.from_stripe(kept, 5) == RefundFact.from_stripe(whole, 5)
    for whole, kept in pairs(account, DISPUTES):
        assert DisputeFact.from_stripe(kept, 5) == DisputeFact.from_stripe(whole, 5)


class Reads(dict[str, object]):
    """An object that notes which of its fields somebody reads."""

    def __init__(self, body: Body) -> None:
        super().__init__(body)
        self.names: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.names.add(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> object:
        self.names.add(key)
        return super().__getitem__(key)


@pytest.mark.parametrize(
    ("make", "path"),
    [
        (SessionFacts.from_stripe, SESSIONS),
        (IntentFacts.from_stripe, INTENTS),
        (lambda body: RefundFact.from_stripe(body, 5), REFUNDS),
        (lambda body: DisputeFact.from_stripe(body, 5), DISPUTES),
        *((lambda body, path=path: ListContents().note(path, body), path) for path in LISTS),
    ],
)
def test_whatever_is_read_of_an_object_is_kept(
    account: SeededAccount, make: Callable[[Body], object], path: str
) -> None:
    """Also what the emulator's objects do not say, so that a judgement by what is kept is that by the object."""
    from creditctl.payments.reading import kept_objects

    structs = {SESSIONS: "_Session", INTENTS: "_Intent", REFUNDS: "_Refund", DISPUTES: "_Dispute", BALANCE: "_Movement"}
    known = set(getattr(kept_objects, structs[path]).__struct_fields__)
    for whole, _ in pairs(account, path)[:3]:
        body = Reads(whole)
        make(body)
        assert body.names
        assert body.names <= known


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({"description": "Subscription update"}, {"description": "Subscription "}),
        ({"description": "Order of Ann Example"}, {}),
        ({"description": None, "invoice": "in_1"}, {"invoice": "in_1"}),
        ({"invoice": {"id": "in_1", "customer_name": "Ann Example"}}, {"invoice": {"id": "in_1"}}),
    ],
)
def test_that_billing_made_a_payment_is_kept_and_no_other_words(said: Body, kept: Body) -> None:
    plain = {"id": "pi_1", "status": "succeeded", "amount_received": 1000, "currency": "usd", "metadata": {}}
    body = msgspec.json.decode(decode_one(INTENTS, json.dumps({**plain, "created": 5, **said}).encode()).body)
    assert {name: body[name] for name in ("description", "invoice") if name in body} == kept
    assert IntentFacts.from_stripe(body) == IntentFacts.from_stripe({**plain, "created": 5, **said})


@pytest.mark.parametrize("path", LISTS)
def test_what_ties_the_lists_is_the_same(account: SeededAccount, path: str) -> None:
    directly, kept = ListContents(), ListContents()
    for whole, short in pairs(account, path):
        directly.note(path, whole)
        kept.note(path, short)
    assert kept == directly


@pytest.mark.parametrize("path", LISTS)
def test_nothing_about_a_person_is_kept(account: SeededAccount, path: str) -> None:
    bodies = [msgspec.json.decode(each.body) for each in decode_page(path, page(account, path))[0]]
    names = {name for body in bodies for name in _names(body)}
    assert not names & {"email", "name", "address", "phone", "customer_details", "billing_details", "evidence"}


def _names(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        for each in value.values():
            yield from _names(each)


@pytest.mark.parametrize(
    ("path", "body", "payment", "open_"),
    [
        (SESSIONS, {"status": "open"}, None, True),
        (SESSIONS, {"status": "complete", "payment_status": "unpaid", "payment_intent": "pi_1"}, "pi_1", True),
        (SESSIONS, {"status": "complete", "payment_status": "paid", "payment_intent": {"id": "pi_1"}}, "pi_1", False),
        (SESSIONS, {"status": "expired", "payment_status": "unpaid"}, None, False),
        (INTENTS, {"status": "processing"}, "x_1", True),
        (INTENTS, {"status": "succeeded", "latest_charge": "ch_1"}, "x_1", False),
        (INTENTS, {"status": "requires_payment_method", "latest_charge": {"id": "ch_1"}}, "x_1", False),
        (REFUNDS, {"status": "pending", "payment_intent": "pi_1"}, "pi_1", True),
        (REFUNDS, {"status": "succeeded"}, None, False),
        (DISPUTES, {"status": "warning_under_review", "payment_intent": "pi_1"}, "pi_1", True),
        (DISPUTES, {"status": "lost"}, None, False),
        (BALANCE, {"source": {"id": "ch_1", "payment_intent": "pi_1"}}, "pi_1", False),
        (BALANCE, {"source": "ch_1"}, None, False),
        (BALANCE, {}, None, False),
    ],
)
def test_what_is_not_final_is_read_again(path: str, body: Body, payment: str | None, open_: bool) -> None:
    kept = decode_one(path, json.dumps({"id": "x_1", "created": 5, **body}).encode())
    assert (kept.id, kept.created, kept.payment, kept.open) == ("x_1", 5, payment, open_)


def test_line_items_that_a_page_cuts_short_are_left_out() -> None:
    rows = [
        {"id": "cs_1", "line_items": {"data": [{"id": "li_1"}], "has_more": False}},
        {"id": "cs_2", "line_items": {"data": [{"id": "li_2"}], "has_more": True}},
        {"id": "cs_3"},
    ]
    found = decode_items(json.dumps({"data": rows}).encode())
    assert [(name, json.loads(items)) for name, items in found] == [("cs_1", [{"id": "li_1"}])]


def test_the_fields_that_are_kept_are_those_of_the_layout() -> None:
    """Who adds a field raises LAYOUT too; otherwise what was read before would lack it in silence."""
    from creditctl.payments.reading import kept_objects

    structs = ("_Session", "_Charge", "_Intent", "_Return", "_Source", "_Movement")
    counts = {name: len(getattr(kept_objects, name).__struct_fields__) for name in structs}
    known = {4: {"_Session": 18, "_Charge": 14, "_Intent": 15, "_Return": 14, "_Source": 4, "_Movement": 11}}
    assert known[kept_objects.LAYOUT] == counts
