"""To-do list for an application: what it has still to book, as CSV that a person can apply."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator
from pathlib import Path

from creditctl.atomic_file import replace_file
from creditctl.core.when import iso_time
from creditctl.ledger.exporting import write_csv
from creditctl.payments.finding_codes import PREFIX
from creditctl.payments.repair import Repair
from creditctl.reconciliation.open_findings import Identity
from creditctl.reconciliation.report import ReconcileReport

COLUMNS = (
    "kind",
    "user_id",
    "credits",
    "amount",
    "currency",
    "payment_key",
    "object_id",
    "created",
    "reason",
    "redelivery",
)


def write_todo(path: Path, report: ReconcileReport) -> int:
    """Writes every entry that is missing, and returns how many there are. Errors: ConfigurationError."""
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in todo_rows(report)]
    text = io.StringIO()
    write_csv(rows, COLUMNS, text)
    replace_file(path, text.getvalue().encode())
    return len(rows)


def todo_rows(report: ReconcileReport) -> Iterator[tuple[object, ...]]:
    """The missing entries, each with the finding that says why, and why no redelivery mended it."""
    found = {(finding.code, finding.subject) for finding in report.findings}
    redelivered = {each.payment_key: each.reason for each in report.redelivered}
    for repair in report.repairs:
        yield from _rows(repair, found, redelivered.get(repair.payment_key))


def _reason(repair: Repair, object_id: str | None, found: Collection[Identity]) -> str:
    """The finding that an entry settles: of the codes that its repair is for, the one about its refund or payment.

    Shape: other findings about the same payment, such as older ones that are still open, are no reason for it.
    """
    codes = [f"{PREFIX}{name}" for name in repair.reason.split(", ") if name]
    about = ((code, subject) for subject in (object_id, repair.payment_key) for code in codes if subject)
    return next((each[0] for each in about if each in found), next(iter(codes), ""))


def _rows(repair: Repair, found: Collection[Identity], redelivery: str | None) -> Iterator[tuple[object, ...]]:
    for draft in repair.drafts:
        reason = _reason(repair, draft.object_id, found)
        yield (
            str(draft.kind),
            draft.user_id,
            draft.credits,
            draft.amount,
            draft.currency,
            repair.payment_key,
            draft.object_id,
            iso_time(draft.created),
            reason,
            redelivery,
        )
