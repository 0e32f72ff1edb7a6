"""Event listener: forwards new events to a URL by polling, in order and without a gap.

A target that does not answer is waited for. An event that it refuses is tried again beside the others, which go on: one
that an application can never take must not keep the next payment from it. After a kill only the event that was in
flight is sent twice, and those that were refused are tried again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import stripe

from creditctl.core.errors import Unreachable
from creditctl.events.selection import ArchiveWriter
from creditctl.events.source import RETENTION_SECONDS, read_pages
from creditctl.ledger.archive.models import EventQuery, EventRecord
from creditctl.ledger.archive.store import Archive
from creditctl.stripe_api.delivery import DeliveryResult
from creditctl.stripe_api.errors import translate

POLL_SECONDS = 2.0
"""Thirty reads a minute. Source: Stripe documentation, "Rate limits": 25 a second for one endpoint."""

OVERLAP_SECONDS = 300
"""How far behind the last forwarded event a late one is still found."""

_FIRST_WAIT_SECONDS = 1.0
_LONGEST_WAIT_SECONDS = 30.0
_BATCH = 100


class ListenObserver(Protocol):
    """Observer of a listener: is called for everything that it does."""

    def sending(self, record: EventRecord) -> None:
        """An event is about to be sent."""

    def answered(self, record: EventRecord, answer: DeliveryResult, wait_seconds: float | None) -> None:
        """What the target answered; `wait_seconds` until the next try, None where none is needed."""

    def stripe_away(self, error: Unreachable, wait_seconds: float) -> None:
        """Stripe did not answer; the listener goes on."""

    def forgotten(self, since: int, until: int) -> None:
        """Stripe no longer lists what happened between the two; only what the archive kept of it is forwarded."""


@dataclass
class Refused:
    """An event that the target has refused. Units: `due_seconds` on the listener's own count of its waits."""

    created: int
    tries: int = 0
    due_seconds: float = 0.0


