"""Violations: what verifying a ledger found, as values."""

from __future__ import annotations

from dataclasses import dataclass

from creditctl.ledger.models import Head


@dataclass(frozen=True, slots=True)
class Violation:
    """One violation: something of the ledger that is not as it was written.

    Shape: `kind` is edited, moved, missing, inserted, chain, foreign, orphan, protection, schema, damaged, clawback,
           anchor or head; `entry_id` is the row that it is about, where it is about one.
    """

    kind: str
    entry_id: int | None
    message: str


@dataclass(frozen=True, slots=True)
class Verification:
    """Result of verifying a ledger: its violations; count and head are those of the rows that are there now."""

    head: Head
    faults: tuple[Violation, ...]

    @property
    def ok(self) -> bool:
        """Whether there is no violation."""
        return not self.faults
