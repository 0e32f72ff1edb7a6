"""Bar chart as SVG geometry: bars, grid lines and labels in whole units of its box; a template draws it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 240
"""The box, in units of the drawing."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 96, 8, 14, 34
_MOST_LABELS = 6
_LABEL = 80
_LINES = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar. Units: tenths of the drawing's unit, so that narrow bars do not run into one another."""

    x: str
    y: str
    width: str
    height: str
    text: str


@dataclass(frozen=True, slots=True)
class Label:
    """A word beside an axis, or a line across the plot. Units: of the drawing."""

    x: str
    y: str
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart that a template draws. Shape: `key` makes its ids unique on a page."""

    key: str
    title: str
    summary: str
    bars: tuple[Bar, ...]
    lines: tuple[Label, ...]
    days: tuple[Label, ...]


def bar_chart(
    key: str, title: str, points: Sequence[tuple[str, int]], said: Callable[[int], str], *, step_least: int = 1
) -> Chart:
    """A chart of values that are not negative, one bar a point. Shape: `said` writes a value for a person."""
    top = _scale(max((value for _, value in points), default=0), step_least)
    total, most = sum(value for _, value in points), max(points, key=lambda point: point[1], default=("", 0))
    summary = f"{said(total)} in all, the most {said(most[1])} on {most[0]}." if total else "Nothing was sold."
    return Chart(key, title, summary, _bars(points, top, said), _grid(top, said), _days(points))


def _scale(most: int, least: int) -> int:
    """A round number above the greatest value, that splits into whole steps."""
    step = least
    while step * _LINES < most:
        step = next(step * factor // 10 for factor in (20, 25, 50, 100) if _is_next(step, factor, most))
    return step * _LINES


def _is_next(step: int, factor: int, most: int) -> bool:
    return factor == 100 or (step * factor % 10 == 0 and step * factor // 10 * _LINES >= most)


def _bars(points: Sequence[tuple[str, int]], top: int, said: Callable[[int], str]) -> tuple[Bar, ...]:
    """In tenths, as whole numbers: no float rounds a bar away."""
    wide, high = (WIDTH - _LEFT - _RIGHT) * 10, (HEIGHT - _TOP - _BOTTOM) * 10
    bars = []
    for place, (name, value) in enumerate(points):
        left, right = wide * place // len(points), wide * (place + 1) // len(points)
        gap = min(20, (right - left) // 5)
        tall = max(10, high * value // top) if value else 0
        x, y = _LEFT * 10 + left + gap // 2, _TOP * 10 + high - tall
        width = min(480, max(4, right - left - gap))
        bars.append(Bar(_tenths(x), _tenths(y), _tenths(width), _tenths(tall), f"{name}: {said(value)}"))
    return tuple(bars)


def _grid(top: int, said: Callable[[int], str]) -> tuple[Label, ...]:
    high = (HEIGHT - _TOP - _BOTTOM) * 10
    lines = ((step, _TOP * 10 + high - high * step // _LINES) for step in range(_LINES + 1))
    return tuple(Label(str(_LEFT - 6), _tenths(y), said(top * step // _LINES)) for step, y in lines)


def _days(points: Sequence[tuple[str, int]]) -> tuple[Label, ...]:
    wide = WIDTH - _LEFT - _RIGHT
    every = -(-len(points) // _MOST_LABELS) or 1
    return tuple(
        Label(str(_LEFT + wide * place // len(points)), str(HEIGHT - 12), name)
        for place, (name, _) in enumerate(points)
        if place % every == 0 and _LEFT + wide * place // len(points) <= WIDTH - _LABEL
    )


def _tenths(value: int) -> str:
    return f"{value // 10}.{value % 10}"
