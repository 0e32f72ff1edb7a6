"""Report of one reconciliation run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from creditctl.core.findings import Severity
from creditctl.core.when import Window, iso_time
from creditctl.payments.repair import Repair, Repaired
from creditctl.payments.stakes import stakes_of
from creditctl.payments.verdict import JudgementContext
from creditctl.reconciliation.match import Matcher, match_all
from creditctl.reconciliation.open_findings import Identity, OpenFinding
from creditctl.reconciliation.pulled import Pulled
from creditctl.reconciliation.redelivery.outcome import Redelivered


@dataclass(frozen=True, slots=True)
class ReconcileReport:
    """The answer of a run: what disagrees, and what would put it right.

    Shape:  `findings` worst first; `repairs` is the plan, `repaired` what came of carrying it out, empty before that;
            `redelivered` says what came of delivering an application its lost events again; `basis` and `terms` are
            what it was judged from and `matcher` how, kept to judge again after a repair; `ended` are findings of
            earlier runs that are over, `by` is who ran it.
    Units:  times in Unix seconds.
    """

    window: Window
    started: int
    finished: int
    payments: int
    entries: int
    findings: tuple[OpenFinding, ...]
    repairs: tuple[Repair, ...]
    basis: Pulled
    terms: JudgementContext
    matcher: Matcher = match_all
    repaired: tuple[Repaired, ...] = ()
    source: Mapping[str, Any] | None = None
    ended: frozenset[Identity] = frozenset()
    by: str = ""
    redelivered: tuple[Redelivered, ...] = ()
    run: int = 0

    @property
    def complete(self) -> bool:
        """Whether everything was read; nothing is repaired otherwise."""
        return self.basis.complete

    @property
    def pulled(self) -> Mapping[str, int]:
        """How many objects of which kind were read of Stripe."""
        return self.basis.counts

    @property
    def counts(self) -> dict[str, int]:
        """How many findings of each code."""
        return dict(sorted(Counter(finding.code for finding in self.findings).items()))

    @property
    def severities(self) -> dict[str, int]:
        """How many findings of each severity, worst first."""
        found = Counter(finding.severity for finding in self.findings)
        return {str(severity): found[severity] for severity in Severity if found[severity]}

    @property
    def new(self) -> int:
        """How many findings no earlier run saw."""
        return sum(finding.new for finding in self.findings)

    def reaches(self, severity: Severity) -> bool:
        """Whether anything found is as bad as that, or worse."""
        return any(finding.severity.rank <= severity.rank for finding in self.findings)

    def as_run(self) -> dict[str, Any]:
        """The report as it is kept of a run, for good: without users, who may ask to be forgotten."""
        kept = self.as_dict()
        for name in ("repairs", "redelivered"):
            kept[name] = [_without_user(each) for each in kept.get(name, ())]
        return kept

    @property
    def clean(self) -> bool:
        """Whether nothing is left to be done; what is in flight settles itself."""
        return self.complete and all(finding.severity is Severity.INFO for finding in self.findings)

    def as_dict(self) -> dict[str, Any]:
        """The report as a JSON document shows it, its findings aside."""
        return {
            "window": self.window.as_dict(),
            "started": iso_time(self.started),
            "finished": iso_time(self.finished),
            "by": self.by,
            **({"run": self.run} if self.run else {}),
            "complete": self.complete,
            "missing": list(self.basis.gaps),
            "clean": self.clean,
            "pulled": dict(self.pulled),
            "tie_out": self.basis.tie_out,
            "payments": self.payments,
            "entries": self.entries,
            "counts": self.counts,
            "severities": self.severities,
            "new": self.new,
            "ended": len(self.ended),
            "at_stake": stakes_of(self.findings).as_dict(),
            **({} if self.source is None else {"source": dict(self.source)}),
            "repairs": [repair.as_dict() for repair in self.repairs],
            "repaired": [repaired.as_dict() for repaired in self.repaired],
            **({} if self.source is None else {"redelivered": [each.as_dict() for each in self.redelivered]}),
        }


def _without_user(result: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in result.items() if name not in ("user_id", "reason")}
