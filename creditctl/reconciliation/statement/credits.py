"""Credits of a statement: open before, sold, taken back, corrected and used, and open now; by package too. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from creditctl.core.catalog import Catalog
from creditctl.core.entitlement.entry import CreditEntry
from creditctl.core.entitlement.settlement import CLAWBACK_KINDS, EntryKind
from creditctl.core.when import Window
from creditctl.reconciliation.statement.sales import SoldPayment


@dataclass(frozen=True, slots=True)
class CreditTotals:
    """Credits of a period, as the entries have them. Shape: opening and the signed changes come to outstanding."""

    opening: int
    sold: int
    taken_back: int
    corrected: int
    used: int

    @property
    def outstanding(self) -> int:
        """What users still hold at the end."""
        return self.opening + self.sold + self.taken_back + self.corrected + self.used

    def as_dict(self) -> dict[str, int]:
        """The totals as a JSON document shows them."""
        return {
            "opening": self.opening,
            "sold": self.sold,
            "taken_back": self.taken_back,
            "corrected": self.corrected,
            "used": self.used,
            "outstanding": self.outstanding,
        }


def credit_totals(entries: Iterable[CreditEntry], window: Window) -> CreditTotals:
    """The totals of a window; what is after it does not count."""
    sums: dict[str, int] = defaultdict(int)
    for entry in entries:
        if entry.status != "done":
            continue
        if window.since is not None and entry.created < window.since:
            sums["opening"] += entry.credits
        elif window.holds(entry.created):
            sums[_column(entry.kind)] += entry.credits
    return CreditTotals(sums["opening"], sums["sold"], sums["taken_back"], sums["corrected"], sums["used"])


def _column(kind: EntryKind) -> str:
    if kind in CLAWBACK_KINDS:
        return "taken_back"
    return {EntryKind.PURCHASE: "sold", EntryKind.USAGE: "used"}.get(kind, "corrected")


@dataclass(frozen=True, slots=True)
class PackageLine:
    """What was sold of one package in one currency, against its price in the catalogue.

    Shape:  `per_thousand` is what a thousand credits cost the buyers, `catalogue` what they cost by the catalogue, None
            where that is not known; they differ by discounts, tax, and prices that were others then.
    Units:  minor units of `currency`, halves rounded up.
    """

    package: str
    currency: str
    payments: int
    credits: int
    amount: int
    per_thousand: int | None
    catalogue: int | None

    def as_dict(self) -> dict[str, object]:
        """The line as a JSON document shows it."""
        return {
            "package": self.package,
            "currency": self.currency,
            "payments": self.payments,
            "credits": self.credits,
            "amount": self.amount,
            "per_thousand_credits": self.per_thousand,
            "catalogue_per_thousand_credits": self.catalogue,
        }


def package_lines(sales: Sequence[SoldPayment], catalog: Catalog, window: Window) -> tuple[PackageLine, ...]:
    """The packages that were sold in the window, in the order of their names."""
    grouped: dict[tuple[str, str], list[SoldPayment]] = defaultdict(list)
    for sale in sales:
        if window.holds(sale.moment):
            grouped[sale.package or "", sale.currency].append(sale)
    return tuple(_line(package, currency, sold, catalog) for (package, currency), sold in sorted(grouped.items()))


def _line(package: str, currency: str, sold: Sequence[SoldPayment], catalog: Catalog) -> PackageLine:
    credits, amount = sum(sale.credits for sale in sold), sum(sale.amount for sale in sold)
    known = catalog.by_slug(package)
    return PackageLine(
        package or "not known",
        currency,
        len(sold),
        credits,
        amount,
        _per_thousand(amount, credits),
        _per_thousand(known.amount, known.credits) if known is not None and known.currency == currency else None,
    )


def _per_thousand(amount: int, credits: int) -> int | None:
    return (2 * amount * 1000 + credits) // (2 * credits) if credits > 0 else None
