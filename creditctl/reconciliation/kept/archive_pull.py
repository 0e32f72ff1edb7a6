"""Archive pull: brings what is kept of Stripe's lists up to date, from where it tied out last; safe to be killed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from creditctl.core.entitlement.facts import MalformedFact, SessionFacts
from creditctl.core.entitlement.fields import id_of
from creditctl.ledger.archive.pull_models import PulledObject, PullSlice, TieOutNotes
from creditctl.ledger.archive.pull_store import PullStore
from creditctl.ledger.archive.touched_store import TouchedStore
from creditctl.ledger.matching.recount import recount
from creditctl.payments.reading.kept_objects import LAYOUT, decode_one
from creditctl.payments.reading.reader import PaymentReader
from creditctl.payments.reading.stripe_reader import BALANCE, DISPUTES, INTENTS, REFUNDS, SESSIONS
from creditctl.payments.worth import needs_items
from creditctl.reconciliation.bulk_reader import BulkReader, ReadChunk
from creditctl.reconciliation.charge_payments import ChargePayments
from creditctl.reconciliation.kept.kept_lists import KeptLists
from creditctl.reconciliation.kept.kept_part import KeptPart, MakeReader
from creditctl.reconciliation.kept.unknown_charges import payments_of_unknown_charges
from creditctl.reconciliation.pulled import EntryNews, Pulled
from creditctl.reconciliation.reach import LISTS, SESSION_LIFE_SECONDS
from creditctl.reconciliation.slices import everything
from creditctl.reconciliation.tie_out import SHOWN_BEFORE, Lack
from creditctl.stripe_api.pages import PAGE_SIZE

_DAY = 86_400
REREAD_SECONDS: Mapping[str, int] = {
    SESSIONS: SESSION_LIFE_SECONDS,
    INTENTS: SESSION_LIFE_SECONDS,
    REFUNDS: 35 * _DAY,
    DISPUTES: 35 * _DAY,
    BALANCE: _DAY,
}
"""How far before its watermark each list is read again: sessions and intents change while they are open. Source: Stripe
documentation, "Failed refunds": a refund can fail up to 30 days after it succeeded."""

_GIVEN_UP_SECONDS = 35 * _DAY
"""A payment intent that still waits for its buyer after so long is not asked for any more."""

_MANY = 20
"""From so many undecided sessions in a chunk on it is quicker to read it again with line items."""

_RETURNS = (REFUNDS, DISPUTES)
_FAILED = ("requires_payment_method", "canceled")


@dataclass
class ArchivePull:
    """Reads what is new on Stripe into the archive, and what may have changed.

    Shape:  without a watermark, with `whole`, or where other fields are kept by now, everything is read; a reading of
            everything that was killed goes on. `expected` are the objects that each list has to show again, as it was
            read from `since` on; `tied` says that the run before came to its end, so that nothing is left to be done.
    Errors: those of BulkReader; what was kept before an error stays, and the watermarks where they were.
    """

    reader: PaymentReader
    store: PullStore
    bulk: BulkReader
    whole: bool = False
    since: dict[str, int] = field(default_factory=dict)
    expected: dict[str, frozenset[str]] = field(default_factory=dict)
    shown: dict[str, set[str]] = field(default_factory=dict)
    seen: int = 0
    tied: bool = False
    unnamed: bool = False

    @property
    def asks(self) -> bool:
        """Whether Stripe may be asked."""
        return True

    @property
    def kept(self) -> PaymentReader:
        """The reader that answers the lists from the archive."""
        return replace(self.reader, plain=KeptLists.maker(self.store, offline=False), progress=None)

    @property
    def readable(self) -> bool:
        """Whether the key may read balance transactions."""
        return self.bulk.readable

    def update(self) -> None:
        """Brings the archive up to date; the watermarks wait for `settle`."""
        state = self.store.state()
        if state is not None:
            self.touched.prepare()
            self.tied = state.tied
        self.whole = self.whole or state is None or state.layout != LAYOUT or state.whole
        if self.whole:
            self._take(self._of_everything(going_on=state is not None and state.whole and state.layout == LAYOUT))
            return
        marks = self.store.marks()
        self.since = {path: self._floor(path, marks[path]) if path in marks else 0 for path in LISTS}
        self.expected = {path: self.store.ids(path, self.since[path]) for path in LISTS}
        movements = self._take([PullSlice(path, self.since[path], None) for path in LISTS])
        self._ask_again(self._open(self.since))
        self._ask_again(self._paid_since(movements))

    def again(self, paths: Sequence[str], since: int | None) -> None:
        """Reads lists once more from a moment on, and from no later than the newest that is kept: no hole is left."""
        floor = 0 if since is None else since
        self._take([PullSlice(path, min(floor, self.store.newest(path) or 0), None) for path in paths])

    def vanished(self) -> Iterator[Lack]:
        """What a list showed once and shows no more: nothing of this kind is ever deleted."""
        for path, ids in self.expected.items():
            if path == BALANCE and not self.readable:
                continue
            for each in sorted(ids - self.shown.get(path, set())):
                yield Lack(path, each, SHOWN_BEFORE, self.since.get(path))

    @property
    def touched(self) -> TouchedStore:
        """The notes of what changed, in the same archive."""
        return TouchedStore(self.store.file)

    def noted(self) -> frozenset[str] | None:
        """The names of what changed since everything tied out, and of what is read every time.

        Shape: None where everything is to be read: it is read anew, or did not tie out before by the same lists.
        """
        self.touched.prepare()
        noted = self.touched.noted()
        self.seen = noted.seen
        whole = self.whole or self.unnamed or self.touched.tied() is not self.readable
        return None if whole else noted.names

    def part(self, read: Callable[[MakeReader], Pulled], news: EntryNews) -> KeptPart:
        """As PullSource says."""
        return KeptPart(self.store, read, news)

    def settle(self, at: int, again: frozenset[str] | None = None, waiting: frozenset[str] = frozenset()) -> None:
        """Everything that was read ties out: moves the watermarks. Units: `at`, when reading began, in Unix seconds."""
        read = [path for path in LISTS if path != BALANCE or self.readable]
        tied = None if again is None else TieOutNotes(self.seen, self.readable, again, waiting)
        self.store.settle(json.dumps(read), at, tied)
        if self.whole:
            recount(self.store.file)

    def _of_everything(self, *, going_on: bool) -> list[PullSlice]:
        """The slices of a reading of everything: from the start, or what is left, and what came since."""
        if not going_on:
            self.store.begin_whole(LAYOUT, self.reader.started, everything(LISTS))
            return everything(LISTS)
        newer = [(path, self.store.newest(path)) for path in LISTS]
        self.store.add_slices(PullSlice(path, newest, None) for path, newest in newer if newest is not None)
        return self.store.slices()

    def _take(self, slices: Sequence[PullSlice]) -> list[PulledObject]:
        """Reads slices and keeps what they hold; answers the balance transactions among it."""
        movements: list[PulledObject] = []
        for chunk in self.bulk.chunks(slices):
            self.shown.setdefault(chunk.slice.list, set()).update(each.id for each in chunk.objects)
            fresh = self.store.keep(chunk.slice, chunk.objects, chunk.rest, whole=self.whole)
            self.store.keep_items(chunk.items) if chunk.items else None
            if chunk.slice.list == BALANCE and not self.whole:
                movements += chunk.objects
            if chunk.slice.list in _RETURNS and not self.whole:
                self._name(chunk.slice.list, chunk.objects)
            if chunk.slice.list == SESSIONS and not self.bulk.with_items:
                self._read_items(chunk, fresh if self.tied else chunk.objects)
        return movements

    def _name(self, path: str, objects: Sequence[PulledObject]) -> None:
        """Asks Stripe once whose a charge is that a refund or dispute names alone: what is kept is found by payment.

        Shape: where the key may not read charges, everything that is kept is read to know it.
        """
        unnamed = self.store.unnamed(path, [each.id for each in objects if each.payment is None])
        charges = ChargePayments(self.reader)
        for each in objects:
            charge = id_of(msgspec.json.decode(each.body).get("charge")) if each.id in unnamed else None
            if charge is not None:
                payment = charges.payment(charge)
                self.unnamed = self.unnamed or payment is None
                self.store.name({each.id: payment} if payment is not None else {})

    def name_returns(self, payments: Mapping[str, str]) -> None:
        """As PullSource says."""
        self.store.name(payments)

    def _read_items(self, chunk: ReadChunk, fresh: Sequence[PulledObject]) -> None:
        """Where the metadata of many sessions does not decide, they are read with their line items from now on."""
        undecided = [each for each in fresh if self._needs_items(each)]
        if len(undecided) <= _MANY:
            return
        self.bulk.with_items = True
        again = PullSlice(SESSIONS, chunk.objects[-1].created, chunk.objects[0].created + 1)
        for read in self.bulk.chunks([again]):
            self.store.keep_items(read.items)

    def _needs_items(self, each: PulledObject) -> bool:
        try:
            session = SessionFacts.from_stripe(msgspec.json.decode(each.body))
        except MalformedFact:
            return False
        return needs_items(session, self.reader.catalog) and self.store.items(each.id) is None

    def _floor(self, path: str, mark: int) -> int:
        """From when on a list is read again: from the oldest open object, where that takes fewer requests."""
        floor = max(0, mark - REREAD_SECONDS[path])
        waiting = self.store.open(path, 0, floor)
        if path not in (REFUNDS, DISPUTES) or not waiting:
            return floor
        oldest = waiting[0][2]
        return oldest if self.store.count(path, oldest, floor) < PAGE_SIZE * len(waiting) else floor

    def _open(self, since: Mapping[str, int]) -> list[tuple[str, str]]:
        """What is not final and older than what was read again."""
        found = [
            *((SESSIONS, each) for each in self._unpaid(since[SESSIONS])),
            *((path, each) for path in (REFUNDS, DISPUTES) for each, _, _ in self.store.open(path, 0, since[path])),
        ]
        floor = max(0, self.reader.started - _GIVEN_UP_SECONDS)
        return found + [(INTENTS, each) for each, _, _ in self.store.open(INTENTS, floor, since[INTENTS])]

    def _unpaid(self, before: int) -> Iterator[str]:
        """Sessions that are not finished, or not paid yet; one whose payment failed stays unpaid for ever."""
        for session, payment, _ in self.store.open(SESSIONS, 0, before):
            intent = self._kept_body(INTENTS, payment) if payment else {}
            if intent.get("status") not in _FAILED:
                yield session

    def _paid_since(self, movements: Sequence[PulledObject]) -> list[tuple[str, str]]:
        """Payments of which a new balance transaction names a charge that is not kept, and their sessions."""
        paid = payments_of_unknown_charges(self.store, movements)
        if not paid:
            return []
        sessions = {payment: name for name, payment, _ in self.store.open(SESSIONS, 0, 2**62) if payment is not None}
        return [*((INTENTS, each) for each in paid), *((SESSIONS, sessions[each]) for each in paid if each in sessions)]

    def _kept_body(self, path: str, object_id: str) -> dict[str, Any]:
        body = self.store.body(path, object_id)
        decoded: dict[str, Any] = {} if body is None else msgspec.json.decode(body)
        return decoded

    def _ask_again(self, names: Sequence[tuple[str, str]]) -> None:
        """Reads single objects by their ids; one that is gone was shown before and is expected."""
        for path, name in names:
            parameters = {"expand": ["latest_charge"]} if path == INTENTS else None
            body = self.reader.stripe.one(path, name, parameters)
            self.expected[path] = self.expected.get(path, frozenset()) | {name}
            if body is not None:
                self.shown.setdefault(path, set()).add(name)
                kept = decode_one(path, msgspec.json.encode(body))
                self.store.keep(PullSlice(path, kept.created, kept.created), [kept])
