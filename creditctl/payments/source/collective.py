"""Collective findings: many rows under one subject, named by the moment up to which it speaks of them.

A person who settles one has seen these rows, and none that came later: what is newer is a finding of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

from creditctl.core.when import iso_time

_Item = TypeVar("_Item")


class Told(NamedTuple, Generic[_Item]):
    """Items of one collective finding. Shape: `known` says that a run has named it so before."""

    subject: str
    items: list[_Item]
    known: bool


def told_together(items: Iterable[tuple[int, _Item]], stem: str, known: Collection[str]) -> Iterator[Told[_Item]]:
    """Items by the finding that is about them: those of known subjects first, then all that are newer together.

    Shape: each item comes with the moment at which it was noticed; of the subjects `known` those count that begin with
           `stem` and name a moment.
    Units: Unix seconds.
    """
    ends = sorted(filter(None, (_end_of(each, stem) for each in known)))
    portions: dict[int | None, list[tuple[int, _Item]]] = defaultdict(list)
    for moment, item in items:
        portions[next((end for end in ends if moment <= end), None)].append((moment, item))
    for end in ends:
        if end in portions:
            yield Told(_subject(stem, end), [item for _, item in portions[end]], known=True)
    newer = portions[None]
    if newer:
        yield Told(_subject(stem, max(moment for moment, _ in newer)), [item for _, item in newer], known=False)


def _subject(stem: str, moment: int) -> str:
    return f"{stem} (until {iso_time(moment)})"


def _end_of(subject: str, stem: str) -> int | None:
    """The moment that a subject names; None for another one."""
    start = f"{stem} (until "
    if not (subject.startswith(start) and subject.endswith(")")):
        return None
    return int(datetime.fromisoformat(subject[len(start) : -1]).timestamp())


def subjects_of(code: str, identities: Iterable[tuple[str, str]]) -> Sequence[str]:
    """The subjects of a code among findings that are stored."""
    return [subject for each, subject in identities if each == code]
