"""A long slice is cut so that nothing of it is left out, and each part is shorter than it was."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from creditctl.ledger.archive.pull_models import PullSlice
from creditctl.reconciliation.slices import MOST_PARTS, everything, rest_of

moments = st.integers(min_value=1, max_value=2_000_000_000)


def test_everything_is_all_of_each_list() -> None:
    assert everything(["refunds", "disputes"]) == [PullSlice("refunds", 0, None), PullSlice("disputes", 0, None)]


@given(first=moments, second=moments, since=st.integers(min_value=0, max_value=2_000_000_000))
def test_the_parts_are_the_rest_without_a_hole(first: int, second: int, since: int) -> None:
    newest, oldest = max(first, second), min(first, second)
    since = min(since, oldest)
    parts = rest_of(PullSlice("refunds", since, None), newest, oldest)
    assert 1 <= len(parts) <= MOST_PARTS
    assert parts[0].until == oldest + 1
    assert parts[-1].since == since
    assert [part.since for part in parts[:-1]] == [part.until for part in parts[1:]]
    assert all(part.until is not None and part.since < part.until for part in parts)


def test_older_parts_are_longer() -> None:
    parts = rest_of(PullSlice("refunds", 0, None), 1000, 900)
    lengths = [(part.until or 0) - part.since for part in parts]
    assert lengths[:3] == [100, 200, 400]
