"""Credits of a statement: open before, sold, taken back, corrected and used, and open now; by package too. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from creditctl.core.catalog import Catalog
from creditctl.core.entitlement.entry import CreditEntry
from creditctl.core.entitlement.settlement import CLAWBACK_KINDS, EntryKind
from creditctl.core.when import Window
from creditctl.payments.source.amounts import credits_value
from creditctl.payments.source.source_entry import SourceEntry
from creditctl.reconciliation.statement.sales import SoldPayment


@dataclass(frozen=True, slots=True)
class CreditTotals:
    """Credits of a period, as the entries have them.

    Shape: opening and the signed changes come to outstanding. Units: of one credit there are `scale`, more than one
           where an application counts in parts of a credit: those of small usage must not be rounded away.
    """

    opening: int
    sold: int
    taken_back: int
    corrected: int
    used: int
    scale: int = 1

    @property
    def outstanding(self) -> int:
        """What users still hold at the end."""
        return self.opening + self.sold + self.taken_back + self.corrected + self.used

    def as_dict(self) -> dict[str, int | str]:
        """The totals as a JSON document shows them, in the application's credits."""
        names = ("opening", "sold", "taken_back", "corrected", "used", "outstanding")
        return {name: credits_value(getattr(self, name), self.scale) for name in names}


def credit_totals(entries: Iterable[CreditEntry], window: Window) -> CreditTotals:
    """The totals of a window; what is after it does not count."""
    sums: dict[str, int] = defaultdict(int)
    scale = 1
    for entry in entries:
        if entry.status != "done":
            continue
        if window.since is not None and entry.created < window.since:
            sums["opening"] += _units(entry)
        elif window.holds(entry.created):
            sums[_column(entry.kind)] += _units(entry)
        scale = entry.scale if isinstance(entry, SourceEntry) else 1
    return CreditTotals(sums["opening"], sums["sold"], sums["taken_back"], sums["corrected"], sums["used"], scale)


def _units(entry: CreditEntry) -> int:
    """What an entry gives or takes, exactly: `credits` of an application's row are whole ones."""
    return entry.units if isinstance(entry, SourceEntry) else entry.credits


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
