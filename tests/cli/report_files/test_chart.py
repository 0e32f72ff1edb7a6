"""A chart's bars stay in their box, in order, and each says its value, whatever the values are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from creditctl.cli.report_files.chart import HEIGHT, WIDTH, bar_chart


@given(st.lists(st.integers(0, 10**12), max_size=120), st.sampled_from([1, 100, 1000]))
def test_every_bar_is_in_the_box_and_a_value_can_be_seen(values: list[int], least: int) -> None:
    chart = bar_chart("a", "A", [(str(place), value) for place, value in enumerate(values)], str, step_least=least)
    assert len(chart.bars) == len(values)
    for bar, value in zip(chart.bars, values, strict=True):
        left, top, wide, tall = float(bar.x), float(bar.y), float(bar.width), float(bar.height)
        assert left >= 0
        assert left + wide <= WIDTH
        assert top >= 0
        assert top + tall <= HEIGHT
        assert (tall > 0) is (value > 0)
        assert bar.text.endswith(f": {value}")
    assert int(chart.lines[-1].text) >= max(values, default=0)


def test_a_summary_says_what_the_eye_sees() -> None:
    chart = bar_chart("a", "A", [("Mon", 5), ("Tue", 20)], lambda value: f"${value}")
    assert chart.summary == "$25 in all, the most $20 on Tue."
    assert bar_chart("a", "A", [], str).summary == "Nothing was sold."
