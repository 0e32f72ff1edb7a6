"""Offline pull: what an archive kept of Stripe's lists when everything tied out last, with nobody asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from creditctl.core.errors import LockHeld, Unreachable
from creditctl.ledger.archive.pull_store import PullStore
from creditctl.payments.reading.kept_objects import LAYOUT
from creditctl.payments.reading.reader import PaymentReader
from creditctl.payments.reading.stripe_reader import BALANCE
from creditctl.reconciliation.kept.kept_lists import KeptLists
from creditctl.reconciliation.kept.kept_part import KeptPart, MakeReader
from creditctl.reconciliation.pulled import EntryNews, Pulled
from creditctl.reconciliation.tie_out import Lack


@dataclass(frozen=True)
class OfflinePull:
    """What the archive kept when everything tied out last; Stripe is asked nothing.

    Errors: Unreachable where there is no such thing.
    """

    reader: PaymentReader
    store: PullStore

    @property
    def asks(self) -> bool:
        """As ArchivePull."""
        return False

    @property
    def kept(self) -> PaymentReader:
        """As ArchivePull."""
        return replace(self.reader, plain=KeptLists.maker(self.store, offline=True), progress=None)

    @property
    def readable(self) -> bool:
        """As ArchivePull."""
        return BALANCE in self.store.marks()

    def update(self) -> None:
        """Nothing is read. Errors: as the class says."""
        state = self.store.state()
        if state is None or not state.tied or state.layout != LAYOUT:
            raise Unreachable(
                "The archive holds nothing of Stripe's lists that ties out.",
                code="reconcile.not_kept",
                fix="Run `creditctl reconcile` without --offline once.",
            )

    def again(self, paths: Sequence[str], since: int | None) -> None:
        """Nothing is read."""

    def vanished(self) -> Iterator[Lack]:
        """Nobody looked."""
        return iter(())

    def name_returns(self, payments: Mapping[str, str]) -> None:
        """As ArchivePull: but nothing is kept."""

    def noted(self) -> frozenset[str] | None:
        """Nobody asks: everything is read."""
        return None

    def part(self, read: Callable[[MakeReader], Pulled], news: EntryNews) -> KeptPart:
        """As PullSource says."""
        return KeptPart(self.store, read, news)

    def settle(self, at: int, again: frozenset[str] | None = None, waiting: frozenset[str] = frozenset()) -> None:  # noqa: ARG002
        """Proves that nothing moved while it was read. Errors: as the class says."""
        self.update()
        state = self.store.state()
        if state is not None and state.at != at:
            raise LockHeld(
                "Another run has read Stripe meanwhile.",
                code="lock.held",
                fix="Run the same command again.",
            )
