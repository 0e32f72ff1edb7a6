"""Every bench file runs to its end, the programs that it starts too: on next to nothing, so nothing is timed."""

from __future__ import annotations

import math

import pytest

from tests.bench.run import bench_names, load

TINY = 0.001


@pytest.mark.wide
@pytest.mark.outside
@pytest.mark.parametrize("name", bench_names())
def test_a_bench_file_runs_to_its_end(name: str) -> None:
    rows = list(load(name)(TINY))
    assert rows
    assert all(row.measured and math.isfinite(row.ratio) for row in rows)
