"""Results of a simulation: one verdict a scenario, with what was expected and seen, and the suite as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from creditctl.simulation.causes import find_cause


class ScenarioOutcome(StrEnum):
    """How a scenario ended."""

    PASSED = "passed"
    FAILED = "failed"
    WARNED = "warned"
    NOT_TRIED = "not_tried"
    BROKEN = "could_not_run"


class ScenarioFailed(Exception):
    """The backend did something that it must not do: a cause, what was expected and what was seen."""

    def __init__(self, cause: str, expected: str, seen: str, *, warning: bool = False) -> None:
        super().__init__(f"{expected}; {seen}")
        self.cause, self.expected, self.seen, self.warning = cause, expected, seen, warning


class ScenarioNotTried(Exception):
    """A scenario cannot be tried here; the reason says what it would need."""


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """Result of one scenario.

    Shape: `cause` is a slug of `causes.CAUSES`, empty where it passed; `reason` says why it was not tried; `log` is
           what was done, line by line; `deliveries` what the backend answered to whom.
    """

    name: str
    group: str
    title: str
    outcome: ScenarioOutcome
    user_id: str = ""
    steps: tuple[str, ...] = ()
    deliveries: tuple[str, ...] = ()
    cause: str = ""
    expected: str = ""
    seen: str = ""
    reason: str = ""
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether every expectation held."""
        return self.outcome is ScenarioOutcome.PASSED

    @property
    def failure(self) -> str:
        """What was expected and what was seen, in one sentence; empty where nothing is wrong."""
        return f"{self.expected}; {self.seen}" if self.cause else ""

    def as_dict(self) -> dict[str, object]:
        """The result as it appears in the JSON document."""
        mend = find_cause(self.cause).mend if self.cause else ""
        return {
            "name": self.name,
            "group": self.group,
            "title": self.title,
            "outcome": str(self.outcome),
            "passed": self.passed,
            "user_id": self.user_id,
            "steps": list(self.steps),
            "deliveries": list(self.deliveries),
            "cause": self.cause or None,
            "mend": mend,
            "expected": self.expected,
            "seen": self.seen,
            "failure": self.failure,
            "reason": self.reason,
            "run_alone": f"creditctl simulate --only {self.name}",
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True)
class SuiteResult:
    """Results of a whole run, in the order of the list; `notes` say what was found out about the backend."""

    results: Sequence[ScenarioResult]
    notes: Sequence[str] = field(default_factory=tuple)
    seconds: float = 0.0
    seed: int = 0

    def of(self, outcome: ScenarioOutcome) -> list[ScenarioResult]:
        """The results with one outcome."""
        return [result for result in self.results if result.outcome is outcome]

    @property
    def causes(self) -> dict[str, list[str]]:
        """The scenarios that name each cause, the cause with most scenarios first."""
        found: dict[str, list[str]] = {}
        for result in self.of(ScenarioOutcome.FAILED):
            found.setdefault(result.cause, []).append(result.name)
        return dict(sorted(found.items(), key=lambda entry: -len(entry[1])))
