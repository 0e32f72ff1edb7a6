"""Money of a statement: gross, refunds, disputes, fees and net of each currency, which tie. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from creditctl.core.when import Window
from creditctl.reconciliation.statement.sales import SoldPayment


@dataclass(frozen=True, slots=True)
class MoneyTotals:
    """What came of a period's sales in one currency.

    Shape: gross - refunds - disputes = kept, and kept - fees = net; `fees` are those that are known, None where there
           are none; `without_fee` counts the sales of which they are not known, or were taken in another currency.
    Units: minor units of `currency`; none is negative but kept and net.
    """

    currency: str
    payments: int
    gross: int
    refunds: int
    disputes: int
    fees: int | None
    without_fee: int = 0

    @property
    def kept(self) -> int:
        """What was charged and did not go back."""
        return self.gross - self.refunds - self.disputes

    @property
    def net(self) -> int | None:
        """What is left after fees; None where they are not known."""
        return None if self.fees is None else self.kept - self.fees

    def as_dict(self) -> dict[str, object]:
        """The totals as a JSON document shows them."""
        return {
            "currency": self.currency,
            "payments": self.payments,
            "gross": self.gross,
            "refunds": self.refunds,
            "disputes": self.disputes,
            "kept": self.kept,
            "fees": self.fees,
            "net": self.net,
            "without_fee": self.without_fee,
        }


def money_totals(sales: Sequence[SoldPayment], window: Window) -> tuple[MoneyTotals, ...]:
    """The totals of each currency: what was charged in the window, and what went back in it, of whatever sale."""
    charged = [sale for sale in sales if window.holds(sale.moment)]
    returned = [each for sale in sales for each in sale.returns if window.holds(each.moment)]
    currencies = sorted({sale.currency for sale in charged} | {each.currency for each in returned})
    return tuple(
        MoneyTotals(
            currency,
            sum(sale.currency == currency for sale in charged),
            sum(sale.amount for sale in charged if sale.currency == currency),
            sum(each.amount for each in returned if each.currency == currency and not each.disputed),
            sum(each.amount for each in returned if each.currency == currency and each.disputed),
            *_fees([sale for sale in charged if sale.currency == currency], currency),
        )
        for currency in currencies
    )


def _fees(sales: Sequence[SoldPayment], currency: str) -> tuple[int | None, int]:
    """The fees that are known, and of how many sales they are not."""
    known = [sale.fee.amount for sale in sales if sale.fee is not None and sale.fee.currency == currency]
    return (sum(known) if known or not sales else None), len(sales) - len(known)
