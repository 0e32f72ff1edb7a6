"""Days of a statement: sales and credits by day, or by week or month where there are many, without holes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from creditctl.core.when import Window
from creditctl.reconciliation.statement.sales import SoldPayment

_MOST_DAYS = 100
_MOST_WEEKS = 100


@dataclass(frozen=True, slots=True)
class SpanTotals:
    """What was sold in one day, week or month. Shape: `first` is its first day, UTC; amounts by currency."""

    first: date
    amounts: dict[str, int]
    credits: int
    payments: int


@dataclass(frozen=True, slots=True)
class SalesByTime:
    """The sales in time. Shape: `unit` is day, week or month; no span is left out, though nothing was sold in it."""

    unit: str
    spans: tuple[SpanTotals, ...]


def sales_by_time(sales: Sequence[SoldPayment], window: Window) -> SalesByTime:
    """Adds sales up by day; by week from a hundred days on, then by month."""
    sold = [(_day(sale.moment), sale) for sale in sales if window.holds(sale.moment)]
    if not sold:
        return SalesByTime("day", ())
    first, last = min(day for day, _ in sold), max(day for day, _ in sold)
    unit = _unit((last - first).days + 1)
    spans: dict[date, list[SoldPayment]] = {}
    start = _start(first, unit)
    while start <= last:
        spans[start] = []
        start = _next(start, unit)
    for day, sale in sold:
        spans[_start(day, unit)].append(sale)
    return SalesByTime(unit, tuple(_span(start, found) for start, found in spans.items()))


def _span(start: date, sales: Sequence[SoldPayment]) -> SpanTotals:
    currencies = sorted({sale.currency for sale in sales})
    amounts = {each: sum(sale.amount for sale in sales if sale.currency == each) for each in currencies}
    return SpanTotals(start, amounts, sum(sale.credits for sale in sales), len(sales))


def _unit(days: int) -> str:
    if days <= _MOST_DAYS:
        return "day"
    return "week" if days <= _MOST_WEEKS * 7 else "month"


def _start(day: date, unit: str) -> date:
    """The first day of a span; weeks begin on Monday. Source: ISO 8601."""
    if unit == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if unit == "month" else day


def _next(start: date, unit: str) -> date:
    if unit == "month":
        return _start(start + timedelta(days=31), unit)
    return start + timedelta(days=7 if unit == "week" else 1)


def _day(moment: int) -> date:
    return datetime.fromtimestamp(moment, UTC).date()
