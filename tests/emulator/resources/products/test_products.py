"""Products: creation, change, deletion."""

import uuid

from tests.emulator.world import Inside, Refused, World


def test_a_product_with_everything(ask: Inside) -> None:
    sizes = "&".join(f"package_dimensions[{name}]=2" for name in ("height", "length", "weight", "width"))
    made = ask("POST", "/v1/products", f"name=A&id=p&tax_code=txcd_10103000&marketing_features[0][name]=x&{sizes}")[1]
    assert made["package_dimensions"] == {"height": 2.0, "length": 2.0, "weight": 2.0, "width": 2.0}
    assert made["tax_details"] == {"performance_location": None, "tax_code": "txcd_10103000"}
    assert made["marketing_features"] == [{"name": "x"}]
    bare = ask("POST", "/v1/products/p", "package_dimensions=&tax_code=&marketing_features=")[1]
    assert (bare["package_dimensions"], bare["tax_details"], bare["marketing_features"]) == (None, None, [])
    assert ask("POST", "/v1/products/p", "package_dimensions[height]=1")[1]["error"]["code"] == "parameter_missing"


def test_what_is_no_tax_code_is_refused_wherever_one_is_taken(ask: Inside) -> None:
    price = "currency=usd&unit_amount=500&product_data[name]=A&product_data[tax_code]=saas"
    for path, form, param in (
        ("/v1/products", "name=A&tax_code=saas", "tax_code"),
        ("/v1/products", "name=A&tax_details[tax_code]=txcd_1", "tax_details[tax_code]"),
        ("/v1/prices", price, "product_data[tax_code]"),
    ):
        status, body, _ = ask("POST", path, form)
        assert (status, body["error"]["code"], body["error"]["param"]) == (400, "resource_missing", param)


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


def test_products_with_prices_stay(world: World, refused: Refused) -> None:
    price = world.price()
    assert "user-created prices" in refused(lambda: world.stripe.products.delete(price.product)).user_message
    alone = world.product()
    assert world.stripe.products.delete(alone.id).deleted is True


def test_a_chosen_id_is_taken_once(world: World, refused: Refused) -> None:
    name = f"creditctl_test_{uuid.uuid4().hex[:8]}"
    assert world.product(id=name).id == name
    assert refused(lambda: world.product(id=name)).code == "resource_already_exists"


def test_products_named_by_their_ids_are_on_no_page(ask: Inside) -> None:
    status, body, _ = ask("GET", "/v1/products", "ids[]=prod_a&starting_after=prod_b")
    assert (status, body["error"]["param"]) == (400, "ids")