@dataclass
class Listener:
    """Forwards one account's events to one URL.

    Shape:  `types` as in an EventQuery, empty for all; `deliver` makes one attempt.
    """

    client: stripe.StripeClient
    archive: Archive
    target: str
    types: tuple[str, ...]
    deliver: Callable[[EventRecord], DeliveryResult]
    clock: Callable[[], int]
    sleep: Callable[[float], None]
    observer: ListenObserver
    poll_seconds: float = POLL_SECONDS
    overlap_seconds: int = OVERLAP_SECONDS
    forwarded: int = 0
    _failures: int = field(default=0, init=False)
    _silence: DeliveryResult | None = field(default=None, init=False)
    _away_count: int = field(default=0, init=False)
    _away: Unreachable | None = field(default=None, init=False)
    _looked_back: bool = field(default=False, init=False)
    _refused: dict[str, Refused] = field(default_factory=dict, init=False)
    _read_from: int = field(default=0, init=False)
    _waited_seconds: float = field(default=0.0, init=False)
    _last_wait_seconds: float = field(default=0.0, init=False)

    def start(self, since: int | None = None) -> int | None:
        """Decides where to start: at `since`, else where the last listener for this URL stopped, else from now on.

        Shape: returns the time it goes on from, None for now; Stripe's newest event says when now is, not our clock.
        """
        known = self.archive.forwards.since(self.target)
        if since is not None:
            self.archive.forwards.start(self.target, since)
            return since
        if known is not None:
            return known
        first = next(iter(read_pages(self.client, EventQuery())))
        newest = max((record.created for record in first.records), default=0)
        start = max(0, newest - self.overlap_seconds)
        before = [
            (record.id, record.created)
            for page in read_pages(self.client, EventQuery(since=start))
            for record in page.records
        ]
        self.archive.forwards.start_now(self.target, start, before, self.clock())
        return None

    def run(self) -> None:
        """Forwards until somebody stops it. Errors: stripe.StripeError where Stripe refuses, not where it is away."""
        while True:
            self.sleep(self.step() or self.poll_seconds)

    def run_once(self, tries: int) -> None:
        """Forwards what there is, then ends.

        Errors: Unreachable if Stripe is away, or the target does not answer or refuses an event, in that many tries;
                what it does take has been forwarded.
        """
        while True:
            wait_seconds = self.step()
            if wait_seconds is None:
                return
            if self._away is not None and self._away_count >= tries:
                raise self._away
            if self._failures >= tries:
                raise self._target_away(tries)
            if self._refused and all(each.tries >= tries for each in self._refused.values()):
                raise self._all_refused(tries)
            self.sleep(wait_seconds)

    def _target_away(self, tries: int) -> Unreachable:
        fault = None if self._silence is None else self._silence.certificate
        why = "" if fault is None else f" {fault.sentence}"
        usual = "Start the backend, look at its log, then run the same command again."
        return Unreachable(
            f"{self.target} did not answer in {tries} tries; the event stays the next one to be sent.{why}",
            code="events.target_away",
            fix=usual if fault is None else fault.fix_here,
        )

    def _all_refused(self, tries: int) -> Unreachable:
        names = ", ".join(self._refused)
        return Unreachable(
            f"{self.target} refused {names} in {tries} tries; everything else was forwarded.",
            code="events.target_refuses",
            fix="Look at the backend's log, then run the same command again: it tries them once more.",
        )

    def step(self) -> float | None:
        """Reads what is new and forwards it until it is all taken, or one is not; returns how long to wait before more.

        Units: seconds; None where nothing is left.
        """
        self._waited_seconds += self._last_wait_seconds
        wait_seconds = self._step()
        self._last_wait_seconds = self.poll_seconds if wait_seconds is None else wait_seconds
        return wait_seconds

    def _step(self) -> float | None:
        since = self.archive.forwards.since(self.target) or 0
        try:
            until = self._read(max(since, self._read_from))
        except (stripe.StripeError, Unreachable) as error:
            return self._stripe_away(error)
        self._away, self._away_count = None, 0
        query = EventQuery(types=self.types, since=since, until=until)
        passed = {name for name, each in self._refused.items() if each.due_seconds > self._waited_seconds}
        while batch := self._next_batch(query, passed):
            for record in batch:
                if not self._forward(record):
                    return pause_after(self._failures)
                # Whatever was refused now waits for its own time.
                passed |= {record.id} & self._refused.keys()
        return self._until_a_retry()

    def _next_batch(self, query: EventQuery, passed: set[str]) -> list[EventRecord]:
        """The next events that are neither taken nor to be passed over this time."""
        found = self.archive.unforwarded(self.target, query, _BATCH + len(passed))
        return [record for record in found if record.id not in passed]

    def _until_a_retry(self) -> float | None:
        """How long until a refused event is tried again; no longer than until Stripe is asked again."""
        if not self._refused:
            return None
        due = min(each.due_seconds for each in self._refused.values())
        return min(max(due - self._waited_seconds, 0.0), self.poll_seconds)

    def _read(self, since: int) -> int:
        """Keeps what Stripe lists from the cursor on; the overlap finds what became visible late.

        Shape: returns the second before which nothing is missing. What others store of later ones meanwhile, newest
               first, has to wait: the cursor would pass over what they have not stored yet.
        """
        span = self.archive.span()
        newest = 0 if span is None else span[1]
        writer = ArchiveWriter(self.archive, self.clock)
        for page in read_pages(self.client, EventQuery(types=self.types, since=since)):
            writer.keep(page.records)
            newest = max([newest, *(record.created for record in page.records)])
        self._look_back(since, newest)
        # A refused event holds back what is remembered; what was read is not read again for it.
        self._read_from = max(0, newest - self.overlap_seconds)
        return newest + 1

    def _look_back(self, since: int, newest: int) -> None:
        """Says once how much of the time since the last run is out of Stripe's reach, by the later of both clocks."""
        horizon = max(self.clock(), newest) - RETENTION_SECONDS
        if 0 < since < horizon and not self._looked_back:
            self.observer.forgotten(since, horizon)
        self._looked_back = True

    def _forward(self, record: EventRecord) -> bool:
        """One attempt; False where nobody answered, and the others have to wait as well.

        The journal is written after the answer: a kill in between sends this one event again.
        """
        self.observer.sending(record)
        answer = self.deliver(record)
        if answer.status is None:
            self._failures, self._silence = self._failures + 1, answer
            self.observer.answered(record, answer, pause_after(self._failures))
            return False
        self._failures = 0
        if answer.accepted:
            self._take_note(record, answer)
            self.observer.answered(record, answer, None)
        else:
            self.observer.answered(record, answer, self._put_off(record))
        return True

    def _take_note(self, record: EventRecord, answer: DeliveryResult) -> None:
        """Writes down that an event was taken; events from the oldest refused one on are still wanted."""
        self._refused.pop(record.id, None)
        oldest = min([record.created, *(each.created for each in self._refused.values())])
        self.archive.forwards.accepted(
            self.target,
            record.id,
            record.created,
            self.clock(),
            str(answer.status),
            since=oldest - self.overlap_seconds,
        )
        self.forwarded += 1

    def _put_off(self, record: EventRecord) -> float:
        """Sets when a refused event is tried again; returns how long that is. Units: seconds."""
        refused = self._refused.setdefault(record.id, Refused(record.created))
        refused.tries += 1
        pause = pause_after(refused.tries)
        refused.due_seconds = self._waited_seconds + pause
        return pause

    def _stripe_away(self, error: stripe.StripeError | Unreachable) -> float:
        known = error if isinstance(error, Unreachable) else translate(error)
        if not isinstance(known, Unreachable):
            raise error
        self._away, self._away_count = known, self._away_count + 1
        wait_seconds = pause_after(self._away_count)
        self.observer.stripe_away(known, wait_seconds)
        return wait_seconds


def pause_after(failures: int) -> float:
    """Back-off after so many failures in a row: ever longer, so that what starts up is not hammered.

    Units: seconds.
    """
    waited: float = _FIRST_WAIT_SECONDS * 2 ** min(failures - 1, 10)
    return min(waited, _LONGEST_WAIT_SECONDS)
