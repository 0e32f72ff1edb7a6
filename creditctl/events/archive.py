"""Event archive run: stores every event of the account incrementally, finds gaps, resumes after a kill."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import stripe

from creditctl.core.findings import Finding, Severity
from creditctl.core.when import iso_time
from creditctl.events.source import RETENTION_SECONDS, Progress, read_pages
from creditctl.ledger.archive.models import EventQuery, EventRecord, Gap, Reading
from creditctl.ledger.archive.store import Archive

OVERLAP_SECONDS = 3600
"""How far a run reads back behind the newest event it knows: events become visible late and out of order.

Source: Stripe documents neither; public reports tell of seconds.
"""


@dataclass(frozen=True, slots=True)
class ArchiveReport:
    """Report of an archive run.

    Shape: `read` events were listed, `added` of them were new; `resumed` says that an interrupted run was finished
           first; `removed` events were older than what is kept; `gaps` are all stretches that are lost, `new_gaps`
           those that this run noticed.
    """

    read: int
    added: int
    kept: int
    resumed: bool
    span: tuple[int, int] | None
    gaps: tuple[Gap, ...]
    new_gaps: tuple[Gap, ...]
    removed: int = 0

    def as_dict(self) -> dict[str, object]:
        """The report as a JSON document shows it."""
        oldest, newest = (iso_time(self.span[0]), iso_time(self.span[1])) if self.span else (None, None)
        return {
            "read": self.read,
            "added": self.added,
            "kept": self.kept,
            "removed": self.removed,
            "resumed": self.resumed,
            "oldest": oldest,
            "newest": newest,
            "gaps": [{"since": iso_time(gap.since), "until": iso_time(gap.until)} for gap in self.gaps],
        }

    def findings(self) -> list[Finding]:
        """The gaps that this run noticed."""
        return [
            Finding(
                "events.archive_gap",
                Severity.HIGH,
                f"{iso_time(gap.since)}/{iso_time(gap.until)}",
                f"Events between {iso_time(gap.since)} and {iso_time(gap.until)} were not archived in time; Stripe no "
                "longer lists them.",
                "`creditctl reconcile` compares those payments themselves. Run `creditctl events archive` from cron, "
                "daily.",
            )
            for gap in self.new_gaps
        ]


def archive_events(
    client: stripe.StripeClient,
    archive: Archive,
    *,
    clock: Callable[[], int],
    progress: Progress | None = None,
    overlap_seconds: int = OVERLAP_SECONDS,
) -> ArchiveReport:
    """Archives every event that is not stored yet; first what an interrupted run left.

    Errors: LockHeld while another run goes on; Unreachable or stripe.StripeError: what was read until then is kept, and
            the next run goes on there.
    """
    with archive.lock("archive", "An archive run"):
        known_gaps, before = len(archive.gaps()), archive.count()
        run = _Run(client, archive, clock, progress)
        interrupted = archive.unfinished()
        if interrupted is not None:
            run.finish(interrupted)
        complete = archive.last_complete()
        run.finish(archive.begin("archive", clock(), _floor(complete, overlap_seconds)))
        gaps = tuple(archive.gaps())
        kept = archive.count()
        return ArchiveReport(
            read=run.read,
            added=kept - before,
            kept=kept,
            resumed=interrupted is not None,
            span=archive.span(),
            gaps=gaps,
            new_gaps=gaps[known_gaps:],
        )


def _floor(complete: Reading | None, overlap_seconds: int) -> int | None:
    """How far back the next run has to read: a bit behind the newest event that the last one saw."""
    newest = None if complete is None else complete.newest
    if newest is None:
        return None if complete is None else complete.floor
    return max(0, newest - overlap_seconds)


@dataclass
class _Run:
    """One run of the archive. Shape: `read` counts the events that were listed."""

    client: stripe.StripeClient
    archive: Archive
    clock: Callable[[], int]
    progress: Progress | None
    read: int = 0

    def finish(self, reading: Reading) -> None:
        """Brings a reading to its end, from where it stopped; from the top where that event is gone."""
        try:
            self._read_on(reading)
        except stripe.InvalidRequestError as error:
            if reading.cursor is None or error.code != "resource_missing":
                raise
            self.archive.restart(reading)
            self._read_on(self.archive.reading(reading.id))

    def _read_on(self, reading: Reading) -> None:
        previous = self.archive.last_complete()
        query = EventQuery(since=reading.floor)
        for page in read_pages(self.client, query, cursor=reading.cursor, progress=self._told(self.read)):
            self.read += len(page.records)
            finished, gap = None, None
            if page.last:
                finished = self.clock()
                gap = find_gap(previous, self.archive.reading(reading.id), page.records, finished)
            self.archive.store(reading, page.records, previous=previous, finished=finished, gap=gap)

    def _told(self, already: int) -> Progress | None:
        progress = self.progress
        return None if progress is None else lambda count: progress(already + count)


def find_gap(previous: Reading | None, reading: Reading, last_page: Sequence[EventRecord], now: int) -> Gap | None:
    """Finds the gap between two readings that is lost; None where the second saw the first's newest event.

    Shape: `reading` as it stands before its last page is stored.
    Units: `now` in Unix seconds; Stripe's own times count where they are later.
    """
    if previous is None or reading.anchor_seen or any(each.id == previous.newest_id for each in last_page):
        return None
    created = [each.created for each in last_page]
    newest = max(time for time in (now, reading.newest, *created) if time is not None)
    oldest = min((time for time in (reading.oldest, *created) if time is not None), default=newest)
    since = max(previous.started, previous.newest or 0)
    until = min(newest - RETENTION_SECONDS, oldest)
    return Gap(since, until, now) if since < until else None
