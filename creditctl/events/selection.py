"""Event selection: reads matching events from Stripe into the archive, then selects them there in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import stripe

from creditctl.core.errors import UsageError
from creditctl.events.source import Progress, read_event, read_pages
from creditctl.ledger.archive.models import EventQuery, EventRecord, Reading
from creditctl.ledger.archive.store import Archive


def select_events(
    client: stripe.StripeClient | None,
    archive: Archive,
    query: EventQuery,
    *,
    clock: Callable[[], int],
    undelivered: bool = False,
    progress: Progress | None = None,
) -> list[str]:
    """Selects the ids of all matching events, oldest first, from Stripe and from what only the archive still has.

    Shape:  `client` None asks the archive alone; `undelivered` needs Stripe, because the archive cannot know.
    Errors: Unreachable or stripe.StripeError.
    """
    listed: set[str] = set()
    if client is not None:
        writer = ArchiveWriter(archive, clock)
        for page in read_pages(client, query, undelivered=undelivered, progress=progress):
            writer.keep(page.records)
            listed.update(record.id for record in page.records)
    return [event_id for event_id in archive.ids(query) if event_id in listed or not undelivered]


def gather_named(
    client: stripe.StripeClient | None, archive: Archive, event_ids: Sequence[str], *, clock: Callable[[], int]
) -> list[str]:
    """Selects events by their ids, in order of their time.

    Errors: UsageError for one that neither Stripe nor the archive knows.
    """
    found = [find_event(client, archive, event_id, clock=clock) for event_id in dict.fromkeys(event_ids)]
    order = {event_id: place for place, event_id in enumerate(archive.ids(EventQuery()))} if len(found) > 1 else {}
    return sorted((record.id for record in found), key=lambda event_id: order.get(event_id, 0))


def find_event(
    client: stripe.StripeClient | None, archive: Archive, event_id: str, *, clock: Callable[[], int]
) -> EventRecord:
    """Finds one event on Stripe or else in the archive. Errors: UsageError where neither knows it."""
    record = read_event(client, event_id) if client is not None else None
    if record is not None:
        ArchiveWriter(archive, clock).keep([record])
        return record
    kept = archive.event(event_id)
    if kept is None:
        raise UsageError(
            f"Neither Stripe nor the archive knows an event {event_id}.",
            code="events.unknown",
            fix="Check the id and the mode. Stripe forgets events after 30 days, `creditctl events archive` does not.",
        )
    return kept


@dataclass
class ArchiveWriter:
    """Writes the events of one list into the archive, without a claim to be complete; known ones cost nothing.

    Shape: one reading for all its pages, because the order within a second follows from it.
    """

    archive: Archive
    clock: Callable[[], int]
    reading: Reading | None = None

    def keep(self, records: Sequence[EventRecord]) -> None:
        """Stores one page, newest first."""
        if self.archive.has_all([record.id for record in records]):
            return
        if self.reading is None:
            self.reading = self.archive.begin("read", self.clock(), None)
        self.archive.store(self.reading, records, finished=self.clock())
