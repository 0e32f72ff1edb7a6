"""What is planted: each plant gives the key of the one payment that it is about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from creditctl.core.entitlement.settlement import EntryKind
from creditctl.emulator_client import checkout_payer
from creditctl.payments.resolve import resolve
from tests.journeys.one_story.world import World

HOUR = 3600

Plant = Callable[[World], str]


def credited(world: World) -> str:
    key = world.buy()
    world.deliver()
    return key


def credited_without_metadata(world: World) -> str:
    key = world.buy(metadata=None)
    world.deliver()
    return key


def refunded(world: World) -> str:
    key = credited(world)
    world.api.refunds.create(params={"payment_intent": key, "amount": 400})
    world.deliver()
    return key


def fraud_warning(world: World) -> str:
    key = world.buy("tok_createIssuerFraudRecord")
    world.deliver()
    return key


def lost(world: World) -> str:
    world.losing = True
    return world.buy()


def lost_without_metadata(world: World) -> str:
    """An application opens its sessions itself, for a price of ours: whose they are, only the line item says."""
    world.losing = True
    return world.buy(metadata=None)


def lost_of_a_free_order(world: World) -> str:
    world.losing = True
    coupon = world.api.coupons.create(params={"percent_off": 100, "duration": "once"})
    return world.buy(discounts=[{"coupon": coupon.id}])


def lost_of_a_bank_transfer(world: World) -> str:
    key = world.buy_by_bank("succeeds")
    world.deliver()
    world.losing = True
    world.later(14 * 86_400)
    return key


def lost_and_refunded(world: World) -> str:
    key = lost(world)
    world.api.refunds.create(params={"payment_intent": key, "amount": 400})
    return key


def on_its_way(world: World) -> str:
    return world.buy()


def refund_on_its_way(world: World) -> str:
    key = credited(world)
    world.later(HOUR)
    world.api.refunds.create(params={"payment_intent": key, "amount": 400})
    return key


def unpaid(world: World) -> str:
    return str(world.open().id)


def expired(world: World) -> str:
    key = unpaid(world)
    world.api.checkout.sessions.expire(key)
    return key


def bank_transfer_under_way(world: World) -> str:
    key = world.buy_by_bank("succeeds")
    world.deliver()
    return key


def a_mug(world: World) -> str:
    price = {"currency": "usd", "unit_amount": 1500, "product_data": {"name": "A mug"}}
    key = world.buy(metadata=None, client_reference_id=None, line_items=[{"quantity": 1, "price_data": price}])
    world.deliver()
    return key


def given_twice(world: World) -> str:
    key = credited(world)
    world.give(key)
    return key


def given_too_few(world: World) -> str:
    key = lost(world)
    world.give(key, 900)
    return key


def given_to_another(world: World) -> str:
    key = lost(world)
    world.give(key, user="thief")
    return key


def given_for_nothing(world: World) -> str:
    return str(world.give("pi_unknown").payment_key)


def given_for_an_expired_session(world: World) -> str:
    return str(world.give(expired(world)).payment_key)


def given_for_a_bank_transfer_that_failed(world: World) -> str:
    key = world.buy_by_bank("fails")
    world.give(key)
    world.later(14 * 86_400)
    return key


def given_for_a_mug(world: World) -> str:
    return str(world.give(a_mug(world)).payment_key)


def given_for_a_live_session(world: World) -> str:
    return str(world.give(lost(world), session_id="cs_live_1").payment_key)


def given_for_other_money(world: World) -> str:
    return str(world.give(lost(world), amount=900).payment_key)


def given_for_another_currency(world: World) -> str:
    return str(world.give(lost(world), currency="eur").payment_key)


def given_for_another_package(world: World) -> str:
    return str(world.give(lost(world), package="basic").payment_key)


def given_undecided(world: World) -> str:
    return str(world.give(two_owners(world)).payment_key)


def refund_lost(world: World) -> str:
    key = credited(world)
    world.losing = True
    world.api.refunds.create(params={"payment_intent": key, "amount": 400})
    return key


def refund_failure_lost(world: World) -> str:
    key = world.buy("tok_refundFail")
    world.deliver()
    world.api.refunds.create(params={"payment_intent": key, "amount": 400})
    world.deliver()
    world.losing = True
    world.later(10 * 86_400)
    return key


def taken_for_no_refund(world: World) -> str:
    key = credited(world)
    world.give(key, -300, kind=EntryKind.REFUND, amount=-300, object_id="re_unknown")
    return key


def refund_taken_too_much(world: World) -> str:
    """An entry that took 700 credits for a refund of 400 cents: the refund went through, the entry is wrong."""
    key = refund_lost(world)
    (refund,) = world.api.refunds.list(params={"payment_intent": key}).data
    world.give(key, -700, kind=EntryKind.REFUND, amount=-700, object_id=str(refund.id))
    return key


def refund_booked_as_adjustment(world: World) -> str:
    """An application books its refunds as adjustments that carry the payment's key."""
    key = refund_lost(world)
    world.give(key, -400, kind=EntryKind.ADJUSTMENT, amount=0, currency=None)
    return key


