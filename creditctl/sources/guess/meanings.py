"""Guess of meanings: what kinds and statuses are, by usual words and by the rows that have them. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from creditctl.core.project_file.source import RowStatus, SourceRule
from creditctl.core.text import plural
from creditctl.sources.guess.profile import names_payment
from creditctl.sources.guess.source_guess import GuessDraft
from creditctl.sources.mapping.columns import FirstFilled, RawColumns, references
from creditctl.sources.recipes.words import USUAL_KINDS, USUAL_STATUSES, kind_by_parts
from creditctl.sources.values.bad_value import BadRow
from creditctl.sources.values.numbers import decimal_of
from creditctl.sources.values.texts import is_empty

_HALF = 0.5


@dataclass
class _Evidence:
    """What the rows of one word have in common."""

    rows: int = 0
    paid: int = 0
    positive: int = 0
    negative: int = 0

    @property
    def mostly_paid(self) -> bool:
        """Whether most name a payment of Stripe's."""
        return self.paid > _HALF * self.rows

    @property
    def mostly_negative(self) -> bool:
        """Whether most take credits."""
        return self.negative > self.positive


def guess_meanings(draft: GuessDraft, rows: Sequence[RawColumns], columns: Sequence[str]) -> None:
    """Says what each kind and each status is; without a column of kinds by rules about sign and payment."""
    places = {name: references(theirs, columns) for name, theirs in draft.section.columns.items() if name != "livemode"}
    if "kind" in places:
        _kinds(draft, _evidence(rows, places, places["kind"]), signed=_is_signed(rows, places))
    elif "credits" in places and "payment_key" in places:
        _rules(draft)
    if "status" in places:
        _statuses(draft, rows, places["status"])


def _evidence(rows: Sequence[RawColumns], places: Mapping[str, FirstFilled], kind: FirstFilled) -> dict[str, _Evidence]:
    found: dict[str, _Evidence] = defaultdict(_Evidence)
    for row in rows:
        value = kind.value(row)
        if not is_empty(value):
            _count(found[str(value).strip()], row, places)
    return found


def _count(evidence: _Evidence, row: RawColumns, places: Mapping[str, FirstFilled]) -> None:
    evidence.rows += 1
    keys = places["payment_key"].values(row) if "payment_key" in places else []
    evidence.paid += any(map(names_payment, keys))
    sign = _sign(row, places)
    evidence.positive += sign > 0
    evidence.negative += sign < 0


def _sign(row: RawColumns, places: Mapping[str, FirstFilled]) -> int:
    value = places["credits"].value(row) if "credits" in places else None
    try:
        number = decimal_of(value, "credits")
    except BadRow:
        return 0
    return (number > 0) - (number < 0)


def _is_signed(rows: Sequence[RawColumns], places: Mapping[str, FirstFilled]) -> bool:
    return any(_sign(row, places) < 0 for row in rows)


def _kinds(draft: GuessDraft, found: Mapping[str, _Evidence], *, signed: bool) -> None:
    kinds = dict(draft.section.kind)
    for word, evidence in sorted(found.items()):
        ours, reason = _kind_of(word, evidence, signed=signed)
        if ours is None:
            draft.unknown.append(f"kind {word!r}: {plural(evidence.rows, 'row')}, and nothing says what they are")
            continue
        kinds[word] = ours
        draft.say(f"kind.{word}", ours, f"{plural(evidence.rows, 'row')}: {reason}", kind=dict(kinds))


def _kind_of(word: str, evidence: _Evidence, *, signed: bool) -> tuple[str | None, str]:
    usual = USUAL_KINDS.get(word.lower()) or kind_by_parts(word, negative=evidence.mostly_negative)
    if usual in ("refund", "dispute", "purchase") and not evidence.mostly_paid:
        return "adjustment", "the word is usual, but most name no payment"
    if usual is not None:
        return usual, "the usual word"
    if evidence.mostly_paid:
        return ("refund", "they take credits of a payment") if evidence.mostly_negative else (
            "purchase", "they name a payment of Stripe's",
        )  # fmt: skip
    if evidence.mostly_negative:
        return "usage", "they take credits, and name no payment"
    # Without signs nobody can tell what gives from what takes.
    return ("adjustment", "they give credits, and name no payment") if signed else (None, "")


def _rules(draft: GuessDraft) -> None:
    """Kinds by sign and payment, where no column says them."""
    credits, keys = draft.section.columns["credits"][0], draft.section.columns["payment_key"]
    empty = " and ".join(f"{key} is null" for key in keys)
    rules = [
        *(SourceRule(f"{key} is not null and {credits} > 0", "purchase") for key in keys),
        *(SourceRule(f"{key} is not null and {credits} < 0", "refund") for key in keys),
        SourceRule(f"{empty} and {credits} < 0", "usage"),
        SourceRule(empty, "adjustment"),
    ]
    for number in range(len(rules)):
        rule = rules[number]
        draft.say("rule", f"{rule.when}: {rule.kind}", "no column says the kind", rules=tuple(rules[: number + 1]))


def _statuses(draft: GuessDraft, rows: Sequence[RawColumns], place: FirstFilled) -> None:
    statuses: dict[str, RowStatus] = dict(draft.section.status)
    words = sorted({str(value).strip() for row in rows if not is_empty(value := place.value(row))})
    for word in words:
        usual = USUAL_STATUSES.get(word.lower())
        if usual is None:
            draft.unknown.append(f"status {word!r}: nothing says whether it is pending, done or void")
        else:
            statuses[word] = usual
            draft.say(f"status.{word}", usual.value, "the usual word", status=dict(statuses))
