"""Import report: counters, samples and findings of one import run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from creditctl.core.findings import Finding, Severity
from creditctl.sources.imported_entry import Batch

MOST_NAMED = 1000
"""How many rows are named; the rest are counted."""

MOST_SAMPLES = 3
_SAMPLE_FIELDS = ("created", "user_id", "kind", "credits", "amount", "currency", "payment_key", "idempotency_key")
_COUNTED = (
    "source", "resumed_after", "read", "new", "existing", "repeated", "other_mode", "bad", "changed", "elsewhere",
    "lines_moved",
)  # fmt: skip


@dataclass
class ImportReport:
    """Counters, samples and findings of one import run.

    Shape: `new` rows are written, or would be; `existing` were there, word for word; `bad` cannot be written and
           `changed` differ from what was imported under their key, `elsewhere` are in the ledger already, but not from
           this source: these three are named in `findings`, up to MOST_NAMED, and not written.
    """

    source: str
    resumed_after: int | None = None
    read: int = 0
    new: int = 0
    existing: int = 0
    repeated: int = 0
    other_mode: int = 0
    bad: int = 0
    changed: int = 0
    elsewhere: int = 0
    ignored_columns: tuple[str, ...] = ()
    credits_by_kind: Counter[str] = field(default_factory=Counter)
    rows_by_kind: Counter[str] = field(default_factory=Counter)
    amounts: Counter[str] = field(default_factory=Counter)
    samples: list[dict[str, Any]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    lines_moved: bool = False
    """Whether rows that only their line tells apart have changed: then lines moved, or it is another file."""

    @property
    def refused(self) -> int:
        """How many rows could not be taken."""
        return self.bad + self.changed + self.elsewhere

    def as_dict(self) -> dict[str, Any]:
        """The report as a JSON document shows it, without the findings."""
        return {
            **{name: getattr(self, name) for name in _COUNTED},
            "ignored_columns": list(self.ignored_columns),
            "rows_by_kind": dict(self.rows_by_kind),
            "credits_by_kind": dict(self.credits_by_kind),
            "amounts": dict(self.amounts),
            "samples": self.samples,
        }

    def may_load(self, *, skip_bad: bool) -> bool:
        """Whether the new rows may be written: there are some, and nothing stands against it."""
        return self.new > 0 and not self.lines_moved and (skip_bad or not self.refused)

    def name(self, code: str, severity: Severity, line: int | str, message: str, fix: str) -> None:
        """Keeps a finding about one row."""
        if len(self.findings) < MOST_NAMED:
            where = f"line {line}" if isinstance(line, int) else line
            self.findings.append(Finding(code, severity, where, f"{where}: {message}", fix))

    def count_new(self, batch: Batch) -> None:
        """Counts new rows, and keeps the first few to show."""
        self._count(batch, 1)
        for _, entry in batch[: max(0, MOST_SAMPLES - len(self.samples))]:
            self.samples.append({name: getattr(entry, name) for name in _SAMPLE_FIELDS})

    def uncount(self, batch: Batch) -> None:
        """Takes back what `count_new` counted, of rows that turned out not to be new."""
        self._count(batch, -1)

    def _count(self, batch: Batch, sign: int) -> None:
        self.new += sign * len(batch)
        kinds, credits, amounts = self.rows_by_kind, self.credits_by_kind, self.amounts
        for _, entry in batch:
            kinds[entry.kind] += sign
            credits[entry.kind] += sign * entry.credits
            if entry.amount and entry.currency is not None:
                amounts[entry.currency] += sign * entry.amount
