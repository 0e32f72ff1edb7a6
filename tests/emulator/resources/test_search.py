"""The search language."""

import pytest

from tests.emulator.world import Inside, World


def test_numbers_and_pages(emulated: World) -> None:
    made = [emulated.pay(amount=amount).id for amount in (1000, 2000, 3000)]
    found = emulated.stripe.payment_intents.search(params={"query": "amount>=2000", "limit": 1})
    assert (found.data[0].id, found.has_more) == (made[2], True)
    rest = emulated.stripe.payment_intents.search(params={"query": "amount>=2000", "limit": 1, "page": found.next_page})
    assert (rest.data[0].id, rest.has_more, rest.next_page) == (made[1], False, None)
    counted = emulated.stripe.payment_intents.search(params={"query": "amount<5000", "expand": ["total_count"]})
    assert counted.total_count == 3


@pytest.mark.parametrize("limit", [0, 101])
def test_a_search_takes_one_to_a_hundred(ask: Inside, limit: int) -> None:
    """Source: crvouga/emulates, `packages/service/stripe/stripe.empty-expand.test.ts` (held against Stripe)."""
    status, body, _ = ask("GET", "/v1/charges/search", f"query=amount>1&limit={limit}")
    assert (status, body["error"]["code"], body["error"]["param"]) == (400, "parameter_invalid_integer", "limit")


def test_a_page_that_is_none_is_named(ask: Inside) -> None:
    status, body, _ = ask("GET", "/v1/charges/search", "query=amount>1&page=first")
    assert (status, body["error"]["message"], body["error"]["param"]) == (400, "first is an invalid page.", "first")


def test_charges_by_card(emulated: World) -> None:
    emulated.pay("pm_card_mastercard")
    emulated.pay("pm_card_visa")
    query = 'payment_method_details.card.brand:"mastercard" AND status:"succeeded"'
    found = emulated.stripe.charges.search(params={"query": query})
    assert [charge.payment_method_details.card.last4 for charge in found.data] == ["4444"]


@pytest.mark.parametrize(("query", "amounts"), [('"true"', [1000]), ('"false"', [2000]), ("null", [3000])])
def test_how_far_charges_were_refunded(emulated: World, query: str, amounts: list[int]) -> None:
    """Source: Stripe docs, "Search": true in full, false in part, null not at all."""
    whole, part = emulated.pay(amount=1000).id, emulated.pay(amount=2000).id
    emulated.pay(amount=3000)
    emulated.stripe.refunds.create(params={"payment_intent": whole})
    emulated.stripe.refunds.create(params={"payment_intent": part, "amount": 500})
    found = emulated.stripe.charges.search(params={"query": f"refunded:{query}"})
    assert [charge.amount for charge in found.data] == amounts


def test_tokens_have_no_parts_and_no_order(ask: Inside) -> None:
    for query in ('status~"succ"', "payment_method_details.card.exp_year>2020", 'currency~"usd"'):
        assert ask("GET", "/v1/charges/search", f"query={query}")[0] == 400


def test_a_year_is_found_by_its_number(emulated: World) -> None:
    emulated.pay()
    year = emulated.stripe.charges.list().data[0].payment_method_details.card.exp_year
    found = emulated.stripe.charges.search(params={"query": f"payment_method_details.card.exp_year:{year}"})
    assert len(found.data) == 1


def test_fields_of_what_is_not_here_find_nothing(ask: Inside) -> None:
    fields = {"invoices": "subscription", "charges": "payment_method_details.card_present.last4"}
    for kind, field in fields.items():
        status, body, _ = ask("GET", f"/v1/{kind}/search", f'query={field}:"x"')
        assert (status, body["data"]) == (200, [])
