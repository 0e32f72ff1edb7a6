"""Prometheus metrics of reconciliation, as text for node_exporter's textfile collector. Pure but for reading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from creditctl.ledger.models import Sighting
from creditctl.ledger.sightings import open_sightings
from creditctl.ledger.view import LedgerView
from creditctl.payments.stakes import stakes_of
from creditctl.reconciliation.run_history import RUN_KIND, PastRun, last_complete_run

WORLD_READS = 0o644
"""Permissions of the file: node_exporter is another user than cron, and there is nothing secret in it.

Source: prometheus/client_golang, `WriteToTextfile`, which sets the same; node_exporter README, "Textfile Collector".
"""

_PREFIX = "creditctl_reconcile_"

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class MetricFamily:
    """One metric with its help and its samples. Shape: all are gauges, without a time of their own."""

    name: str
    help: str
    samples: tuple[tuple[Labels, int], ...]


def metrics_text(view: LedgerView, labels: Labels) -> str:
    """The metrics of a ledger's runs and open findings. Shape: `labels` stand on every sample."""
    runs = view.runs(RUN_KIND, 1)
    last = PastRun.of(runs[0]) if runs else None
    families = (*_of_runs(last, last_complete_run(view)), *_of_findings(open_sightings(view)))
    return "".join(line for family in families for line in _lines(family, labels))


def _of_runs(last: PastRun | None, complete: int | None) -> Iterator[MetricFamily]:
    """Shape: 0 where there was no such run, so that an alarm on its age goes off."""
    finished, took, whole = (0, 0, 0) if last is None else (last.finished, last.duration_seconds, int(last.complete))
    yield _single("last_complete_run_timestamp_seconds", "When the last run ended that saw everything.", complete or 0)
    yield _single("last_run_timestamp_seconds", "When the last run ended, whatever came of it.", finished)
    yield _single("last_run_duration_seconds", "How long the last run took.", took)
    yield _single("last_run_complete", "Whether the last run saw everything: 1 or 0.", whole)


def _of_findings(found: Iterable[Sighting]) -> Iterator[MetricFamily]:
    sightings = list(found)
    counts = Counter((each.finding.code, str(each.finding.severity)) for each in sightings)
    samples = tuple(({"code": code, "severity": severity}, count) for (code, severity), count in sorted(counts.items()))
    stakes = stakes_of(each.as_finding() for each in sightings)
    yield MetricFamily("open_findings", "Findings that are open, by code and severity.", samples)
    yield _single("open_findings_count", "How many findings are open.", len(sightings))
    yield _single("credits_at_stake", "Credits that are not where they belong.", stakes.credits)
    amounts = tuple(({"currency": currency}, amount) for currency, amount in stakes.amounts)
    yield MetricFamily("money_at_stake_minor_units", "Money at stake, in minor units of its currency.", amounts)


def _single(name: str, text: str, value: int) -> MetricFamily:
    return MetricFamily(name, text, (({}, value),))


def _lines(family: MetricFamily, labels: Labels) -> Iterator[str]:
    """One family in Prometheus' text format. Source: Prometheus documentation, "Exposition formats"."""
    name = f"{_PREFIX}{family.name}"
    yield f"# HELP {name} {family.help}\n# TYPE {name} gauge\n"
    for own, value in family.samples:
        said = ",".join(f'{key}="{_escaped(text)}"' for key, text in {**labels, **own}.items())
        yield f"{name}{{{said}}} {value}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
