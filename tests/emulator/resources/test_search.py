"""The search language."""

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
    ["", "name", 'wat:"x"', 'name~"ab"', 'name:"a" AND name:"b" OR name:"c"', "name>3", 'metadata:"x"', '(name:"a")'],
)
def test_refused_queries(products: World, refused: Refused, query: str) -> None:
    assert refused(lambda: products.stripe.products.search(params={"query": query})).http_status == 400


def test_numbers_and_pages(emulated: World) -> None:
    made = [emulated.pay(amount=amount).id for amount in (1000, 2000, 3000)]
    found = emulated.stripe.payment_intents.search(params={"query": "amount>=2000", "limit": 1})
    assert (found.data[0].id, found.has_more) == (made[2], True)
    rest = emulated.stripe.payment_intents.search(params={"query": "amount>=2000", "limit": 1, "page": found.next_page})
    assert (rest.data[0].id, rest.has_more, rest.next_page) == (made[1], False, None)
    counted = emulated.stripe.payment_intents.search(params={"query": "amount<5000", "expand": ["total_count"]})
    assert counted.total_count == 3


def test_charges_by_card(emulated: World) -> None:
    emulated.pay("pm_card_mastercard")
    emulated.pay("pm_card_visa")
    query = 'payment_method_details.card.brand:"mastercard" AND status:"succeeded"'
    found = emulated.stripe.charges.search(params={"query": query})
    assert [charge.payment_method_details.card.last4 for charge in found.data] == ["4444"]


def test_words_are_not_patterns(emulated: World) -> None:
    emulated.product(name="Hundred")
    assert emulated.stripe.products.search(params={"query": 'name:"_undred"'}).data == []
