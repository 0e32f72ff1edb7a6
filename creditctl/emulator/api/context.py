"""Request context: what an action is given, who calls with which parameters, and how to read, write and announce."""

from pathlib import Path
from typing import Any

import msgspec

from creditctl.emulator.protocol.errors import StripeError, no_such, no_such_session
from creditctl.emulator.protocol.json_text import written_item
from creditctl.emulator.protocol.versions import API_VERSION
from creditctl.emulator.storage.account_scope import AccountScope
from creditctl.emulator.storage.ids import Ids
from creditctl.emulator.storage.object_types import SESSION, Body, ObjectType
from creditctl.emulator.storage.store import Row, Store, encode
from creditctl.emulator.webhooks.deliveries import Deliveries
from creditctl.emulator.webhooks.events import EventCause, EventRecorder, previous_attributes
from creditctl.emulator.webhooks.faults import Faults
from creditctl.emulator.webhooks.holds import Holds
from creditctl.emulator.webhooks.listeners import Listeners
from creditctl.emulator.webhooks.subscribers import Subscribers

_NO_REQUEST = EventCause()


class EmulatorOptions(msgspec.Struct):
    """How this emulator was started."""

    livemode: bool = False
    strict_urls: bool = False
    api_version: str = API_VERSION
    rate_limit: int | None = None
    retry_seconds: tuple[int, ...] | None = None
    disable_after_days: int | None = None
    """After how many days of nothing but failures an endpoint is switched off; None: never."""
    allowed_hosts: frozenset[str] = frozenset()
    """What a request may name as its host besides the names of this machine; lower-case, without port."""
    raw_cards: bool = False
    """Whether card numbers may be sent by API, as Stripe allows some accounts."""
    radar_strict: bool = False
    """Whether Radar's rules block payments whose CVC or postal code check fails."""
    public_url: str | None = None
    """Where a browser reaches the pages, for URLs in answers; None: where the request came to."""
    files: Path | None = None
    """The folder below which the control API reads and writes files; None: nowhere."""

    def page_base(self, host: str | None) -> str:
        """What the URLs of pages begin with, for a request to this Host."""
        return self.public_url or (f"http://{host}" if host else "https://checkout.stripe.com")


class Services(msgspec.Struct):
    """The parts that all calls share."""

    store: Store
    ids: Ids
    options: EmulatorOptions
    deliveries: Deliveries
    faults: Faults
    holds: Holds
    listeners: Listeners
    subscribers: Subscribers
    events: EventRecorder
    next_job: int | None = None
    in_flight: set[tuple[int, str]] = set()
    """Idempotency keys of requests whose answer is still on its way, by scope."""


