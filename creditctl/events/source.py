"""Reads events from Stripe: page by page, newest first, complete or an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import quote

import msgspec
import stripe

from creditctl.events.event_view import record_of
from creditctl.ledger.archive.models import EventQuery, EventRecord
from creditctl.stripe_api.pages import PAGE_SIZE, incomplete
from creditctl.stripe_api.raw import read_raw

PATH = "events"
RETENTION_SECONDS = 30 * 86_400
"""How long Stripe lists an event. Source: Stripe API reference, "List all events": up to 30 days."""

MOST_TYPES = 20
"""Source: Stripe API reference, "List all events", types: up to 20 names."""

Progress = Callable[[int], None]
"""Told after every page how many events have been read."""


class _Page(msgspec.Struct):
    data: list[msgspec.Raw]
    has_more: bool


_PAGE = msgspec.json.Decoder(_Page)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of events, newest first. Shape: `last` is set on the page after which there is nothing."""

    records: tuple[EventRecord, ...]
    last: bool


def read_pages(
    client: stripe.StripeClient,
    query: EventQuery,
    *,
    undelivered: bool = False,
    cursor: str | None = None,
    progress: Progress | None = None,
) -> Iterator[Page]:
    """Reads the pages of matching events; what Stripe cannot filter is filtered here.

    Shape:  `undelivered` are those that at least one endpoint has not accepted; `cursor` is the event to go on after.
    Errors: Unreachable where a page leads nowhere; stripe.StripeError where Stripe fails or refuses.
    Source: Stripe API reference, "List all events" and "Pagination".
    """
    wanted = _parameters(query, undelivered)
    everything = not query.types and query.object_id is None and query.user_id is None
    count = 0
    while True:
        page = _decode(
            read_raw(client, f"/v1/{PATH}", wanted if cursor is None else wanted | {"starting_after": cursor})
        )
        records = [record_of(raw) for raw in page.data]
        count += len(records)
        if progress is not None:
            progress(count)
        wanted_ones = records if everything else [each for each in records if matches(each, query)]
        yield Page(tuple(wanted_ones), last=not page.has_more)
        if not page.has_more:
            return
        if not records or records[-1].id == cursor:
            raise incomplete(PATH, count, "Stripe announced more but sent nothing to go on from")
        cursor = records[-1].id


def read_event(client: stripe.StripeClient, event_id: str) -> EventRecord | None:
    """Reads one event; None where Stripe knows none of that id, or no longer does.

    Source: Stripe API reference, "Retrieve an event": within thirty days.
    """
    if not event_id:
        return None  # without a name the path is that of the list
    try:
        return record_of(read_raw(client, f"/v1/{PATH}/{quote(event_id, safe='')}", {}))
    except stripe.InvalidRequestError as error:
        if error.http_status == 404:
            return None
        raise


def matches(record: EventRecord, query: EventQuery) -> bool:
    """Whether an event matches a query, its time apart, which Stripe filters by."""
    if query.types and not any(fnmatchcase(record.type, name) for name in query.types):
        return False
    if query.object_id is not None and query.object_id not in (record.object_id, record.payment_key, record.charge_id):
        return False
    return query.user_id is None or record.user_id == query.user_id or record.payment_key in query.payment_keys


def _parameters(query: EventQuery, undelivered: bool) -> dict[str, object]:
    wanted: dict[str, object] = {"limit": PAGE_SIZE}
    bounds = {"gte": query.since, "lt": query.until}
    created = {name: bound for name, bound in bounds.items() if bound is not None}
    if created:
        wanted["created"] = created
    if len(query.types) == 1:
        wanted["type"] = query.types[0]
    elif 1 < len(query.types) <= MOST_TYPES and not any("*" in name for name in query.types):
        wanted["types"] = list(query.types)
    if undelivered:
        wanted["delivery_success"] = False
    return wanted


def _decode(body: bytes) -> _Page:
    try:
        return _PAGE.decode(body)
    except msgspec.DecodeError:
        raise incomplete(PATH, 0, "the answer was not a page of a list") from None
