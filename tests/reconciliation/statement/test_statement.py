"""The statement's totals tie, by currency, by package and by day, and count nothing that is not ours."""

from __future__ import annotations

import pytest

from creditctl.core.when import Window
from creditctl.payments.reading.list_contents import MovementRow
from creditctl.reconciliation.statement.money import money_totals
from creditctl.reconciliation.statement.sales import Fee, SoldPayment
from creditctl.reconciliation.statement.statement import Statement, fees_of, statement_of
from tests.support.payment_shop import Shop

DAY = 86_400


def made(shop: Shop, **window: int) -> Statement:
    return statement_of(shop.reconcile(**window), shop.ledger)


def test_gross_less_refunds_and_disputes_is_kept(shop: Shop) -> None:
    first, second, third = shop.pay("starter"), shop.pay("pro"), shop.pay("starter", user="u2")
    shop.fulfil(first, second, third)
    shop.refund(second, 2500)
    shop.refund(first, 100, status="failed")
    shop.dispute(third, 1000)
    (total,) = made(shop).money
    assert (total.currency, total.payments, total.gross) == ("usd", 3, 12_000)
    assert (total.refunds, total.disputes) == (2500, 1000)
    assert total.gross - total.refunds - total.disputes == total.kept == 8500


def test_credits_tie_from_opening_to_outstanding(shop: Shop) -> None:
    old, late = shop.pay("starter", age=40 * DAY), shop.pay("pro", age=DAY)
    shop.fulfil(old, late)
    shop.refund(late, 2500)
    shop.repair(shop.reconcile())
    credits = made(shop, since=shop.now - 10 * DAY).credits
    assert (credits.opening, credits.sold) == (1000, 13_500)
    assert credits.taken_back == -3375
    assert credits.outstanding == 1000 + 13_500 - 3375


def test_what_was_sold_and_not_given_shows_in_the_worth(shop: Shop) -> None:
    shop.pay("pro")
    statement = made(shop)
    assert (statement.worth, statement.credits.sold) == (13_500, 0)


def test_packages_are_priced_by_what_was_paid(shop: Shop) -> None:
    shop.fulfil(shop.pay("starter"), shop.pay("starter"), shop.pay("pro"))
    pro, starter = made(shop).packages
    assert (starter.package, starter.payments, starter.credits, starter.amount) == ("starter", 2, 2000, 2000)
    assert (starter.per_thousand, starter.catalogue) == (1000, 1000)
    assert (pro.package, pro.per_thousand, pro.catalogue) == ("pro", 741, 741)


def test_a_payment_whose_credits_nobody_can_say_prices_no_package(shop: Shop) -> None:
    shop.fulfil(shop.pay("starter"))
    odd = shop.pay("starter", amount_subtotal=1500, amount_total=1500)
    price = {"id": "price_1", "unit_amount": 1500, "currency": "usd", "product": "prod_1", "active": True}
    price["metadata"] = {}
    item = {"id": "li_1", "quantity": 1, "amount_subtotal": 1500, "amount_total": 1500, "currency": "usd"}
    item["price"] = price
    shop.line_items(odd, item)
    unknown, starter = made(shop).packages
    assert (unknown.package, unknown.payments, unknown.amount, unknown.per_thousand) == ("not known", 1, 1500, None)
    assert (starter.package, starter.payments, starter.per_thousand) == ("starter", 1, 1000)


def test_what_is_not_ours_is_in_no_total(shop: Shop) -> None:
    shop.intent("pi_other", amount=9900, created=shop.now - DAY)
    statement = made(shop)
    assert (statement.money, statement.packages, statement.sales.spans) == ((), (), ())


def test_every_day_between_the_first_sale_and_the_last_is_there(shop: Shop) -> None:
    shop.fulfil(shop.pay("starter", age=3 * DAY), shop.pay("pro", age=DAY))
    sales = made(shop).sales
    assert sales.unit == "day"
    assert [span.amounts for span in sales.spans] == [{"usd": 1000}, {}, {"usd": 10_000}]
    assert [span.credits for span in sales.spans] == [1000, 0, 13_500]


def movement(name: str, intent: str | None, fee: int | None, currency: str | None = "usd") -> MovementRow:
    return MovementRow(name, 1, "charge", "charge", 1000, currency, False, f"ch_{name}", True, 1, intent, fee)


def test_fees_are_known_only_where_every_movement_says_them_in_one_currency() -> None:
    found = fees_of(
        [
            movement("1", "pi_1", 59),
            movement("2", "pi_1", 1500),
            movement("3", "pi_2", None),
            movement("4", "pi_2", 10),
            movement("5", "pi_3", 10, "usd"),
            movement("6", "pi_3", 10, "eur"),
            movement("7", None, 3),
        ]
    )
    assert found == {"pi_1": Fee(1559, "usd")}


@pytest.mark.parametrize(
    ("fees", "known", "without"),
    [
        ([Fee(59, "usd"), None, Fee(41, "usd")], 100, 1),
        ([Fee(59, "usd"), Fee(10, "eur")], 59, 1),
        ([None, None], None, 2),
        ([], None, 0),
    ],
)
def test_the_fees_that_are_known_are_shown_with_how_many_are_not(
    fees: list[Fee | None], known: int | None, without: int
) -> None:
    sales = [SoldPayment(f"pi_{n}", 5, 1000, "usd", "starter", 1000, fee=fee) for n, fee in enumerate(fees)]
    totals = money_totals(sales, Window())
    assert [(each.fees, each.without_fee) for each in totals] == ([(known, without)] if fees else [])
    assert [each.net for each in totals] == ([None if known is None else 1000 * len(fees) - known] if fees else [])


def test_where_fees_are_not_known_neither_is_the_net(shop: Shop) -> None:
    shop.fulfil(shop.pay())
    (total,) = made(shop).money
    assert (total.fees is None) is (total.net is None)
