"""Source keeper: an application whose rows are judged like a ledger's entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from creditctl.core.entitlement.entry import CreditEntry
from creditctl.core.project_file.running import NegativeBalances
from creditctl.ledger.archive.source_queries import SourceRows
from creditctl.ledger.view import LedgerView
from creditctl.payments.books import APPLICATION, Books
from creditctl.payments.facts import PaymentFacts
from creditctl.payments.source.fitting import FittingTerms, counted_by, fitted
from creditctl.payments.source.source_entries import SourceEntries
from creditctl.payments.source.source_entry import ROW_KEY, SourceEntry


@dataclass(frozen=True)
class SourceKeeper:
    """The rows of an application as they were last read. Shape: `livemode` counts where a row does not say it.

    `written_at` is when their file was written, None for a database. Units: `scale` is how many of the application's
    smallest units one credit has; times in Unix seconds.
    """

    rows: SourceRows
    livemode: bool
    scale: int = 1
    terms: FittingTerms = field(default_factory=FittingTerms)
    read_at: int | None = None
    written_at: int | None = None

    @property
    def books(self) -> Books:
        """As Keeper says."""
        return APPLICATION

    @property
    def own_entries(self) -> SourceEntries:
        """The entries, with what only a source can be asked."""
        return SourceEntries(self.rows, self.livemode, self.scale, bool(self.clamped))

    def entries(self, view: LedgerView) -> SourceEntries:  # noqa: ARG002 - the ledger holds none of them
        """As Keeper says."""
        return self.own_entries

    def told(self, stripe: PaymentFacts) -> PaymentFacts:
        """As Keeper says."""
        return replace(stripe, facts=counted_by(self.terms.policy, stripe.facts))

    def fitted(self, stripe: PaymentFacts, entries: Sequence[CreditEntry]) -> Sequence[CreditEntry]:
        """As Keeper says."""
        return fitted(stripe, [entry for entry in entries if isinstance(entry, SourceEntry)], self.terms)

    @property
    def clamped(self) -> bool | None:
        """As Keeper says."""
        said = self.terms.policy.negative
        return None if said is None else said is NegativeBalances.CLAMPED

    def nothing_left(self, entry: CreditEntry, moments: Sequence[int]) -> bool:
        """As Keeper says; less than a credit is none."""
        kept = self.rows.by_id(entry.idempotency_key.removeprefix(ROW_KEY))
        if kept is None:
            return False
        return self.own_entries.left_to(kept.row.user_id or "", entry.id, moments) < self.scale
