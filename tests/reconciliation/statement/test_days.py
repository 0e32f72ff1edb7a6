"""Sales by day, by week from a hundred days on, and by month: no span is left out, and none counts twice."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.core.when import Window
from creditctl.reconciliation.statement.days import sales_by_time
from creditctl.reconciliation.statement.sales import SoldPayment

DAY = 86_400
BEGIN = int(datetime(2026, 1, 31, 23, 30, tzinfo=UTC).timestamp())


def sale(moment: int, amount: int = 100) -> SoldPayment:
    return SoldPayment("pi_1", moment, amount, "usd", "starter", 10)


@pytest.mark.parametrize(("days", "unit"), [(0, "day"), (99, "day"), (100, "week"), (699, "week"), (700, "month")])
def test_the_unit_follows_the_length(days: int, unit: str) -> None:
    assert sales_by_time([sale(BEGIN), sale(BEGIN + days * DAY)], Window()).unit == unit


@given(st.lists(st.integers(0, 2000 * DAY), min_size=1, max_size=30))
def test_no_sale_is_lost_and_no_span_left_out(ages: list[int]) -> None:
    found = sales_by_time([sale(BEGIN + age) for age in ages], Window())
    assert sum(span.amounts.get("usd", 0) for span in found.spans) == 100 * len(ages)
    assert sum(span.payments for span in found.spans) == len(ages)
    firsts = [span.first for span in found.spans]
    assert firsts == sorted(set(firsts))
    assert found.spans[0].payments
    assert found.spans[-1].payments


def test_what_is_outside_the_window_does_not_count() -> None:
    found = sales_by_time([sale(BEGIN), sale(BEGIN + DAY)], Window(BEGIN + 1, None))
    assert [span.payments for span in found.spans] == [1]
