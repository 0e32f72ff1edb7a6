"""The search language."""

from tests.emulator.world import World


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
