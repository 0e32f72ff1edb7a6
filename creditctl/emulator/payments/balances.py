"""The balance: each movement is a balance transaction, and the totals are their sums at every moment.

Source: Stripe API reference, "Balance", "Balance Transactions"; Stripe docs, "Payouts" (two days in the US). Which
part of the balance a refund or dispute comes from is ours: the available one.
"""

from typing import Any

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.protocol.durations import DAY_SECONDS
from creditctl.emulator.storage.object_types import BALANCE_TRANSACTION, Body
from creditctl.emulator.storage.store import column

SETTLEMENT_DAYS = 2
FEE_PER_MILLE, FEE_FIXED = 29, 30
DISPUTE_FEE = 1500


def processing_fee(amount: int) -> int:
    """Stripe's processing fee: 2.9 % and 30 cents, rounded to the nearest cent."""
    return (amount * FEE_PER_MILLE + 500) // 1000 + FEE_FIXED


def settles_on(now: int) -> int:
    """When a charge of now becomes available: the second midnight UTC from today's."""
    return (now // DAY_SECONDS + SETTLEMENT_DAYS) * DAY_SECONDS


def post(
    context: RequestContext,
    type_: str,
    source: str,
    amount: int,
    currency: str,
    *,
    category: str,
    fee: int = 0,
    fee_description: str = "Stripe processing fees",
    available_on: int | None = None,
    description: str | None = None,
    family: str | None = None,
) -> Body:
    """Post one movement and update the totals, in the caller's transaction."""
    # Ours: what leaves (refunds, disputes, payouts) is taken from the available part at once; what comes in settles.
    when = context.now if available_on is None else available_on
    pending = when > context.now
    body = transaction_body(context, type_, source, amount, currency, category, fee, fee_description, when)
    body["description"] = description
    if family:
        body["id"] = context.services.ids.relative("txn_", family, "1")
    context.add(BALANCE_TRANSACTION, body)
    move(context, currency, "pending" if pending else "available", amount - fee)
    if pending:
        context.schedule(when - context.now, "settle_balance", str(when))
    return body


def transaction_body(
    context: RequestContext,
    type_: str,
    source: str,
    amount: int,
    currency: str,
    category: str,
    fee: int,
    fee_text: str,
    when: int,
) -> Body:
    """The body of a balance transaction."""
    return {
        "id": context.new_id("txn_"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": when,
        "balance_type": "payments",
        "created": context.now,
        "currency": currency,
        "description": None,
        "exchange_rate": None,
        "fee": fee,
        "fee_details": _fee_details(fee, currency, fee_text),
        "net": amount - fee,
        "reporting_category": category,
        "source": source,
        "status": "pending" if when > context.now else "available",
        "type": type_,
    }


def _fee_details(fee: int, currency: str, description: str) -> list[Body]:
    if not fee:
        return []
    return [
        {
            "amount": fee,
            "application": None,
            "currency": currency,
            "description": description,
            "type": "stripe_fee",
        }
    ]


def move(context: RequestContext, currency: str, state: str, amount: int) -> None:
    """Add to one part of the balance."""
    context.services.store.run(
        "INSERT INTO balances (scope, currency, source_type, state, amount) VALUES (?, ?, 'card', ?, ?) "
        "ON CONFLICT DO UPDATE SET amount = amount + excluded.amount",
        (context.scope.id, currency, state, amount),
    )


def total(context: RequestContext, currency: str, state: str) -> int:
    """One part of the balance in one currency."""
    row = context.services.store.tables.execute(
        "SELECT amount FROM balances WHERE scope = ? AND currency = ? AND state = ?",
        (context.scope.id, currency, state),
    ).fetchone()
    return int(row[0]) if row else 0


def balance(context: RequestContext) -> Body:
    """The Balance object."""
    rows = context.services.store.tables.execute(
        "SELECT DISTINCT currency FROM balances WHERE scope = ? ORDER BY currency", (context.scope.id,)
    ).fetchall()
    currencies = [row[0] for row in rows] or ["usd"]
    available = [_money(total(context, currency, "available"), currency) for currency in currencies]
    nothing = [{"amount": 0, "currency": currency} for currency in currencies]
    return {
        "object": "balance",
        "available": available,
        "connect_reserved": nothing,
        "livemode": context.scope.livemode,
        "pending": [_money(total(context, currency, "pending"), currency) for currency in currencies],
        "refund_and_dispute_prefunding": {"available": nothing, "pending": nothing},
    }


def _money(amount: int, currency: str) -> Body:
    return {"amount": amount, "currency": currency, "source_types": {"card": amount}}


def settle(context: RequestContext, subject: str, _: dict[str, Any]) -> None:
    """Job: what is due on a day moves from pending to available; one job a day, however many movements."""
    sums: dict[str, int] = {}
    for row in context.services.store.select(context.scope.id, BALANCE_TRANSACTION, column("label", subject)):
        body = row.decoded()
        if body["status"] == "pending":
            sums[body["currency"]] = sums.get(body["currency"], 0) + body["net"]
            context.save(BALANCE_TRANSACTION, {**body, "status": "available"})
    for currency, amount in sums.items():
        move(context, currency, "pending", -amount)
        move(context, currency, "available", amount)
    if sums:
        context.emit("balance.available", balance(context))
