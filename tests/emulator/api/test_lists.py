"""Lists: order, limits, cursors, filters, against a plain list as the model."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from creditctl.emulator.app import Emulator
from creditctl.emulator.protocol.wire import Request
from tests.emulator.world import World
from tests.support.clock import NOW
from tests.support.keys import TEST_KEY

HEADERS = {"authorization": f"Bearer {TEST_KEY}"}


def test_pages_follow_each_other(world: World) -> None:
    made = [world.stripe.customers.create(params={"email": f"u{n}@example.com"}).id for n in range(7)]
    page = world.stripe.customers.list(params={"limit": 3})
    assert [customer.id for customer in page.data] == made[:3:-1]
    assert page.has_more is True
    assert page.url == "/v1/customers"
    older = world.stripe.customers.list(params={"limit": 3, "starting_after": page.data[-1].id})
    assert [customer.id for customer in older.data] == made[3:0:-1]
    newer = world.stripe.customers.list(params={"limit": 2, "ending_before": made[0]})
    assert [customer.id for customer in newer.data] == [made[2], made[1]]
    assert newer.has_more is True


def test_auto_paging_sees_everything_once(world: World) -> None:
    made = [world.stripe.customers.create(params={"email": "page@example.com"}).id for _ in range(5)]
    listed = world.stripe.customers.list(params={"email": "page@example.com", "limit": 2}).auto_paging_iter()
    assert [customer.id for customer in listed][:5] == made[::-1]


def test_a_deleted_object_is_still_a_cursor(world: World) -> None:
    made = [world.stripe.customers.create().id for _ in range(3)]
    world.stripe.customers.delete(made[1])
    page = world.stripe.customers.list(params={"starting_after": made[1], "limit": 1})
    assert [customer.id for customer in page.data] == [made[0]]


def test_created_bounds(emulated: World) -> None:
    first = emulated.stripe.customers.create()
    emulated.advance(10)
    second = emulated.stripe.customers.create()
    after = emulated.stripe.customers.list(params={"created": {"gt": first.created}})
    assert [customer.id for customer in after.data] == [second.id]
    exact = emulated.stripe.customers.list(params={"created": first.created})
    assert [customer.id for customer in exact.data] == [first.id]


@settings(max_examples=25, deadline=None)
@given(
    steps=st.lists(st.integers(0, 3), min_size=1, max_size=15),
    limit=st.integers(1, 6),
    place=st.integers(0, 20),
    back=st.booleans(),
)
def test_any_page_agrees_with_a_plain_list(steps: list[int], limit: int, place: int, back: bool) -> None:
    now = [NOW]
    emulator = Emulator(clock=lambda: now[0])
    model: list[str] = []
    for step in steps:
        now[0] += step
        answer = emulator.handle(Request("POST", "/v1/customers", "", HEADERS, b""))
        model.insert(0, json.loads(answer.body)["id"])
    cursor = model[place % len(model)]
    at = model.index(cursor)
    if back:
        expected, more = model[max(at - limit, 0) : at], at > limit
    else:
        expected, more = model[at + 1 : at + 1 + limit], len(model) - at - 1 > limit
    name = "ending_before" if back else "starting_after"

    answer = emulator.handle(Request("GET", "/v1/customers", f"limit={limit}&{name}={cursor}", HEADERS))
    page = json.loads(answer.body)
    assert [item["id"] for item in page["data"]] == expected
    assert page["has_more"] is more
    emulator.close()
