"""Event replay: delivers past events again, in order, freshly signed; a killed run resumes from its journal."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from creditctl.events.event_view import EventView
from creditctl.events.ledger_effect import LedgerEffect, is_posted, ledger_effect_of
from creditctl.events.sending import Send
from creditctl.ledger.archive.models import EventRecord, ReplayItem
from creditctl.ledger.archive.store import Archive
from creditctl.ledger.store import Ledger

DEFAULT_LIMIT = 100
DEFAULT_RATE = 5
DEFAULT_MAX_FAILURES = 3


@dataclass(frozen=True, slots=True)
class ReplayPolicy:
    """Policy of a replay: limits, pace, and what is skipped.

    Shape: `limit` deliveries at most in this run; `max_failures` of them may fail before it stops. With `each_once` a
           replay is over when everything was tried, failed or not: for a selection that finds the failed ones again.
    Units: `pause_seconds` between two deliveries.
    """

    limit: int = DEFAULT_LIMIT
    max_failures: int = DEFAULT_MAX_FAILURES
    pause_seconds: float = 1 / DEFAULT_RATE
    skip_posted: bool = False
    each_once: bool = False


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """Result of one event. Shape: `state` is accepted, failed, skipped or planned; `effect` None where unseen."""

    record: EventRecord
    state: str
    answer: str
    effect: LedgerEffect | None = None

    def as_dict(self) -> dict[str, object]:
        """The result as a JSON document shows it."""
        gained = None if self.effect is None else self.effect.credits
        return {
            "event": self.record.id,
            "type": self.record.type,
            "created": self.record.created,
            "about": EventView(self.record).about,
            "state": self.state,
            "answer": self.answer,
            "outcome": None if self.effect is None else self.effect.outcome,
            "credits": gained,
            "entries": [] if self.effect is None else [entry.id for entry in self.effect.entries],
        }


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """Report of one run of a replay. Shape: `left` events are still to be sent; `stopped` says why it ended early."""

    number: int
    target: str
    resumed: bool
    results: tuple[ReplayResult, ...]
    left: int
    stopped: str = ""
    stopped_by_failures: bool = False

    def count(self, state: str) -> int:
        """How many events ended in a state in this run."""
        return sum(result.state == state for result in self.results)

    @property
    def credits(self) -> int | None:
        """Credits that this run added to the ledger; None where no ledger could be seen."""
        credits = [result.effect.credits for result in self.results if result.effect is not None]
        return sum(credits) if credits or not self.results else None

    def as_dict(self) -> dict[str, object]:
        """The report as a JSON document shows it."""
        return {
            "replay": self.number,
            "target": self.target,
            "resumed": self.resumed,
            "accepted": self.count("accepted"),
            "failed": self.count("failed"),
            "skipped": self.count("skipped"),
            "left": self.left,
            "stopped": self.stopped,
            "credits": self.credits,
            "deliveries": [result.as_dict() for result in self.results],
        }


def fingerprint(options: Mapping[str, object]) -> str:
    """Fingerprint of a replay's options: the same options asked twice continue the replay that the first began."""
    return hashlib.sha256(json.dumps(options, sort_keys=True, default=str).encode()).hexdigest()


@dataclass
class Replayer:
    """Sends the events of one replay.

    Shape: `ledger` is None where there is none to look into; `tell` hears of every result as it comes; `watch` is
           False where the ledger is written later than the answer.
    """

    archive: Archive
    send: Send
    ledger: Ledger | None
    clock: Callable[[], int]
    sleep: Callable[[float], None]
    tell: Callable[[ReplayResult], None]
    watch: bool = True

    def run(self, number: int, target: str, policy: ReplayPolicy, *, resumed: bool) -> ReplayReport:
        """Sends what is still to be sent, in order, until the end, the limit or too many failures.

        Shape: an event that was on its way when a run was killed is sent again; none that was accepted is.
        """
        journal = self.archive.replays
        results: list[ReplayResult] = []
        sent = failures = 0
        stopped = ""
        for item in journal.open_items(number):
            if sent >= policy.limit:
                stopped = f"the limit of {policy.limit} deliveries"
                break
            result = self._one(number, item, policy, pause_seconds=policy.pause_seconds if sent else 0)
            results.append(result)
            self.tell(result)
            sent += result.state != "skipped"
            failures += result.state == "failed"
            if failures >= policy.max_failures:
                stopped = f"{failures} failed deliveries"
                break
        journal.finish(number, self.clock(), each_once=policy.each_once)
        counts = journal.counts(number)
        left = sum(counts.get(state, 0) for state in ("pending", "sending", "failed"))
        by_failures = failures >= policy.max_failures
        return ReplayReport(number, target, resumed, tuple(results), left, stopped if left else "", by_failures)

    def _one(self, number: int, item: ReplayItem, policy: ReplayPolicy, *, pause_seconds: float) -> ReplayResult:
        journal = self.archive.replays
        record = self.archive.event(item.event_id)
        if record is None:
            raise LookupError(f"event {item.event_id} of replay {number} is not in the archive")
        if policy.skip_posted and self._is_posted(record):
            journal.settle(number, item, "skipped", "posted already")
            return ReplayResult(record, "skipped", "posted already", LedgerEffect((), None))
        if pause_seconds > 0:
            self.sleep(pause_seconds)
        head = self._head()
        journal.sending(number, item)
        answer = self.send(record)
        state = "accepted" if answer.accepted else "failed"
        text = answer.told
        journal.settle(number, item, state, text)
        return ReplayResult(record, state, text, self._effect(record, head))

    def _is_posted(self, record: EventRecord) -> bool:
        if self.ledger is None:
            return False
        with self.ledger.reading() as view:
            return is_posted(record, view)

    def _head(self) -> int:
        if self.ledger is None:
            return 0
        with self.ledger.reading() as view:
            return view.count()

    def _effect(self, record: EventRecord, head_before: int) -> LedgerEffect | None:
        if self.ledger is None or not self.watch:
            return None
        with self.ledger.reading() as view:
            return ledger_effect_of(view, record.id, head_before)
