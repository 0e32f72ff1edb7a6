"""A webhook for an application's own prices: any order of its events ends in the same balance, fees or not."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from creditctl.core.keys import Secret
from creditctl.core.listings import listings_of
from creditctl.core.project_file.packages import PackageSection, SoldEntry, SoldQuantity
from creditctl.fulfilment.webhook import Webhook
from tests.fulfilment.conftest import CATALOG, SECRET, World, sign
from tests.support.ledger_calls import read

SOLD = SoldEntry(price="price_own", credits=500, quantity=SoldQuantity.MULTIPLY)
OWN = replace(
    CATALOG,
    listings=listings_of([PackageSection(9, "pack", "Pack", 500, sold=(SOLD,))], ["price_fee"]),
    user=("metadata.account",),
)


def line(price: str, amount: int, quantity: int = 1) -> dict[str, Any]:
    body = {
        "id": price,
        "product": "prod_own",
        "unit_amount": amount,
        "currency": "usd",
        "metadata": {},
        "active": True,
    }
    total = amount * quantity
    money = {"amount_subtotal": total, "amount_total": total, "currency": "usd"}
    return {"object": "item", "id": f"li_{price}", "quantity": quantity, "price": body, **money}


def webhook_of(world: World) -> Webhook:
    world.reads.items["cs_test_1"] = [line("price_own", 350, 2), line("price_fee", 50)]
    return Webhook(
        ledger=world.ledger,
        stripe=world.reads,
        secrets=(Secret(SECRET),),
        catalog=OWN,
        account="acct_1",
        livemode=False,
        clock=world.clock,
    )


def events_of(world: World) -> list[dict[str, Any]]:
    """A sale of two packs and a fee, and refunds of it: one stands, one falls through."""
    sold: dict[str, Any] = {
        "amount_subtotal": 750,
        "amount_total": 750,
        "metadata": {"account": "ann"},
        "client_reference_id": "cart-1",
    }
    return [
        world.events.session(1, **sold),
        world.events.refund("created", "re_1", 350),
        world.events.refund("created", "re_2", 400, "pending"),
        world.events.refund("failed", "re_2", 400, "failed"),
    ]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_any_order_of_events_twice_each_ends_in_the_same_balance(
    make_world: Callable[[], World], order: tuple[int, ...]
) -> None:
    world = make_world()
    webhook, events = webhook_of(world), events_of(world)
    for place in (*order, *order):
        body = json.dumps(events[place]).encode()
        assert webhook.receive(body, sign(body)).status == 200
    assert world.balances() == {"ann": 500}, "half of what two packs came to went back, whatever the fee was"
    assert read(world.ledger).findings() == []
    purchase = read(world.ledger).purchase_of("pi_1")
    assert purchase is not None
    assert (purchase.amount, purchase.package) == (700, "pack")
