"""Products and prices: creation, change, lookup keys, archiving, deletion."""

import pytest

from tests.emulator.world import Refused, World


def test_a_product_with_its_default_price(world: World) -> None:
    product = world.product(metadata={"credits": "1000"}, default_price_data={"currency": "usd", "unit_amount": 1000})
    price = world.stripe.prices.retrieve(product.default_price, params={"expand": ["product"]})
    assert price.product.id == product.id
    assert price.unit_amount == 1000
    assert str(price.unit_amount_decimal) == "1000"
    assert price.type == "one_time"
    assert product.metadata["credits"] == "1000"


def test_the_price_is_announced_before_its_product(emulated: World) -> None:
    emulated.product(default_price_data={"currency": "usd", "unit_amount": 1000})
    assert emulated.event_types() == ["price.created", "product.created"]
    event = emulated.stripe.events.list().data[0]
    assert event.data.object["default_price"].startswith("price_")
    assert event.request.id.startswith("req_")


def test_metadata_merges(world: World) -> None:
    product = world.product(metadata={"a": "1", "b": "2"})
    product = world.stripe.products.update(product.id, params={"metadata": {"b": "3", "c": "4"}})
    assert product.metadata.to_dict() == {"a": "1", "b": "3", "c": "4"}
    product = world.stripe.products.update(product.id, params={"metadata": {"a": ""}})
    assert product.metadata.to_dict() == {"b": "3", "c": "4"}
    product = world.stripe.products.update(product.id, params={"metadata": ""})
    assert product.metadata.to_dict() == {}


def test_only_a_change_is_announced_with_what_was(emulated: World) -> None:
    product = emulated.product(description="old")
    emulated.advance(5)
    emulated.stripe.products.update(product.id, params={"name": "Starter"})
    assert emulated.event_types() == ["product.created"]
    changed = emulated.stripe.products.update(product.id, params={"description": "", "metadata": {"k": "v"}})
    assert changed.description is None
    assert changed.updated == product.created + 5
    event = emulated.stripe.events.list(params={"type": "product.updated"}).data[0]
    assert event.data.previous_attributes.to_dict() == {
        "description": "old",
        "metadata": {"k": None},
        "updated": product.created,
    }


def test_lookup_keys_filter_and_move(emulated: World) -> None:
    old = emulated.price(lookup_key="starter_usd")
    with pytest.raises(Exception, match="already uses that lookup key"):
        emulated.price(product=old.product, lookup_key="starter_usd")
    new = emulated.price(product=old.product, lookup_key="starter_usd", unit_amount=1200, transfer_lookup_key=True)
    found = emulated.stripe.prices.list(params={"lookup_keys": ["starter_usd"], "active": True})
    assert [price.id for price in found.data] == [new.id]
    assert emulated.stripe.prices.retrieve(old.id).lookup_key is None
    assert emulated.event_types()[-2:] == ["price.updated", "price.created"]


def test_a_default_price_can_not_be_archived(world: World, refused: Refused) -> None:
    product = world.product(default_price_data={"currency": "usd", "unit_amount": 1000})
    error = refused(lambda: world.stripe.prices.update(product.default_price, params={"active": False}))
    assert "default price" in error.user_message
    other = world.price(product=product.id)
    assert world.stripe.prices.update(other.id, params={"active": False}).active is False


def test_amounts_never_change(world: World, refused: Refused) -> None:
    price = world.price()
    error = refused(lambda: world.stripe.prices.update(price.id, params={"unit_amount": 5}))
    assert error.code == "parameter_unknown"


def test_products_with_prices_stay(world: World, refused: Refused) -> None:
    price = world.price()
    assert "user-created prices" in refused(lambda: world.stripe.products.delete(price.product)).user_message
    alone = world.product()
    assert world.stripe.products.delete(alone.id).deleted is True


def test_a_chosen_id_is_taken_once(world: World, refused: Refused) -> None:
    import uuid

    name = f"creditctl_test_{uuid.uuid4().hex[:8]}"
    assert world.product(id=name).id == name
    assert refused(lambda: world.product(id=name)).code == "resource_already_exists"


def test_prices_need_one_amount(world: World, refused: Refused) -> None:
    product = world.product().id
    missing = refused(lambda: world.stripe.prices.create(params={"product": product, "currency": "usd"}))
    assert missing.http_status == 400
    unknown = refused(lambda: world.price(product="prod_none"))
    assert (unknown.http_status, unknown.code, unknown.param) == (400, "resource_missing", "product")


def test_fractions_of_a_cent(world: World) -> None:
    product = world.product().id
    price = world.stripe.prices.create(params={"product": product, "currency": "usd", "unit_amount_decimal": "0.5"})
    assert price.unit_amount is None
    assert str(price.unit_amount_decimal) == "0.5"


def test_deleted_customers_answer_with_a_stub(world: World) -> None:
    customer = world.stripe.customers.create(params={"email": "gone@example.com"})
    assert world.stripe.customers.delete(customer.id).deleted is True
    assert world.stripe.customers.retrieve(customer.id).deleted is True