def refund_booked_as_adjustment_twice(world: World) -> str:
    key = refund_booked_as_adjustment(world)
    world.give(key, -400, kind=EntryKind.ADJUSTMENT, amount=0, currency=None)
    return key


def duplicate_corrected_by_adjustment(world: World) -> str:
    key = given_twice(world)
    world.give(key, -1000, kind=EntryKind.ADJUSTMENT, amount=0, currency=None)
    return key


def given_by_adjustment(world: World) -> str:
    """An application gave the credits by an adjustment that carries the payment's key: no row calls it a purchase."""
    key = lost(world)
    world.give(key, kind=EntryKind.ADJUSTMENT, amount=0, currency=None)
    return key


def given_too_few_by_adjustment(world: World) -> str:
    key = lost(world)
    world.give(key, 900, kind=EntryKind.ADJUSTMENT, amount=0, currency=None)
    return key


def refund_after_giving_by_adjustment(world: World) -> str:
    key = given_by_adjustment(world)
    world.api.refunds.create(params={"payment_intent": key, "amount": 400})
    return key


def given_under_its_charge(world: World) -> str:
    """An application names its payments by their charges."""
    key = lost(world)
    world.give(world.charge_of(key))
    return key


def given_too_few_under_its_charge(world: World) -> str:
    key = lost(world)
    world.give(world.charge_of(key), 900)
    return key


def given_and_refunded_for_nothing(world: World) -> str:
    key = given_for_nothing(world)
    world.give(key, -400, kind=EntryKind.REFUND, amount=-400, object_id="re_unknown")
    return key


def refund_taken_from_another(world: World) -> str:
    key = refund_lost(world)
    (refund,) = world.api.refunds.list(params={"payment_intent": key}).data
    world.give(key, -400, user="ben", kind=EntryKind.REFUND, amount=-400, object_id=str(refund.id))
    return key


def won_dispute_given_to_another(world: World) -> str:
    key = won_dispute_lost_on_the_way(world)
    (dispute,) = world.api.disputes.list(params={"payment_intent": key}).data
    world.give(key, 1000, user="ben", kind=EntryKind.DISPUTE_REVERSAL, object_id=str(dispute.id))
    return key


def refund_of_an_unknown_payment(world: World) -> str:
    entry = world.give("pi_unknown", -400, kind=EntryKind.REFUND, amount=-400, object_id="re_unknown")
    return str(entry.payment_key)


def dispute_lost_on_the_way(world: World) -> str:
    key = credited(world)
    world.losing = True
    world.control("/disputes", payment_intent=key)
    return key


def lost_dispute_lost_on_the_way(world: World) -> str:
    key = dispute_lost_on_the_way(world)
    (dispute,) = world.api.disputes.list(params={"payment_intent": key}).data
    evidence = {"uncategorized_text": "losing_evidence"}
    world.api.disputes.update(dispute.id, params={"evidence": evidence, "submit": True})
    world.later(86_400)
    return key


def given_before_it_was_paid(world: World) -> str:
    """Somebody wrote the credits while the buyer was still on the payment page."""
    session = world.open()
    world.give(str(session.id))
    world.later(HOUR)
    world.losing = True
    return str(checkout_payer.pay(world.connection.client, session.id, "tok_visa").payment_intent)


def paid_by_hand(world: World) -> str:
    """A payment that somebody took in the Dashboard: nothing says what it is for."""
    params = {"amount": 1000, "currency": "usd", "confirm": True, "payment_method": "pm_card_visa"}
    return str(world.api.payment_intents.create(params={**params, "return_url": "http://localhost:3000"}).id)


def paid_twice(world: World) -> str:
    """Two clicks, or two wishes: both payments are right."""
    credited(world)
    return credited(world)


def spent_and_refunded(world: World) -> str:
    key = credited(world)
    world.give("", -900, kind=EntryKind.USAGE, amount=0, currency=None, payment_key=None)
    world.api.refunds.create(params={"payment_intent": key})
    world.deliver()
    return key


def given_under_a_number_of_its_own(world: World) -> str:
    """An application's row carries its own order number: nobody can follow it, and only a person sees what it is."""
    key = lost(world)
    world.give("order 17")
    return key


def given_under_numbers_of_its_own_and_other_users(world: World) -> str:
    """All rows carry order numbers, and users as the application calls them: a mapping fault, not many orphans."""
    key = lost(world)
    world.buy(client_reference_id="ben", metadata=None)
    world.give("order 17", user="account 1")
    world.give("order 18", user="account 2")
    return key


