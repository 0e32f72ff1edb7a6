"""The search query language."""

import pytest

from tests.emulator.world import Refused, World


@pytest.fixture
def products(emulated: World) -> World:
    emulated.product(name="Starter pack", metadata={"credits": "1000", "kind": "a b"})
    emulated.product(name="Pro pack", metadata={"credits": "13500"}, active=False)
    emulated.product(name="Business", description="For teams", metadata={"It's": "odd"})
    return emulated


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ('name:"starter"', ["Starter pack"]),
        ('name:"pack"', ["Pro pack", "Starter pack"]),
        ('name:"starter pack"', ["Starter pack"]),
        ('name:"start"', []),
        ('name~"tart"', ["Starter pack"]),
        ("active:'true'", ["Business", "Starter pack"]),
        ('-active:"true"', ["Pro pack"]),
        ('metadata["credits"]:"1000"', ["Starter pack"]),
        ('-metadata["credits"]:null', ["Pro pack", "Starter pack"]),
        ('metadata["credits"]:null', ["Business"]),
        ('metadata["It\\\'s"]:"odd"', ["Business"]),
        ('active:"true" AND name:"pack"', ["Starter pack"]),
        ('active:"true" name:"pack"', ["Starter pack"]),
        ('name:"business" OR name:"pro"', ["Business", "Pro pack"]),
        ("description:null", ["Pro pack", "Starter pack"]),
    ],
)
def test_queries(products: World, query: str, names: list[str]) -> None:
    found = products.stripe.products.search(params={"query": query})
    assert [product.name for product in found.data] == names
    assert found.object == "search_result"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "name",
        'wat:"x"',
        'name~"ab"',
        'name:"a" AND name:"b" OR name:"c"',
        "name>3",
        'metadata:"x"',
        '(name:"a")',
        'active~"true"',
        'metadata["credits"]~"100"',
        "name~null",
    ],
)
def test_refused_queries(products: World, refused: Refused, query: str) -> None:
    assert refused(lambda: products.stripe.products.search(params={"query": query})).http_status == 400


def test_an_unknown_field_is_refused_in_recorded_words(products: World, refused: Refused) -> None:
    error = refused(lambda: products.stripe.payment_intents.search(params={"query": 'wat:"x"'}))
    assert error.user_message == (
        "Field `wat` is an unsupported search field for resource `payment_intents`. See "
        "http://stripe.com/docs/search#query-fields-for-payment-intents for a list of supported fields."
    )


def test_words_are_not_patterns(emulated: World) -> None:
    emulated.product(name="Hundred")
    assert emulated.stripe.products.search(params={"query": 'name:"_undred"'}).data == []
