"""Corrections of a payment: what each adjustment corrects, a purchase, a clawback, or no entry by name. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from creditctl.core.entitlement.entry import CreditEntry
from creditctl.core.entitlement.settlement import CLAWBACK_KINDS, EntryKind, towards


@dataclass(frozen=True, slots=True)
class CorrectedEntries:
    """The entries of one payment, each beside what it corrects.

    Shape: `given` are purchases and what corrects them, `taken` clawbacks and what corrects them; `unnamed` are
           adjustments that carry the payment's key and name no entry: an application books refunds and mends so too.
    """

    given: tuple[CreditEntry, ...]
    taken: tuple[CreditEntry, ...]
    unnamed: tuple[CreditEntry, ...]

    @classmethod
    def of(cls, entries: Sequence[CreditEntry]) -> CorrectedEntries:
        """Sorts entries by what they correct in the end: a correction can itself be corrected."""
        kinds, links = {entry.id: entry.kind for entry in entries}, links_of(entries)
        roots = [(entry, _kind_in_the_end(entry, kinds, links)) for entry in entries]
        return cls(
            tuple(entry for entry, kind in roots if kind is EntryKind.PURCHASE),
            tuple(entry for entry, kind in roots if kind in CLAWBACK_KINDS),
            tuple(entry for entry, kind in roots if kind is EntryKind.ADJUSTMENT),
        )

    @property
    def corrects_purchases(self) -> bool:
        """Whether a purchase was corrected by name."""
        return any(entry.kind is EntryKind.ADJUSTMENT for entry in self.given)

    def gives_nothing(self, due: Mapping[str, int]) -> bool:
        """Whether no entry gave anything of what users are due: no purchase, and no correction that leads to it."""
        return not self.given and not self.held(due)

    def others(self, owner: str) -> dict[str, int]:
        """The users beside the owner of a payment for whom its entries do not cancel out, with what they come to.

        Shape: what was given, what was taken back and what names no entry has to cancel out each for itself: a refund
               that another user paid with credits that they were given wrongly is not settled by that, and comes to 0.
        """
        if all(entry.user_id == owner for part in (self.given, self.taken, self.unnamed) for entry in part):
            return {}
        parts = [credits_by_user(part) for part in (self.given, self.taken, self.unnamed)]
        users = sorted({user for part in parts for user, credits in part.items() if credits} - {owner})
        return {user: sum(part[user] for part in parts) for user in users}

    def held(self, due: Mapping[str, int]) -> dict[str, int]:
        """Who holds how many credits of the payment, where users are due so many.

        Shape: what was taken back does not count; an unnamed correction does as far as it leads to what is due.
        """
        totals, unnamed = credits_by_user(self.given), credits_by_user(self.unnamed)
        for user, credits in unnamed.items():
            totals[user] += towards(due.get(user, 0) - totals[user], credits)
        return {user: credits for user, credits in totals.items() if credits}


def credits_by_user(entries: Iterable[CreditEntry]) -> Counter[str]:
    """The credits of entries, added up for each user."""
    totals: Counter[str] = Counter()
    for entry in entries:
        totals[entry.user_id] += entry.credits
    return totals


def credits_of(entries: Iterable[CreditEntry], user_id: str) -> int:
    """The credits of those entries that name one user, added up."""
    return sum(entry.credits for entry in entries if entry.user_id == user_id)


def corrected_numbers(number: int, links: Mapping[int, int]) -> list[int]:
    """The entry of a number, what it corrects, what that corrects and so on to the last.

    Shape: `links` are numbers of adjustments with those of what they correct. An application may have dated or numbered
           a correction before what it corrects, so that links count and no order does; entries that correct one another
           in a circle correct nothing.
    """
    found, places = [number], {number: 1}
    while (further := links.get(found[-1])) is not None:
        if further in places:
            return found[: places[further]]
        found.append(further)
        places[further] = len(found)
    return found


def links_of(entries: Iterable[CreditEntry]) -> dict[int, int]:
    """The numbers of adjustments with those of what they correct."""
    return {
        entry.id: entry.corrects
        for entry in entries
        if entry.kind is EntryKind.ADJUSTMENT and entry.corrects is not None
    }


def _kind_in_the_end(entry: CreditEntry, kinds: Mapping[int, EntryKind], links: Mapping[int, int]) -> EntryKind:
    """The kind of what an adjustment corrects in the end, as far as these entries tell."""
    *_, last = (number for number in corrected_numbers(entry.id, links) if number in kinds)
    return kinds[last]