def won_dispute_lost_on_the_way(world: World) -> str:
    key = credited(world)
    dispute = world.control("/disputes", payment_intent=key)
    world.deliver()
    world.losing = True
    evidence = {"uncategorized_text": "winning_evidence"}
    world.api.disputes.update(dispute["id"], params={"evidence": evidence, "submit": True})
    world.later(86_400)
    return key


def two_owners(world: World) -> str:
    world.losing = True
    return world.buy(client_reference_id="ben")


def no_owner(world: World) -> str:
    world.losing = True
    return world.buy(client_reference_id=None, metadata=None)


def unusable_owner(world: World) -> str:
    world.losing = True
    return world.buy(client_reference_id=" ann", metadata=None)


def sold_twice(world: World) -> str:
    key = world.buy(metadata=None, line_items=[{"price": world.prices["starter"], "quantity": 2}])
    world.deliver()
    return key


def given_for_what_was_sold_twice(world: World) -> str:
    """An application that knows what a quantity means credited it rightly."""
    key = lost_sale_of_two(world)
    world.give(key, 2000, amount=2000)
    return key


def given_too_much_for_what_was_sold_twice(world: World) -> str:
    key = lost_sale_of_two(world)
    world.give(key, 3000, amount=2000)
    return key


def lost_sale_of_two(world: World) -> str:
    world.losing = True
    return world.buy(metadata=None, line_items=[{"price": world.prices["starter"], "quantity": 2}])


def captured_in_part(world: World) -> str:
    world.losing = True
    key = world.buy(payment_intent_data={"capture_method": "manual"})
    world.api.payment_intents.capture(key, params={"amount_to_capture": 400})
    return key


def captured_in_part_and_given_in_full(world: World) -> str:
    key = captured_in_part(world)
    world.give(key)
    return key


def captured_in_part_and_given_so(world: World) -> str:
    key = captured_in_part(world)
    world.give(key, 400, amount=400)
    return key


def found_and_given_by_the_application(world: World) -> str:
    """The webhook left a finding; the application, which knows what a quantity means, credited rightly since."""
    key = sold_twice(world)
    world.give(key, 2000, amount=2000)
    return key


def sold_with_something_else(world: World) -> str:
    items = [{"price": world.prices[slug], "quantity": 1} for slug in ("starter", "basic")]
    return world.buy(metadata=None, line_items=items)


def price_that_says_nothing(world: World) -> str:
    price = world.price("creditctl_starter", 1234, {"managed_by": "creditctl"})
    return world.buy(metadata=None, line_items=[{"price": price, "quantity": 1}])


_DEAR = {"managed_by": "creditctl", "package": "enterprise", "credits": "120000"}


def price_of_ours_with_other_terms(world: World) -> str:
    """120,000 credits for a dollar, on a product of ours: a slip in the Dashboard."""
    price = world.price("creditctl_enterprise", 100, _DEAR)
    return world.buy(metadata=None, line_items=[{"price": price, "quantity": 1}])


def price_with_copied_marks(world: World) -> str:
    """The same on a product that is not ours: metadata is copied with a price."""
    product = world.api.products.create(params={"name": "A mug"})
    key = world.buy(metadata=None, line_items=[{"price": world.price(product.id, 100, _DEAR), "quantity": 1}])
    world.deliver()
    return key


def lost_by_a_price_of_before(world: World) -> str:
    """A session on a price that set-up has replaced since: what it sold, its successor vouches for."""
    old = world.price("creditctl_starter", 800, {**_DEAR, "package": "starter", "credits": "900"})
    world.price("creditctl_starter", 1000, {**_DEAR, "package": "starter", "credits": "1000", "supersedes": old})
    world.losing = True
    return world.buy(metadata=None, line_items=[{"price": old, "quantity": 1}])


def lost_by_an_adopted_price(world: World) -> str:
    """A session on a price of the application's that set-up took over: price and product carry our mark."""
    package = next(iter(world.catalog))
    product = world.api.products.create(params={"name": "Credits", "metadata": package.metadata})
    price = world.price(product.id, package.amount, package.metadata)
    world.losing = True
    return world.buy(metadata=None, line_items=[{"price": price, "quantity": 1}])


def paid_without_a_session(world: World) -> str:
    params = {
        "amount": 1000,
        "currency": "usd",
        "confirm": True,
        "payment_method": "pm_card_visa",
        "metadata": {"managed_by": "creditctl"},
        "return_url": "http://localhost:3000",
    }
    return str(world.api.payment_intents.create(params=params).id)


def settle(world: World, action: Literal["credit", "dismiss"], credits: int | None = None) -> None:
    """A person settles the one finding that the webhook kept."""
    with world.ledger.transaction() as tx:
        (stored,) = tx.findings()
        resolve(tx, stored.id, action=action, reason="asked her", credits=credits)


def decided_and_credited(world: World) -> str:
    key = sold_twice(world)
    settle(world, "credit", 2000)
    return key


def decided_and_dismissed(world: World) -> str:
    key = sold_twice(world)
    settle(world, "dismiss")
    return key
