"""Bulk reader: reads slices of Stripe's lists at once, page by page, as the objects that an archive keeps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from math import ceil

import msgspec
import stripe

from creditctl.core.errors import ConfigurationError, Unreachable
from creditctl.ledger.archive.pull_models import PulledObject, PullSlice
from creditctl.payments.reading.kept_objects import decode_items, decode_page
from creditctl.payments.reading.stripe_reader import BALANCE, INTENTS, SESSIONS
from creditctl.reconciliation.slices import rest_of
from creditctl.stripe_api.errors import translate
from creditctl.stripe_api.pages import PAGE_SIZE, Progress, incomplete
from creditctl.stripe_api.raw import read_raw

FIRST_PAGES = 2

WORKERS = 8
"""So many requests are on their way at once. Source: public reports of syncers: ten are stable, twenty are not."""

MOST_WORKERS = 24
_SECONDS_A_REQUEST = 0.3

# One text that is none shall not stop the reading of all the others; what is a pair, or no escape at all, stays.
_LONE_SURROGATES = re.compile(
    rb"\\[^u]|\\u[dD][89abAB]..\\u[dD][c-fC-F]..|(\\u[dD][89a-fA-F]..)",
)

MOST_PAGES = 5
"""After so many pages the rest of a slice is cut: several read it, and a killed run has little to read again."""


def workers_for(rate: int | None) -> int:
    """How many requests have to be on their way at once to reach a rate. Units: requests a second."""
    return WORKERS if rate is None else min(MOST_WORKERS, max(WORKERS, ceil(rate * _SECONDS_A_REQUEST)))


@dataclass(frozen=True)
class ReadChunk:
    """What one worker read of a slice. Shape: `rest` is what is left of it; `items` are line items by session."""

    slice: PullSlice
    objects: Sequence[PulledObject]
    rest: Sequence[PullSlice] = ()
    items: Sequence[tuple[str, bytes]] = ()


@dataclass
class BulkReader:
    """Reads slices of lists, several at once.

    Shape:  `with_items` expands the line items of sessions, `sources` what balance transactions are about; `readable`
            says whether the key may read these.
    Errors: Unreachable where a list cannot be read to its end; StripeRefused, ConfigurationError where Stripe refuses.
    """

    client: stripe.StripeClient
    progress: Progress | None = None
    workers: int = WORKERS
    with_items: bool = False
    sources: bool = True
    readable: bool = True

    def __post_init__(self) -> None:
        self._counts: dict[str, int] = {}

    def chunks(self, slices: Sequence[PullSlice]) -> Iterator[ReadChunk]:
        """Everything in the slices, in chunks as they come; whoever takes one has it before the next is handed out."""
        with ThreadPoolExecutor(self.workers) as pool:
            running: set[Future[ReadChunk]] = {pool.submit(self.read, each) for each in slices}
            try:
                while running:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    # What was read is handed out before an error ends the reading, so that the next run need not.
                    for future in sorted(done, key=lambda each: each.exception() is not None):
                        chunk = future.result()
                        running |= {pool.submit(self.read, rest) for rest in chunk.rest}
                        self._tell(chunk)
                        yield chunk
            finally:
                for future in running:
                    future.cancel()

    def read(self, wanted: PullSlice) -> ReadChunk:
        """The newest part of a slice, and what is left of it.

        Shape: nothing of balance transactions where the key may not read them; without their sources where it may not
               read one of those.
        """
        try:
            return self._read(wanted)
        except ConfigurationError as error:
            if wanted.list != BALANCE or error.code != "stripe.permission":
                raise
        if self.sources:
            self.sources = False
            return self.read(wanted)
        self.readable = False
        return ReadChunk(wanted, ())

    def _read(self, wanted: PullSlice) -> ReadChunk:
        objects: list[PulledObject] = []
        items: list[tuple[str, bytes]] = []
        cursors: list[str] = []
        while True:
            body = self._page(wanted, cursors[-1:], len(objects))
            page, more = _decoded(wanted.list, body, len(objects))
            objects += page
            items += decode_items(body) if wanted.list == SESSIONS and self.with_items else []
            if not more:
                return ReadChunk(wanted, objects, (), items)
            cursors.append(_next(wanted.list, page, cursors, len(objects)))
            newest, oldest = objects[0].created, objects[-1].created
            # A second that is not read to its end cannot be cut: the same objects would come again.
            if len(cursors) >= _most_pages(wanted) and oldest < newest:
                return ReadChunk(wanted, objects, rest_of(wanted, newest, oldest), items)

    def _page(self, wanted: PullSlice, cursor: Sequence[str], count: int) -> bytes:
        try:
            return read_raw(self.client, f"/v1/{wanted.list}", self._parameters(wanted, cursor))
        except stripe.StripeError as error:
            known = translate(error)
            if isinstance(known, Unreachable) and count:
                text = f"this happened: {known.message}"
                raise incomplete(wanted.list, count, text, error.request_id) from error
            raise known or error from error

    def _parameters(self, wanted: PullSlice, cursor: Sequence[str]) -> dict[str, object]:
        """Source: Stripe API reference, "Pagination"; "created" of any list: gte, lt."""
        bounds = {"gte": wanted.since or None, "lt": wanted.until}
        created = {name: bound for name, bound in bounds.items() if bound is not None}
        expand = self._expand(wanted.list)
        return {
            "limit": PAGE_SIZE,
            **({"created": created} if created else {}),
            **({"expand": expand} if expand else {}),
            **({"starting_after": cursor[0]} if cursor else {}),
        }

    def _expand(self, path: str) -> list[str]:
        """Source: Stripe API reference, "Expanding responses": `data.` expands in each object of a list."""
        if path == INTENTS:
            return ["data.latest_charge"]
        if path == BALANCE:
            return ["data.source"] if self.sources else []
        return ["data.line_items"] if path == SESSIONS and self.with_items else []

    def _tell(self, chunk: ReadChunk) -> None:
        path = chunk.slice.list
        self._counts[path] = self._counts.get(path, 0) + len(chunk.objects)
        if self.progress is not None:
            self.progress(path, self._counts[path])


def _most_pages(wanted: PullSlice) -> int:
    """A list as a whole is cut sooner: until then one alone reads it."""
    return FIRST_PAGES if wanted.since == 0 and wanted.until is None else MOST_PAGES


def _decoded(path: str, body: bytes, count: int) -> tuple[list[PulledObject], bool]:
    try:
        return decode_page(path, body)
    except msgspec.DecodeError:
        try:
            return decode_page(path, _LONE_SURROGATES.sub(_replaced, body))
        except msgspec.DecodeError as error:
            raise incomplete(path, count, "the answer was not a page of a list") from error


def _replaced(found: re.Match[bytes]) -> bytes:
    return found[0] if found[1] is None else b"\\ufffd"


def _next(path: str, page: Sequence[PulledObject], cursors: Sequence[str], count: int) -> str:
    """The id to go on from; a page that leads nowhere, or back, would otherwise end the list early, or never."""
    if not page or page[-1].id in cursors:
        raise incomplete(path, count, "Stripe announced more but sent nothing to go on from")
    return page[-1].id
