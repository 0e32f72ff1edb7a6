"""Kept part: the objects of the payments that a night looks at, read from the archive by the names of these."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import stripe

from creditctl.core.stripe_ids import IdKind, id_kind
from creditctl.ledger.archive.pull_store import PullStore
from creditctl.ledger.archive.touched_store import TouchedStore
from creditctl.payments.reading.stripe_reader import BALANCE, Seen, StripeReader
from creditctl.reconciliation.kept.kept_lists import KeptLists, PartOfLists
from creditctl.reconciliation.pulled import EntryNews, Pulled
from creditctl.reconciliation.tie_out import named_movements
from creditctl.stripe_api.pages import Progress

MakeReader = Callable[[stripe.StripeClient, Progress | None, Seen | None], StripeReader]

_MOVERS = (IdKind.CHARGE, IdKind.REFUND, IdKind.DISPUTE)


class WholeNeeded(Exception):
    """Only all kept objects together say what a name is about; whoever reads a part reads everything then."""


@dataclass(frozen=True)
class KeptPart:
    """Reads the objects of some payments from what is kept.

    Shape: `read` reads lists as a reader of plain data has them, `news` are the entries for which it is done.
    Everything that is kept of a payment comes with it, so that it ties out by itself, as the rest did before.
    """

    store: PullStore
    read: Callable[[MakeReader], Pulled]
    news: EntryNews

    @property
    def touched(self) -> TouchedStore:
        """The notes in the same archive."""
        return TouchedStore(self.store.file)

    def of(self, names: Collection[str]) -> Pulled:
        """What is kept of the payments that have one of these names. Errors: WholeNeeded."""
        found = self.touched.payments_named(names)
        unknown = set(names) - found.keys() - self.touched.again()
        if any(id_kind(each) is IdKind.CHARGE or each.startswith("in_") for each in unknown):
            raise WholeNeeded
        part = self._objects({*names, *found.values()})
        further = {each for _, each, _ in named_movements(part.contents)} - part.contents.movements.keys()
        part = part.joined([self._objects(further)]) if further else part
        if any(not each.shown and id_kind(each.source or "") in _MOVERS for each in part.contents.movements.values()):
            raise WholeNeeded
        return replace(part, rest=self, rest_names=frozenset(names), counted=self.touched.counts())

    def whole(self) -> Pulled:
        """All that is kept."""
        return self.read(KeptLists.maker(self.store, offline=False))

    def _objects(self, payments: Collection[str]) -> Pulled:
        part = self.read(PartOfLists.of(self.store, self.touched.objects(payments)))
        newest = self.store.newest(BALANCE) or 0
        return replace(part, contents=replace(part.contents, newest=newest))


def notes_again(found: Pulled) -> frozenset[str]:
    """The payments that every run reads anew: Stripe was asked for them, or its answer could not be understood."""
    unread = (name for each in found.unreadable for name in (each.payment_key, each.id) if name)
    return frozenset((*found.asked, *found.absent, *unread))
