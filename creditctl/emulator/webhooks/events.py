"""Event objects: a snapshot of an object, what changed in it, and one delivery row for each subscriber.

Source: Stripe API reference, "The Event object"; Stripe docs, "Receive Stripe events in your webhook endpoint".
"""

import msgspec

from creditctl.emulator.protocol.durations import DAY_SECONDS
from creditctl.emulator.protocol.json_text import deeper, written, written_item
from creditctl.emulator.protocol.versions import CHARGE_LISTS_UNTIL, since
from creditctl.emulator.storage.account_scope import AccountScope
from creditctl.emulator.storage.ids import Ids
from creditctl.emulator.storage.object_types import EVENT, Body
from creditctl.emulator.storage.older_versions import kept_parts
from creditctl.emulator.storage.store import Store, column
from creditctl.emulator.webhooks.deliveries import Deliveries
from creditctl.emulator.webhooks.faults import Faults
from creditctl.emulator.webhooks.subjects import event_subjects
from creditctl.emulator.webhooks.subscribers import Subscribers

RETENTION_SECONDS = 30 * DAY_SECONDS
_TEXT = b"""{
      "id": "%b",
      "object": "event",
      "api_version": "%b",
      "created": %d,
      "data": {
        "object": %b%b
      },
      "livemode": %b,
      "pending_webhooks": %d,
      "request": {
        "id": %b,
        "idempotency_key": %b
      },
      "type": "%b"
    }"""
"""An event as it is stored; the text of its object is there already."""


class EventCause(msgspec.Struct, frozen=True, gc=False):
    """The API request that caused an event; both parts are None where a buyer, a bank or time did."""

    request_id: str | None = None
    idempotency_key: str | None = None


class EventDraft(msgspec.Struct, frozen=True, gc=False):
    """An event that nobody has read yet: its text is put together for whoever reads it, or for SQLite."""

    id: str
    api_version: str
    created: int
    snapshot: bytes
    changed: bytes
    livemode: bool
    pending_webhooks: int
    cause: EventCause
    type: str

    def text(self) -> bytes:
        """The event as it is stored."""
        previous = b',\n        "previous_attributes": ' + self.changed if self.changed else b""
        return _TEXT % (
            self.id.encode(),
            self.api_version.encode(),
            self.created,
            deeper(self.snapshot),
            previous,
            b"true" if self.livemode else b"false",
            self.pending_webhooks,
            _text(self.cause.request_id),
            _text(self.cause.idempotency_key),
            self.type.encode(),
        )


def previous_attributes(before: Body, after: Body) -> Body:
    """The old values of the keys that differ; of nested hashes only the differing keys; null for new ones."""
    changed: Body = {}
    for key in {**before, **after}:
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            changed[key] = previous_attributes(old, new)
        else:
            changed[key] = old
    return changed


class EventRecorder:
    """Stores events and plans their deliveries, inside the caller's transaction."""

    def __init__(
        self,
        store: Store,
        ids: Ids,
        deliveries: Deliveries,
        subscribers: Subscribers,
        faults: Faults,
        api_version: str,
    ) -> None:
        self._store, self._ids, self._faults = store, ids, faults
        self._deliveries, self._subscribers = deliveries, subscribers
        self._api_version = api_version
        self._shows_lists = not since(api_version, CHARGE_LISTS_UNTIL)

    def record(
        self,
        scope: AccountScope,
        now: int,
        type_: str,
        snapshot: bytes,
        object_id: str,
        previous: Body | None,
        cause: EventCause,
    ) -> str:
        """Store one event about an object as it is now (`snapshot`, encoded) and answer the event's id.

        Where a fault wants that it is never made, nothing is stored and the id is empty.
        """
        if self._faults.rules and self._faults.omits(type_, event_subjects(self._store, scope.id, snapshot)):
            return ""
        subscribers = self._subscribers.matching(scope.id, type_)
        # An event of a payment shares the payment's sixteen characters (ids begin with 3); others are unrelated.
        start = object_id.find("_") + 1
        if len(object_id) == start + 24 and object_id[start] == "3":
            event_id = self._ids.relative("evt_", object_id, "2")
        else:
            event_id = self._ids.dated("evt_", scope.account, now)
        # Written at once: what changed may lie in bodies that the request goes on to change.
        changed = deeper(written_item(previous)) if previous else b""
        draft = EventDraft(
            event_id, self._api_version, now, snapshot, changed, scope.livemode, len(subscribers), cause, type_
        )
        hidden = None
        if self._shows_lists or self._subscribers.sees_older(scope.id):
            hidden = self._kept(scope.id, snapshot)
        self._store.add_text(scope.id, EVENT, event_id, now, (None, None, type_), draft, hidden)
        if subscribers:
            subjects = event_subjects(self._store, scope.id, snapshot)
            for subscriber in subscribers:
                self._deliveries.plan(scope.id, event_id, type_, subscriber, now, subjects)
        return event_id

    def _kept(self, scope: int, snapshot: bytes) -> Body | None:
        """What a delivery in an older version will show of other objects; they may have changed by then."""
        parts = kept_parts(self._store, scope, snapshot)
        return {"older": parts} if parts else None


def _text(value: str | None) -> bytes:
    return b"null" if value is None else written(value)


def retention_start(now: int) -> int:
    """The oldest moment whose events are still shown: Stripe keeps them for thirty days."""
    return now - RETENTION_SECONDS


def by_types(types: list[str]) -> tuple[str, list[str]]:
    """The SQL condition for a list of event types, `charge.*` included."""
    if len(types) == 1 and "*" not in types[0]:
        clause, values = column("label", types[0])
        return clause, list(values)
    marks = " OR ".join("label GLOB ?" for _ in types)
    return f"({marks})", [_glob(name) for name in types]


def _glob(name: str) -> str:
    return name.replace("[", "[[]").replace("?", "[?]")
