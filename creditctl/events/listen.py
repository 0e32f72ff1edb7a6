"""Event listener: forwards new events to a URL by polling, in order and without a gap.

After a kill only the event that was in flight is sent twice.
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
    _away_count: int = field(default=0, init=False)
    _away: Unreachable | None = field(default=None, init=False)
    _looked_back: bool = field(default=False, init=False)

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

        Errors: Unreachable if Stripe is away, or the target does not take an event, in that many tries.
        """
        while True:
            wait_seconds = self.step()
            if wait_seconds is None:
                return
            if self._away is not None and self._away_count >= tries:
                raise self._away
            if self._failures >= tries:
                raise Unreachable(
                    f"{self.target} did not take an event in {tries} tries; it stays the next one to be sent.",
                    code="events.target_away",
                    fix="Start the backend, look at its log, then run the same command again.",
                )
            self.sleep(wait_seconds)

    def step(self) -> float | None:
        """Reads what is new and forwards it until it is all taken, or one is not; returns how long to wait before more.

        Units: seconds; None where nothing is left.
        """
        since = self.archive.forwards.since(self.target) or 0
        try:
            until = self._read(since)
        except (stripe.StripeError, Unreachable) as error:
            return self._stripe_away(error)
        self._away, self._away_count = None, 0
        query = EventQuery(types=self.types, since=since, until=until)
        while batch := self.archive.unforwarded(self.target, query, _BATCH):
            for record in batch:
                if not self._forward(record):
                    return pause_after(self._failures)
        return None

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
        return newest + 1

    def _look_back(self, since: int, newest: int) -> None:
        """Says once how much of the time since the last run is out of Stripe's reach, by the later of both clocks."""
        horizon = max(self.clock(), newest) - RETENTION_SECONDS
        if 0 < since < horizon and not self._looked_back:
            self.observer.forgotten(since, horizon)
        self._looked_back = True

    def _forward(self, record: EventRecord) -> bool:
        """One attempt. The journal is written after the answer: a kill in between sends this one event again."""
        self.observer.sending(record)
        answer = self.deliver(record)
        if not answer.accepted:
            self._failures += 1
            self.observer.answered(record, answer, pause_after(self._failures))
            return False
        since = record.created - self.overlap_seconds
        self.archive.forwards.accepted(
            self.target, record.id, record.created, self.clock(), str(answer.status), since=since
        )
        self._failures = 0
        self.forwarded += 1
        self.observer.answered(record, answer, None)
        return True

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
