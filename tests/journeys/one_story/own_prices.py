"""An application's own shop: its prices, what `creditctl.toml` says of them, and what is planted on them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from creditctl.core.catalog import Catalog, Package

if TYPE_CHECKING:
    from tests.journeys.one_story.world import World

REFILLS = "prod_refills"


def own_prices(api: Any) -> dict[str, str]:
    """Makes the prices of an application that sold credits before it had creditctl; their ids by name."""
    packs = api.products.create(params={"name": "Packs"}).id
    refills = api.products.create(params={"id": REFILLS, "name": "Refills"}).id
    amounts = {
        "pack": (packs, 700),
        "old": (packs, 600),
        "said": (packs, 650),
        "fee": (packs, 50),
        "refill": (refills, 90),
    }
    return {
        name: str(api.prices.create(params={"product": product, "currency": "usd", "unit_amount": amount}).id)
        for name, (product, amount) in amounts.items()
    }


def project_file(catalog: Catalog, own: dict[str, str]) -> str:
    """The `creditctl.toml` of that application: the packages of ours, and what its own prices sold."""
    return "\n".join([*_TOP, *(line for package in catalog for line in _package(package)), *_own(own)])


_TOP = ('user = ["metadata.account", "client_reference_id"]', 'currency = "usd"')


def _package(package: Package) -> Iterator[str]:
    yield "[[package]]"
    for key in ("number", "slug", "name", "credits", "amount"):
        value = getattr(package, key)
        yield f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}"


def _own(own: dict[str, str]) -> Iterator[str]:
    yield from ("[[package]]", "number = 6", 'slug = "pack"', "credits = 500", "sold = [")
    yield f'  {{ price = "{own["pack"]}", credits = 400, until = 2026-01-01 }},'
    yield f'  {{ price = "{own["pack"]}", from = 2026-01-01 }},'
    yield f'  {{ price = "{own["old"]}", until = 2026-01-01 }},'
    yield f'  {{ price = "{own["said"]}", credits = "metadata.bundle" }},'
    yield f'  {{ product = "{REFILLS}", credits = 60, quantity = "multiply" }},'
    yield '  { metadata = { pack = "inline" }, amount = 720, currency = "usd" },'
    yield from ("]", "[fees]", f'prices = ["{own["fee"]}"]', "")


def buy(world: World, *names: str, quantity: int = 1, **changes: Any) -> str:
    """A session that the application opens itself for prices of its own; gives the payment's key."""
    items = [{"price": world.own[name], "quantity": quantity if name != "fee" else 1} for name in names]
    return world.buy(
        **{"metadata": {"account": "ann"}, "client_reference_id": "cart-7", "line_items": items, **changes}
    )


def credited_on_an_own_price(world: World) -> str:
    key = buy(world, "pack")
    world.deliver()
    return key


def lost_on_an_own_price(world: World) -> str:
    world.losing = True
    return buy(world, "pack")


def lost_refills(world: World) -> str:
    world.losing = True
    return buy(world, "refill", quantity=3)


def lost_on_an_inline_price(world: World) -> str:
    """The application makes a price for each sale; only metadata, amount and currency say what it is."""
    world.losing = True
    inline = {"currency": "usd", "unit_amount": 720, "product_data": {"name": "A pack"}}
    items = [{"quantity": 1, "price_data": inline}]
    return buy(world, line_items=items, metadata={"account": "ann", "pack": "inline"})


def lost_by_said_credits(world: World) -> str:
    world.losing = True
    return buy(world, "said", metadata={"account": "ann", "bundle": "333"})


def unsaid_credits(world: World) -> str:
    key = buy(world, "said")
    world.deliver()
    return key


def several_of_an_own_price(world: World) -> str:
    key = buy(world, "pack", quantity=3)
    world.deliver()
    return key


def outside_every_period(world: World) -> str:
    key = buy(world, "old")
    world.deliver()
    return key


def with_a_fee(world: World) -> str:
    key = buy(world, "pack", "fee")
    world.deliver()
    return key


def with_a_fee_and_the_pack_refunded(world: World) -> str:
    key = with_a_fee(world)
    world.api.refunds.create(params={"payment_intent": key, "amount": 700})
    world.deliver()
    return key


def with_a_fee_and_a_lost_refund(world: World) -> str:
    key = with_a_fee(world)
    world.losing = True
    world.api.refunds.create(params={"payment_intent": key, "amount": 350})
    return key


def given_with_the_fee_counted(world: World) -> str:
    """A row of the application's own that says what was paid in all."""
    world.losing = True
    key = buy(world, "pack", "fee")
    world.give(key, 500, amount=750)
    return key
