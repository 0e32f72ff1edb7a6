"""Guess of owner types: polymorphic owners (`billable_type` beside `billable_id`) where one of several buys. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from creditctl.core.text import plural
from creditctl.sources.guess.naming import folded
from creditctl.sources.guess.profile import Profile, names_payment
from creditctl.sources.guess.source_guess import GuessDraft
from creditctl.sources.mapping.columns import RawColumns, references

_SEVERAL = 2


def guess_owner_type(
    draft: GuessDraft, rows: Sequence[RawColumns], columns: Sequence[str], profiles: Mapping[str, Profile]
) -> None:
    """Says whose rows count where owners are of several models: the user 7 and the team 7 are two.

    Shape: those of the model that all rows with a payment have; where several buy, a person has to tell them apart.
    """
    said = draft.section.columns
    owner = next(iter(said.get("user_id", ())), "")
    named = [each for each in profiles.values() if folded(each.name) == f"{folded(owner).removesuffix('_id')}_type"]
    if not named or len(named[0].words) < _SEVERAL:
        return
    (model, *_), keys = named, references(said.get("payment_key", ()), columns)
    place = references((model.name,), columns)
    buying = {str(place.value(row)).strip() for row in rows if any(map(names_payment, keys.values(row)))}
    if len(buying) == 1:
        (word,) = buying
        _only(draft, model.name, word, model.filled - model.words[word])
    elif buying:
        draft.unknown.append(
            f"user_id: {model.name} is one of {', '.join(sorted(buying))}, and {owner} 7 of each is another buyer; "
            "a query can write both as one id"
        )


def _only(draft: GuessDraft, column: str, word: str, others: int) -> None:
    quoted = word.replace("'", "''")
    where = " and ".join(filter(None, (draft.section.where, f"{column} = '{quoted}'")))
    draft.say("where", where, f"only these name payments; {plural(others, 'row')} of others are left out", where=where)
