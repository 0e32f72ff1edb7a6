"""Run history: what the ledger keeps of earlier reconciliations, read into values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from creditctl.core.when import Window, iso_time
from creditctl.ledger.models import RunRecord
from creditctl.ledger.view import LedgerView

RUN_KIND = "reconcile"
"""What a reconciliation is called among the runs of a ledger."""


@dataclass(frozen=True, slots=True)
class PastRun:
    """One earlier run. Shape: `missing` says what could not be read, or why it could not go on; empty if complete.

    Units: times in Unix seconds; `since` and `until` as they were written, None without a bound.
    """

    id: int
    started: int
    finished: int
    by: str
    since: str | None
    until: str | None
    complete: bool
    clean: bool
    missing: tuple[str, ...]
    payments: int
    severities: Mapping[str, int]
    counts: Mapping[str, int]
    new: int
    repaired: int

    @classmethod
    def of(cls, run: RunRecord) -> PastRun:
        """A run as it is kept; one of an earlier version may say less."""
        report = run.report
        window, error = report.get("window") or {}, report.get("error")
        missing = tuple(report.get("missing", ())) if error is None else (str(error),)
        return cls(
            id=run.id,
            started=run.started,
            finished=run.finished,
            by=str(report.get("by", "")),
            since=window.get("since"),
            until=window.get("until"),
            complete=report.get("complete") is True,
            clean=run.ok,
            missing=missing,
            payments=int(report.get("payments", 0)),
            severities=dict(report.get("severities", {})),
            counts=dict(report.get("counts", {})),
            new=int(report.get("new", 0)),
            repaired=len(report.get("repaired", ())),
        )

    @property
    def duration_seconds(self) -> int:
        """How long it took."""
        return max(0, self.finished - self.started)

    def as_dict(self) -> dict[str, Any]:
        """The run as a JSON document shows it."""
        return {
            "id": self.id,
            "started": iso_time(self.started),
            "finished": iso_time(self.finished),
            "duration_seconds": self.duration_seconds,
            "window": {"since": self.since, "until": self.until},
            "by": self.by,
            "complete": self.complete,
            "clean": self.clean,
            "missing": list(self.missing),
            "payments": self.payments,
            "severities": dict(self.severities),
            "counts": dict(self.counts),
            "new": self.new,
            "repaired": self.repaired,
        }


def past_runs(view: LedgerView, window: Window, limit: int | None) -> list[PastRun]:
    """The runs that began in a window, newest first."""
    return [PastRun.of(run) for run in view.runs(RUN_KIND, limit) if window.holds(run.started)]


def last_complete_run(view: LedgerView) -> int | None:
    """When the last run ended that saw everything, however long ago; None before the first. Units: Unix seconds.

    Shape: the last that was kept, not the latest by its clock: one that ran ahead once would hide silence.
    """
    complete = "SELECT finished FROM runs WHERE kind = ? AND json_extract(report, '$.complete') = 1"
    found = view.connection.execute(complete + " ORDER BY id DESC LIMIT 1", (RUN_KIND,)).fetchone()
    return None if found is None else int(found[0])
