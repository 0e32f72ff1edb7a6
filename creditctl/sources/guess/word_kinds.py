"""Kinds of a word: what its rows are by usual words, and by their sides where it says several things. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from creditctl.sources.guess.directions import DIRECTIONS, RowSigns
from creditctl.sources.guess.word_rows import RowSide, WordRows
from creditctl.sources.recipes.words import USUAL_KINDS, kind_by_parts

_ABOUT = {"refund": "refund", "refund_reversal": "refund", "dispute": "dispute", "dispute_reversal": "dispute"}
_MANY_PERCENT = 20
"""Of rows on the other side: fewer may be what a reconcile shall find."""

_SOME_PERCENT, _SOME = 5, 2


class WordKind(NamedTuple):
    """What a word says. Shape: `kind` is None where nothing says it; `sides` are those on which it says another."""

    kind: str | None
    reason: str
    sides: Mapping[RowSide, str]


def kind_of_word(word: str, rows: WordRows, signs: RowSigns) -> WordKind:
    """What the rows of a word are. Shape: `signs` is how they say what gives and what takes."""
    usual = USUAL_KINDS.get(word.lower()) or kind_by_parts(word, negative=rows.mostly_negative)
    kind, reason = _by_most(word, usual, rows, signs)
    if kind is None:
        return WordKind(None, "", {})
    sides = {side: _on_side(word, usual, rows, side) for side in rows.sides if side.sign}
    if usual in ("adjustment", "usage") and word.lower() not in DIRECTIONS and not signs.by_word:
        sides = {}  # these keep the signs of their rows
    return WordKind(kind, reason, {side: each for side, each in sides.items() if _is_told(rows, side, kind, each)})


def _by_most(word: str, usual: str | None, rows: WordRows, signs: RowSigns) -> tuple[str | None, str]:
    """What most of its rows are."""
    if usual in ("refund", "dispute", "purchase") and not rows.mostly_paid:
        return ("usage" if signs.by_word and rows.mostly_negative else "adjustment"), (
            "the word is usual, but most name no payment"
        )
    if usual == "adjustment" and signs.by_word and rows.mostly_negative:
        return "usage", "the word is usual, and most take credits"
    if usual is not None and not (word.lower() in DIRECTIONS and rows.mostly_paid):
        return usual, "the usual word"
    if rows.mostly_paid:
        return ("refund", "they take credits of a payment") if rows.mostly_negative else (
            "purchase", "they name a payment of Stripe's",
        )  # fmt: skip
    if rows.mostly_negative:
        return "usage", "they take credits, and name no payment"
    # Without signs nobody can tell what gives from what takes.
    return ("adjustment", "they give credits, and name no payment") if signs.told else (None, "")


def _on_side(word: str, usual: str | None, rows: WordRows, side: RowSide) -> str:
    """What the rows on one side are, were they alone."""
    about = _ABOUT.get(usual or "")
    if about is not None and side.paid:
        both = rows.count(paid=True, sign=1) and rows.count(paid=True, sign=-1)
        return f"{about}_reversal" if side.sign > 0 and (both or usual == f"{about}_reversal") else about
    if usual in ("adjustment", "usage") and word.lower() not in DIRECTIONS:
        return "adjustment" if side.sign > 0 else "usage"
    if side.paid:
        return "purchase" if side.sign > 0 else "refund"
    return "adjustment" if side.sign > 0 else "usage"


def _is_told(rows: WordRows, side: RowSide, kind: str, other: str) -> bool:
    """Whether rows on a side are told apart from the most: enough of them, or they are surely something else."""
    if other == kind:
        return False
    count = rows.sides[side]
    if kind == "purchase" and other == "refund":
        return count >= _SOME and count * 100 >= _SOME_PERCENT * rows.rows
    if rows.mostly_paid and not side.paid:
        return count * 100 >= _MANY_PERCENT * rows.rows
    return not (kind == "usage" and side.sign > 0 and not rows.mostly_negative)