class RequestContext:
    """One request, or one scheduled job, at work inside one transaction."""

    __slots__ = (
        "args", "asides", "base_url", "browser", "idempotency_key", "now", "params", "request_id", "scope",
        "services", "version", "version_given",
    )  # fmt: skip

    def __init__(self, services: Services, scope: AccountScope, now: int) -> None:
        self.services = services
        self.scope = scope
        self.now = now
        self.params: dict[str, Any] = {}
        self.args: tuple[str, ...] = ()
        self.asides: dict[str, dict[str, Any]] = {}
        """What an answer leaves out of its parts and `expand[]` may ask for, by the id of the part."""
        self.request_id: str | None = None
        self.idempotency_key: str | None = None
        self.version = services.options.api_version
        self.version_given = False
        """Whether the request named a version: the official CLI's fixtures rely on not naming one."""
        self.base_url = ""
        self.browser = False
        """True where the customer acts on a page: what happens then was caused by no API request."""

    # identity

    def new_id(self, prefix: str) -> str:
        """A fresh id of the ordinary family."""
        return self.services.ids.dated(prefix, self.scope.account, self.now)

    def new_payment_id(self, prefix: str) -> str:
        """A fresh id that starts a payment family."""
        return self.services.ids.first_relative(prefix, self.scope.account, self.now, "0")

    # reading

    def find(self, object_id: str, kind: ObjectType | None = None) -> Row | None:
        """A live object by id."""
        row = self.services.store.get(self.scope.id, object_id)
        if row is None or row.deleted or (kind is not None and row.kind != kind.name):
            return None
        return row

    def fetch(self, kind: ObjectType, object_id: str, param: str | None = None, status: int = 404) -> Body:
        """An object's body; refuses with `resource_missing` when there is none."""
        return self.fetch_row(kind, object_id, param, status).decoded()

    def fetch_row(self, kind: ObjectType, object_id: str, param: str | None = None, status: int = 404) -> Row:
        """An object's row; refuses with `resource_missing` when there is none."""
        # Deleted objects stay as rows (list cursors need them) but are not found.
        row = self.find(object_id, kind)
        if row is None:
            raise self.missing(kind, object_id, param, status)
        return row

    def refer(self, kind: ObjectType, object_id: str, param: str) -> Body:
        """An object named by a parameter: 400 when there is none."""
        return self.fetch(kind, object_id, param, 400)

    def missing(self, kind: ObjectType, object_id: str, param: str | None, status: int = 404) -> StripeError:
        """The refusal for an id that is not there, with a hint where the other mode has it."""
        hint = ""
        other = self.services.store.db.execute(
            "SELECT 1 FROM objects o JOIN scopes s ON s.scope = o.scope "
            "WHERE s.account = ? AND s.livemode = ? AND o.id = ? AND o.kind = ? AND o.deleted = 0",
            (self.scope.account, not self.scope.livemode, object_id, kind.name),
        ).fetchone()
        if other:
            there, here = ("test", "live") if self.scope.livemode else ("live", "test")
            hint = f"; a similar object exists in {there} mode, but a {here} mode key was used to make this request."
        if kind is SESSION:
            return no_such_session(object_id, hint)
        return no_such(kind.title, object_id, param or kind.param, status=status, hint=hint)

    # writing

    def add(self, kind: ObjectType, body: Body, *, event: str | None = None, extra: Body | None = None) -> Body:
        """Store a new object, announce it where `event` names a type, and answer it."""
        encoded = self.services.store.add(self.scope.id, kind, body, extra)
        if event:
            self._record(event, encoded, body["id"], None)
        return body

    def save(self, kind: ObjectType, body: Body, *, event: str | None = None, previous: Body | None = None) -> Body:
        """Store a changed object, announce it where `event` names a type, and answer it."""
        encoded = self.services.store.save(self.scope.id, kind, body)
        if event:
            self._record(event, encoded, body["id"], previous)
        return body

    def change(self, kind: ObjectType, before: Body, after: Body, event: str) -> Body:
        """Store and announce what differs between two states; silent when nothing does."""
        previous = previous_attributes(before, after)
        return self.save(kind, after, event=event, previous=previous) if previous else after

    def emit(self, type_: str, body: Body, previous: Body | None = None) -> None:
        """Announce an object as it is now."""
        # A balance has no id; its events get ids of the ordinary family.
        self._record(type_, written_item(body), body.get("id", ""), previous)

    def _record(self, type_: str, snapshot: bytes, object_id: str, previous: Body | None) -> None:
        by_request = self.request_id is not None and not self.browser
        cause = EventCause(self.request_id, self.idempotency_key) if by_request else _NO_REQUEST
        self.services.events.record(self.scope, self.now, type_, snapshot, object_id, previous, cause)

    # later

    def schedule(self, seconds: int, job: str, subject: str, **payload: Any) -> None:
        """Schedule a job; another of the same name and subject takes its place."""
        due = self.now + seconds
        self.services.store.run(
            "INSERT OR REPLACE INTO jobs (scope, due, name, subject, payload) VALUES (?, ?, ?, ?, ?)",
            (self.scope.id, due, job, subject, encode(payload) if payload else b"{}"),
        )
        # Kept in memory so that requests need no query to know that nothing is due.
        if self.services.next_job is None or due < self.services.next_job:
            self.services.next_job = due

    def cancel_job(self, job: str, subject: str) -> None:
        """Drop a scheduled job."""
        self.services.store.run(
            "DELETE FROM jobs WHERE scope = ? AND name = ? AND subject = ?", (self.scope.id, job, subject)
        )
