"""Statement of a reconciliation: its sales in money, in credits, by package and by day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from creditctl.ledger.store import Ledger
from creditctl.payments.ledger_entries import known_facts
from creditctl.payments.reading.list_contents import MovementRow
from creditctl.payments.source.source_keeper import SourceKeeper
from creditctl.reconciliation.match import match
from creditctl.reconciliation.report import ReconcileReport
from creditctl.reconciliation.statement.credits import (
    CreditTotals,
    PackageLine,
    credit_totals,
    package_lines,
)
from creditctl.reconciliation.statement.days import SalesByTime, sales_by_time
from creditctl.reconciliation.statement.money import MoneyTotals, money_totals
from creditctl.reconciliation.statement.sales import Fee, sales_of


@dataclass(frozen=True, slots=True)
class Statement:
    """What a period came to. Shape: `worth` is how many credits its sales are worth by what Stripe says."""

    money: tuple[MoneyTotals, ...]
    credits: CreditTotals
    worth: int
    packages: tuple[PackageLine, ...]
    sales: SalesByTime

    def as_dict(self) -> dict[str, Any]:
        """The statement as a JSON document shows it."""
        return {
            "money": [each.as_dict() for each in self.money],
            "credits": {**self.credits.as_dict(), "worth_of_sales": self.worth},
            "packages": [each.as_dict() for each in self.packages],
        }


def statement_of(report: ReconcileReport, ledger: Ledger) -> Statement:
    """The statement of what a run read, beside the entries as they stand now. Errors: LedgerError."""
    terms, pulled, window = report.terms, report.basis, report.window
    keeper = terms.keeper
    with ledger.reading() as view:
        cases = match(pulled, keeper.entries(view).all(), known_facts(view), keeper)
        counted = keeper.own_entries.with_usage() if isinstance(keeper, SourceKeeper) else keeper.entries(view).all()
        credits = credit_totals(counted, window)
    fees = fees_of(pulled.contents.movements.values()) if pulled.contents.readable else {}
    sales = list(sales_of(cases, terms.catalog, fees))
    return Statement(
        money_totals(sales, window),
        credits,
        sum(sale.credits for sale in sales if window.holds(sale.moment)),
        package_lines(sales, terms.catalog, window),
        sales_by_time(sales, window),
    )


def fees_of(movements: Iterable[MovementRow]) -> Mapping[str, Fee]:
    """What Stripe took of each payment: the fees of its charges, refunds and disputes together.

    Shape:  a payment with a movement whose fee or currency is not shown has none here.
    Source: Stripe API reference, "The balance transaction object": `fee` is in the currency of the balance.
    """
    fees: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    unknown: set[str] = set()
    for each in movements:
        if each.intent is None:
            continue
        if each.fee is None or each.currency is None:
            unknown.add(each.intent)
        else:
            fees[each.intent][each.currency] += each.fee
    return {
        intent: Fee(amount, currency)
        for intent, found in fees.items()
        if intent not in unknown and len(found) == 1
        for currency, amount in found.items()
    }
