"""Histories of payments, delivered twice, late, out of order or not at all, against an auditor of a few lines."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fulfilment.conftest import Events, World
from tests.support.ledger_calls import read

Event = dict[str, Any]


class Auditor:
    """What each user should have, worked out from all that was ever heard; shares no code with the ledger."""

    def __init__(self) -> None:
        self.sold: dict[str, tuple[str, int]] = {}
        self.refunds: dict[str, dict[str, int]] = defaultdict(dict)
        self.failed: set[str] = set()
        self.moved: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
        self.won: dict[str, tuple[int, bool]] = {}

    def hear(self, event: Event, refunds: list[Event]) -> None:
        thing = event["data"]["object"]
        if thing["object"] == "checkout.session" and thing["payment_status"] == "paid":
            self.sold[thing["payment_intent"]] = (thing["client_reference_id"], thing["amount_total"])
        for refund in refunds if thing["object"] == "charge" else [thing] if thing["object"] == "refund" else []:
            self.refunds[refund["payment_intent"]][refund["id"]] = refund["amount"]
            self.failed |= {refund["id"]} if refund["status"] in ("failed", "canceled") else set()
        if thing["object"] == "dispute":
            for move in thing["balance_transactions"]:
                self.moved[thing["payment_intent"]][thing["id"], move["id"]] = move["amount"]
            said = (event["created"], thing["status"] == "won")
            self.won[thing["payment_intent"]] = max(said, self.won.get(thing["payment_intent"], said))

    def balances(self) -> dict[str, int]:
        left: dict[str, int] = defaultdict(int)
        for payment, (user, paid) in self.sold.items():
            back = sum(n for name, n in self.refunds[payment].items() if name not in self.failed)
            moves = list(self.moved[payment].values())
            if not (len(moves) == 1 and self.won[payment][1]):
                back += max(0, -sum(moves))
            left[user] += 1000 - (1000 * min(paid, back) // paid if paid else 0)
        return dict(left)


@st.composite
def payments(draw: st.DrawFn) -> dict[str, Any]:
    """What happens to one payment."""
    return {
        "user": draw(st.sampled_from(["ada", "grace"])),
        "paid": draw(st.sampled_from([1000, 864, 1190, 3000, 0])),
        "delayed": draw(st.booleans()),
        "refunds": draw(
            st.lists(
                st.tuples(st.integers(1, 1000), st.sampled_from(["succeeded", "pending", "failed", "canceled"])),
                max_size=3,
            )
        ),
        "dispute": draw(st.sampled_from([None, "inquiry", "escalated", "open", "won", "won_late", "lost", "appealed"])),
        "disputed": draw(st.sampled_from([1000, 300])),
    }


def session_events(make: Events, n: int, life: dict[str, Any]) -> list[Event]:
    metadata = {"managed_by": "creditctl", "user_id": life["user"], "package": "starter", "credits": "1000"}
    same = {"client_reference_id": life["user"], "amount_total": life["paid"], "metadata": metadata}
    if not life["delayed"]:
        return [make.session(n, **same)]
    return [
        make.session(n, payment_status="unpaid", **same),
        make.session(n, "async_payment_succeeded", **same),
    ]


def refund_events(make: Events, n: int, life: dict[str, Any]) -> list[Event]:
    told = []
    for index, (amount, end) in enumerate(life["refunds"]):
        name = f"re_{n}_{index}"
        told.append(make.refund("created", name, amount, "pending", n))
        if end != "pending":
            told.append(make.refund("updated", name, amount, "succeeded", n))
        if end in ("failed", "canceled"):
            told.append(make.refund("failed" if end == "failed" else "updated", name, amount, end, n))
    return told + ([make.charge_refunded(n)] if told else [])


DISPUTES: dict[str, list[tuple[str, str, str]]] = {
    "inquiry": [("created", "warning_needs_response", ""), ("closed", "warning_closed", "")],
    "escalated": [("created", "warning_needs_response", ""), ("funds_withdrawn", "needs_response", "-")],
    "open": [("created", "needs_response", "-"), ("funds_withdrawn", "needs_response", "-")],
    "won": [
        ("created", "needs_response", "-"),
        ("funds_reinstated", "won", "-+"),
        ("closed", "won", "-+"),
    ],
    "won_late": [("created", "needs_response", "-"), ("closed", "won", "-"), ("funds_reinstated", "won", "-+")],
    "lost": [
        ("created", "needs_response", "-"),
        ("updated", "under_review", "-"),
        ("closed", "lost", "-"),
    ],
    "appealed": [
        ("created", "needs_response", "-"),
        ("funds_reinstated", "won", "-+"),
        ("funds_withdrawn", "needs_response", "-+-"),
    ],
}


def dispute_events(make: Events, n: int, life: dict[str, Any]) -> list[Event]:
    if life["dispute"] is None:
        return []
    amount = life["disputed"]
    return [
        make.dispute(
            type,
            status,
            *(amount if move == "+" else -amount for move in moves),
            name=f"dp_{n}",
            amount=amount,
            n=n,
        )
        for type, status, moves in DISPUTES[life["dispute"]]
    ]


def told_refunds(n: int, life: dict[str, Any], make: Events) -> list[Event]:
    """What Stripe answers when it is asked for the refunds: how they ended."""
    return [
        make.refund_object(f"re_{n}_{index}", amount, end, n) for index, (amount, end) in enumerate(life["refunds"])
    ]


@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(lives=st.lists(payments(), min_size=1, max_size=3), data=st.data())
def test_the_auditor_agrees_after_every_step_of_any_history(
    make_world: Callable[[], World], lives: list[dict[str, Any]], data: st.DataObject
) -> None:
    world, auditor, history = make_world(), Auditor(), list[Event]()
    for n, life in enumerate(lives):
        history += session_events(world.events, n, life)
        history += refund_events(world.events, n, life) + dispute_events(world.events, n, life)
        world.reads.by_charge[f"ch_{n}"] = told_refunds(n, life, world.events)
    copies = data.draw(st.lists(st.integers(0, 3), min_size=len(history), max_size=len(history)))
    many = [event for event, count in zip(history, copies, strict=True) for _ in range(count)]
    for event in [*data.draw(st.permutations(many)), *data.draw(st.permutations(history))]:
        receipt = world.deliver(event)
        assert receipt.status == 200, receipt
        auditor.hear(event, world.reads.by_charge.get(event["data"]["object"]["id"], []))
        assert world.balances() == auditor.balances()
    assert read(world.ledger).verify().ok
    assert read(world.ledger).findings(None) == []
    before = read(world.ledger).head()
    assert {world.deliver(event).outcome for event in history} <= {"exists", "ignored", "waiting"}
    assert read(world.ledger).head() == before
    world.ledger.close()


def without_movements(event: Event) -> Event:
    """The event as an older API version or another payment method shows it."""
    thing = {key: value for key, value in event["data"]["object"].items() if key != "balance_transactions"}
    return event | {"data": {"object": thing}}


def short_history(make: Events, n: int, name: str) -> list[Event]:
    purchase, refund = make.session(n), make.refund("created", f"re_{n}", 600, "pending", n)
    failed = make.refund("failed", f"re_{n}", 600, "failed", n)
    second = make.refund("created", f"re_{n}b", 700, "succeeded", n)

    def dispute(kind: str) -> list[Event]:
        return dispute_events(make, n, {"dispute": kind, "disputed": 1000})

    return {
        "refund that failed, dispute won": [purchase, refund, failed, *dispute("won")[:2]],
        "two refunds of more than all, one failed": [purchase, refund, second, failed],
        "refund and escalated inquiry": [purchase, refund, *dispute("escalated")],
        "refund and dispute appealed": [purchase, second, *dispute("appealed")],
        "dispute won without movements": [purchase, *map(without_movements, dispute("won"))],
        "dispute lost without movements": [purchase, refund, *map(without_movements, dispute("lost"))],
        "inquiry without movements": [purchase, refund, *map(without_movements, dispute("inquiry"))],
        "delayed payment refunded": [
            make.session(n, payment_status="unpaid"),
            make.session(n, "async_payment_succeeded"),
            refund,
            second,
        ],
    }[name]


@pytest.mark.parametrize(
    ("name", "balance"),
    [
        ("refund that failed, dispute won", 1000),
        ("two refunds of more than all, one failed", 300),
        ("refund and escalated inquiry", 0),
        ("refund and dispute appealed", 0),
        ("dispute won without movements", 1000),
        ("dispute lost without movements", 0),
        ("inquiry without movements", 400),
        ("delayed payment refunded", 0),
    ],
)
def test_every_order_of_a_short_history_ends_in_the_same_balance(world: World, name: str, balance: int) -> None:
    length = len(short_history(world.events, 0, name))
    for n, order in enumerate(itertools.permutations(range(length))):
        history = short_history(world.events, n, name)
        for index in order:
            assert world.deliver(history[index]).status == 200
            assert 0 <= read(world.ledger).balance(f"user{n}") <= 1000
    assert {row.credits for row in read(world.ledger).balances()} == {balance}
    assert len(read(world.ledger).balances()) == n + 1
    assert read(world.ledger).verify().ok
