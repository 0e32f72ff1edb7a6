"""Guess of meanings: what kinds and statuses are, by usual words and by the rows that have them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from creditctl.core.project_file.source import RowStatus, SourceRule
from creditctl.core.text import plural
from creditctl.sources.guess.directions import RowSigns, signs_of
from creditctl.sources.guess.profile import Profile, names_payment
from creditctl.sources.guess.source_guess import GuessDraft
from creditctl.sources.guess.word_kinds import WordKind, kind_of_word
from creditctl.sources.guess.word_rows import RowSide, WordRows, rows_by_word
from creditctl.sources.mapping.columns import FirstFilled, RawColumns, reference, references
from creditctl.sources.recipes.words import USUAL_STATUSES
from creditctl.sources.values.texts import is_empty

_FLAGS = ({"0", "1"}, {"True", "False"}, {"true", "false"}, {"t", "f"})
"""Values of a flag: where it says whether a row counts, both are said, also if only one has come yet."""


def guess_meanings(
    draft: GuessDraft, rows: Sequence[RawColumns], columns: Sequence[str], profiles: Mapping[str, Profile]
) -> None:
    """Says what each kind and each status is; without a column of kinds by rules about sign and payment."""
    said = draft.section.columns
    places = {name: references(theirs, columns) for name, theirs in said.items() if name != "livemode"}
    signs = signs_of(rows, profiles, columns, next(iter(said.get("credits", ())), None))
    keys = _covering(rows, said.get("payment_key", ()), columns)
    if "kind" in places:
        _kinds(draft, rows_by_word(rows, places["kind"], places.get("payment_key", FirstFilled()), signs), keys, signs)
    elif "credits" in places and keys:
        _rules(draft, keys, signs)
    if "status" in places:
        _statuses(draft, rows, places["status"])


def _covering(rows: Sequence[RawColumns], keys: Sequence[str], columns: Sequence[str]) -> list[str]:
    """The fewest columns of payments of which one is filled wherever any is: the fullest first."""
    places = {key: reference(key, columns) for key in keys}
    left = [{key for key, place in places.items() if names_payment(place.value(row))} for row in rows]
    found: list[str] = []
    while left := [each for each in left if each and not each & set(found)]:
        found.append(max(keys, key=lambda key: sum(key in each for each in left)))
    return found


def _kinds(draft: GuessDraft, found: Mapping[str, WordRows], keys: Sequence[str], signs: RowSigns) -> None:
    kinds = dict(draft.section.kind)
    for word, rows in found.items():
        said = kind_of_word(word, rows, signs)
        if said.kind is None:
            draft.unknown.append(f"kind {word!r}: {plural(rows.rows, 'row')}, and nothing says what they are")
            continue
        kinds[word] = said.kind
        draft.say(f"kind.{word}", said.kind, f"{plural(rows.rows, 'row')}: {said.reason}", kind=dict(kinds))
        _sides(draft, word, rows, said, _Conditions(keys, signs))


class _Conditions:
    """The conditions of a side in the settings' words."""

    def __init__(self, keys: Sequence[str], signs: RowSigns) -> None:
        self._keys, self._signs = keys, signs

    def of(self, rows: WordRows, side: RowSide) -> Iterator[list[str]]:
        """The conditions of a side, one list for each column that may name a payment; only what tells it apart."""
        signs = {each.sign for each in rows.sides if each.sign}
        sign = [self._signs.condition(side.sign)] if len(signs) > 1 else []
        if not rows.mixed:
            yield sign
        elif side.paid:
            yield from ([f"{key} is not null", *sign] for key in self._keys)
        else:
            yield [*(f"{key} is null" for key in self._keys), *sign]


def _sides(draft: GuessDraft, word: str, rows: WordRows, said: WordKind, conditions: _Conditions) -> None:
    """A rule for each side on which a word says something else than its kind."""
    quoted = word.replace("'", "''")
    for side, kind in sorted(said.sides.items()):
        reason = f"{plural(rows.sides[side], 'row')} of {word} {_words_of(side)}"
        for parts in conditions.of(rows, side):
            when = " and ".join([f"{draft.section.columns['kind'][0]} = '{quoted}'", *parts])
            _rule(draft, SourceRule(when, kind), reason)


def _words_of(side: RowSide) -> str:
    return f"{'give' if side.sign > 0 else 'take'} credits, and name {'a' if side.paid else 'no'} payment"


def _rule(draft: GuessDraft, rule: SourceRule, reason: str) -> None:
    draft.say("rule", f"{rule.when}: {rule.kind}", reason, rules=(*draft.section.rules, rule))


def _rules(draft: GuessDraft, keys: Sequence[str], signs: RowSigns) -> None:
    """Kinds by sign and payment, where no column says them; without signs everything gives."""
    gives, takes = ([f" and {signs.condition(sign)}"] if signs.told else [] for sign in (1, -1))
    empty = " and ".join(f"{key} is null" for key in keys)
    rules = [
        *(SourceRule(f"{key} is not null{''.join(gives)}", "purchase") for key in keys),
        *(SourceRule(f"{key} is not null{each}", "refund") for key in keys for each in takes),
        *(SourceRule(f"{empty}{each}", "usage") for each in takes),
        SourceRule(empty, "adjustment"),
    ]
    for rule in rules:
        _rule(draft, rule, "no column says the kind")


def _statuses(draft: GuessDraft, rows: Sequence[RawColumns], place: FirstFilled) -> None:
    statuses: dict[str, RowStatus] = dict(draft.section.status)
    words = {str(value).strip() for row in rows if not is_empty(value := place.value(row))}
    for pair in _FLAGS:
        words |= pair if words <= pair else set()
    for word in sorted(words):
        usual = USUAL_STATUSES.get(word.lower())
        if usual is None:
            draft.unknown.append(f"status {word!r}: nothing says whether it is pending, done or void")
        else:
            statuses[word] = usual
            draft.say(f"status.{word}", usual.value, "the usual word", status=dict(statuses))
