"""Vanished rows: why a repair on an application's rows is held back while rows that were booked are gone.

Who may not see all rows any more, or looks into another database, sees payments that seem lost; and a row that somebody
took out may have been taken out on purpose.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from creditctl.payments.finding_codes import PREFIX
from creditctl.payments.source.vanished import ROW_GONE, SOURCE
from creditctl.reconciliation.open_findings import OpenFinding

_FEWEST, _PART = 3, 10
"""From how many rows on, and from which part of all entries on (a tenth), rows that are gone are no single deed."""


@dataclass(frozen=True, slots=True)
class VanishedRows:
    """The open findings about rows that are gone. Shape: `rows` by payment; `many` says that nothing is repaired."""

    rows: dict[str, str] = field(default_factory=dict)
    many: bool = False

    def reason(self, names: Iterable[str]) -> str | None:
        """Why nothing is delivered for a payment of these names; None where nothing speaks against it."""
        if self.many:
            return (
                "many rows that were booked are gone: look first whether the reader still sees all rows of the right "
                "database; once the findings row_gone are settled (`creditctl ledger resolve`), a repair goes on"
            )
        row = next((self.rows[name] for name in names if name in self.rows), None)
        if row is None:
            return None
        settled = "once that finding is settled (`creditctl ledger resolve`), it is delivered"
        return f"{row} stood for it and is gone: {settled}"


def vanished_rows(findings: Iterable[OpenFinding], entries: int) -> VanishedRows:
    """What the findings of a run say of rows that are gone. Shape: `entries` is how many there are now."""
    gone = [each for each in findings if each.code == f"{PREFIX}{ROW_GONE}"]
    many = any(each.subject.startswith(SOURCE) for each in gone)
    most = len(gone) >= _FEWEST and len(gone) * _PART >= entries
    return VanishedRows({str(each.payment_key): each.subject for each in gone}, many or most)
