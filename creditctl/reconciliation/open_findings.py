"""Open findings of a run: what it reports, told apart from what earlier runs reported, with first-seen and stake."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from creditctl.core.findings import Finding, Severity, Stake
from creditctl.core.when import iso_time
from creditctl.ledger.models import FindingStatus, Sighting, StoredFinding
from creditctl.payments.finding_codes import PREFIX, classified

Identity = tuple[str, str]
"""Code and subject of a finding: what makes it the same one in the next run."""

_ABOUT_RUNS = frozenset(f"{PREFIX}{name}" for name in ("run_failed", "pull_incomplete"))
"""What says something of one run, not of a payment: the next complete run ends it."""


@dataclass(frozen=True, slots=True)
class OpenFinding(Finding):
    """A finding as a run reports it.

    Shape: `new` says that no earlier run saw it, or that it was gone in between; `payment_key` where it is about one.
           What is only information is never new and has no age: it settles itself, and is not kept.
           Two are equal that say the same, whenever they were seen.
    Units: `first_seen` and `seen`, the time of this run, in Unix seconds.
    """

    payment_key: str | None = field(default=None, compare=False)
    first_seen: int = field(default=0, compare=False)
    seen: int = field(default=0, compare=False)
    new: bool = field(default=True, compare=False)

    @property
    def age_seconds(self) -> int:
        """How long it has been open."""
        return max(0, self.seen - self.first_seen)

    def as_dict(self) -> dict[str, object]:
        """The finding as every JSON document has it, and what this run knows beyond that."""
        # By name: a class with slots is made anew, so that its methods find no `super()`.
        return {
            **Finding.as_dict(self),
            "payment_key": self.payment_key,
            "first_seen": iso_time(self.first_seen),
            "age_seconds": self.age_seconds,
            "new": self.new,
        }

    def sighting(self) -> Sighting:
        """What is kept of it."""
        finding = Finding(self.code, self.severity, self.subject, self.message, self.fix)
        stake = self.stake or Stake()
        return Sighting(finding, self.payment_key, stake.credits, stake.amount, stake.currency, self.first_seen)


def opened(
    shown: Sequence[Finding], known: Iterable[Sighting], payments: Mapping[Identity, str | None], now: int
) -> tuple[OpenFinding, ...]:
    """What a run reports, with what earlier runs knew of it.

    Shape: `payments` are those of what was found now. Units: `now` in Unix seconds.
    """
    before = {each.identity: each for each in known}
    return tuple(
        _opened(each, before.get((each.code, each.subject)), payments.get((each.code, each.subject)), now)
        for each in shown
    )


def _opened(finding: Finding, before: Sighting | None, payment: str | None, now: int) -> OpenFinding:
    """Shape: of what was not found again but is still open, the earlier run knows payment and stake."""
    stake = finding.stake
    if before is not None:
        payment = payment or before.payment_key
        stake = stake or before.stake
    said = (finding.code, finding.severity, finding.subject, finding.message, finding.fix, stake, finding.evidence)
    new = before is None and finding.severity is not Severity.INFO
    return OpenFinding(*said, payment, now if before is None else before.first_seen, now, new)


def lasting(findings: Iterable[OpenFinding]) -> Iterator[Sighting]:
    """What is kept of a run's findings: all that is more than information."""
    return (each.sighting() for each in findings if each.severity is not Severity.INFO)


def ended(
    known: Iterable[Sighting],
    shown: Sequence[Finding],
    *,
    everything: bool,
    judged: Collection[str],
    stored: Sequence[StoredFinding],
) -> frozenset[Identity]:
    """Which findings of earlier runs are over: looked at again and not found, or settled by a person.

    Shape: `everything` says that the whole of both sides was compared, `judged` are the payments that were. A run that
           could not read everything ends nothing: it does not ask.
    """
    still = {(each.code, each.subject) for each in shown if each.severity is not Severity.INFO}
    settled = {(each.finding.code, each.finding.subject) for each in stored if each.status is not FindingStatus.OPEN}
    return frozenset(
        each.identity
        for each in known
        if each.identity not in still
        and (
            everything
            or each.identity in settled
            or each.finding.code in _ABOUT_RUNS
            or (each.payment_key or each.finding.subject) in judged
        )
    )


def run_failed(message: str) -> Finding:
    """The finding about a run that could not go on: word of it goes out as of any other, and ends with the next run."""
    fix = "`creditctl reconcile` again, once that is mended; `creditctl reconcile --history` shows the runs"
    return classified("run_failed", "reconcile", message, fix).finding
