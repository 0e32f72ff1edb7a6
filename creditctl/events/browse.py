"""Event list and lookup, newest first: those that Stripe lists, then the older ones that only the archive has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import stripe

from creditctl.events.source import Progress, read_event, read_pages
from creditctl.ledger.archive.models import EventQuery, EventRecord
from creditctl.ledger.archive.store import Archive

STRIPE, ARCHIVE = "Stripe", "the archive"


def browse(
    client: stripe.StripeClient | None,
    archive: Archive | None,
    query: EventQuery,
    *,
    undelivered: bool = False,
    progress: Progress | None = None,
) -> Iterator[tuple[EventRecord, str]]:
    """Lists matching events with where each was read, page by page as they are asked for.

    Shape:  `client` None asks the archive alone; `undelivered` is known to Stripe only.
    Errors: Unreachable or stripe.StripeError.
    """
    oldest: int | None = None
    at_oldest: set[str] = set()
    if client is not None:
        for page in read_pages(client, query, undelivered=undelivered, progress=progress):
            for record in page.records:
                at_oldest = {record.id} if record.created != oldest else at_oldest | {record.id}
                oldest = record.created
                yield record, STRIPE
    if archive is not None and not undelivered:
        older = query if oldest is None else replace(query, until=oldest + 1)
        for record in archive.events(older, newest_first=True):
            if record.id not in at_oldest:
                yield record, ARCHIVE


def find(client: stripe.StripeClient | None, archive: Archive | None, event_id: str) -> tuple[EventRecord, str] | None:
    """Finds one event and where it was read; None where neither Stripe nor the archive knows it."""
    record = read_event(client, event_id) if client is not None else None
    if record is not None:
        return record, STRIPE
    kept = archive.event(event_id) if archive is not None else None
    return None if kept is None else (kept, ARCHIVE)
