"""Webhook deliveries: rows that say which event goes to which endpoint when, and what came of each try.

Source: Stripe docs, "Receive Stripe events in your webhook endpoint", "Retries": three attempts over a few hours in
test mode, up to three days with growing pauses in live mode. The exact pauses are not published; these are ours.
"""

from typing import Any

import msgspec

from creditctl.emulator.protocol.json_text import item_alone
from creditctl.emulator.storage.object_types import EVENT, Body
from creditctl.emulator.storage.older_versions import render_older_event
from creditctl.emulator.storage.store import Store, decode
from creditctl.emulator.storage.transactions import transact
from creditctl.emulator.webhooks.faults import ATTEMPT_KINDS, Faults
from creditctl.emulator.webhooks.holds import Holds
from creditctl.emulator.webhooks.signatures import signature_header
from creditctl.emulator.webhooks.subjects import Subjects, stored_event_subjects

TEST_RETRY_SECONDS = (600, 7200)
LIVE_RETRY_SECONDS = (300, 1800, 7200, 18_000, 36_000, 43_200, 54_000, 54_000)
USER_AGENT = "Stripe/1.0 (+https://stripe.com/docs/webhooks)"
KEPT_RESPONSE_BYTES = 5000
LISTENER = "cli"
"""What the endpoint name of a connected `stripe listen` begins with in the delivery log."""


class Outgoing(msgspec.Struct, frozen=True):
    """One claimed delivery, ready to be sent."""

    id: int
    scope: int
    event: str
    endpoint: str
    url: str
    headers: dict[str, str]
    body: bytes
    attempt: int
    refused_with: int | None = None
    """The status that a fault answers in the receiver's place, which is not asked; None: it is."""


class AttemptResult(msgspec.Struct, frozen=True):
    """What came of sending: a status, or the error that prevented one."""

    status: int | None
    error: str | None = None
    duration_ms: int = 0
    response: bytes = b""

    @property
    def ok(self) -> bool:
        """Stripe counts any 2xx as received."""
        return self.status is not None and 200 <= self.status < 300


class Deliveries:
    """The delivery rows of all accounts."""

    def __init__(self, store: Store, faults: Faults, holds: Holds, retry_seconds: tuple[int, ...] | None) -> None:
        self._store = store
        self._faults, self._holds = faults, holds
        self._retry_seconds = retry_seconds
        self.has_new = False
        """True when rows were planned since somebody last looked."""
        # Taken by a process that was killed before it could say what came of them: they go out again.
        self._store.tables.execute("UPDATE deliveries SET state = 'pending' WHERE state = 'sending'")

    def plan(self, scope: int, event: str, type_: str, endpoint: str, due: int, subjects: Subjects) -> int:
        """Add the row (or by a fault: none that is sent, two, a later one) for one event and endpoint."""
        # `rank` orders deliveries that are due together: 0 keeps the order of events, a reorder fault draws a place.
        state, copies, rank = "pending", 1, 0
        for fault in self._faults.for_delivery(type_, subjects) if self._faults.rules else ():
            state = "dropped" if fault.kind == "drop" else state
            copies += fault.kind == "duplicate"
            rank = self._faults.rank(fault) if fault.kind == "reorder" else rank
            due += int(fault.seconds) if fault.kind in ("delay", "reorder") else 0
        hold = self._holds.keeper(type_, subjects) if self._holds.rules and state == "pending" else None
        row = (scope, event, endpoint, due, "held" if hold else state, 0, rank)
        for _ in range(copies):
            last = self._insert(row)
            if hold is not None:
                self._holds.keep(last, hold)
        return last

    def resend(self, scope: int, event: str, endpoint: str, due: int) -> int:
        """Add a row that somebody asked for: no fault and no hold touches it, and it is tried once."""
        return self._insert((scope, event, endpoint, due, "pending", 1, 0))

    def _insert(self, row: tuple[int, str, str, int, str, int, int]) -> int:
        self.has_new = True
        done = self._store.tables.execute(
            "INSERT INTO deliveries (scope, event, endpoint, due, state, manual, rank) VALUES (?,?,?,?,?,?,?)", row
        )
        return done.lastrowid or 0

    def next_due(self) -> int | None:
        """When the next delivery to an endpoint is due."""
        row = self._store.tables.execute(
            "SELECT min(due) FROM deliveries WHERE state = 'pending' AND endpoint NOT GLOB ?", (LISTENER + "_*",)
        ).fetchone()
        return row[0] if row else None

    def claim(self, now: int, real_time: int, most: int = 100) -> list[Outgoing]:
        """Take the rows that are due; each is taken by one caller."""
        taken: list[Outgoing] = []
        # Once more where all that was due is canceled: what waited behind it may be due now.
        while not taken and (rows := self._due(now, most)):
            taken = self._take(rows, now, real_time)
        return taken

    def _take(self, rows: list[tuple[Any, ...]], now: int, real_time: int) -> list[Outgoing]:
        """Mark rows as being sent, all of them or none: one that nobody sends would wait until the next start."""
        prepared = transact(self._store, lambda: [self._prepare(row, now, real_time) for row in rows])
        return [outgoing for outgoing in prepared if outgoing is not None]

    def _due(self, now: int, most: int) -> list[tuple[Any, ...]]:
        return self._store.tables.execute(
            "SELECT d.id, d.scope, d.event, d.endpoint, d.attempts, s.livemode FROM deliveries d "
            "JOIN scopes s ON s.scope = d.scope WHERE d.state = 'pending' AND d.due <= ? AND d.endpoint NOT GLOB ? "
            "ORDER BY d.due, d.rank, d.id LIMIT ?",
            (now, LISTENER + "_*", most),
        ).fetchall()

    def _prepare(self, row: tuple[Any, ...], now: int, real_time: int) -> Outgoing | None:
        row_id, scope, event, endpoint, attempts, livemode = row
        target = self._store.get(scope, endpoint)
        source = self._store.get(scope, event)
        # Pending retries of a deleted endpoint stop.
        if target is None or target.deleted or source is None:
            self._mark(row_id, "canceled")
            self.let_next_go(row_id, now)
            return None
        self._mark(row_id, "sending")
        address = decode(target.body)
        payload = render_event(self._store, scope, source.body, address["api_version"])
        headers = webhook_headers([target.hidden()["secret"]], real_time, payload, livemode=bool(livemode))
        refused_with = self._refusal(scope, source.body)
        return Outgoing(row_id, scope, event, endpoint, address["url"], headers, payload, attempts + 1, refused_with)

    def _refusal(self, scope: int, event: bytes) -> int | None:
        """The status with which a fault refuses an attempt."""
        if not self._faults.has(ATTEMPT_KINDS):
            return None
        fault = self._faults.for_attempt(decode(event)["type"], stored_event_subjects(self._store, scope, event))
        return fault.status if fault else None

    def let_next_go(self, delivery: int, now: int) -> None:
        """The first attempt of a delivery has ended: what a hold let go after it is due."""
        self.has_new = self._holds.follow(delivery, now) or self.has_new

    def _mark(self, row_id: int, state: str) -> None:
        self._store.tables.execute("UPDATE deliveries SET state = ? WHERE id = ?", (state, row_id))

    def record(
        self, outgoing: Outgoing, outcome: AttemptResult, now: int, *, livemode: bool, final: bool = False
    ) -> None:
        """Log an attempt, and settle the delivery or (unless this was the final one) set its next attempt."""
        self._store.tables.execute(
            "INSERT INTO attempts (delivery, at, status, error, duration_ms, response) VALUES (?,?,?,?,?,?)",
            (
                outgoing.id,
                now,
                outcome.status,
                outcome.error,
                outcome.duration_ms,
                outcome.response[:KEPT_RESPONSE_BYTES],
            ),
        )
        state, due = self._next(outgoing, outcome, now, livemode)
        if final and not outcome.ok:
            state = "failed"
        self._store.tables.execute(
            "UPDATE deliveries SET state = ?, attempts = ?, due = ? WHERE id = ?",
            (state, outgoing.attempt, due, outgoing.id),
        )
        if outcome.ok:
            self.settle(outgoing.scope, outgoing.event)
        self.let_next_go(outgoing.id, now)

    def _next(self, outgoing: Outgoing, outcome: AttemptResult, now: int, livemode: bool) -> tuple[str, int]:
        if outcome.ok:
            return "delivered", now
        schedule = self._retry_seconds
        if schedule is None:
            schedule = LIVE_RETRY_SECONDS if livemode else TEST_RETRY_SECONDS
        manual = self._store.tables.execute("SELECT manual FROM deliveries WHERE id = ?", (outgoing.id,)).fetchone()[0]
        if manual or outgoing.attempt > len(schedule):
            return "failed", now
        return "pending", now + schedule[outgoing.attempt - 1]

    def settle(self, scope: int, event: str) -> None:
        """Write the number of endpoints that have not yet received an event into it."""
        # By endpoint, not by row: a duplicate or a resent delivery is the same endpoint's.
        pending = self._store.tables.execute(
            "SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE scope = ? AND event = ? "
            "GROUP BY endpoint HAVING sum(state = 'delivered') = 0)",
            (scope, event),
        ).fetchone()[0]
        row = self._store.get(scope, event)
        if row is not None:
            body = row.decoded()
            body["pending_webhooks"] = pending
            self._store.save(scope, EVENT, body)

    def never_attempted(self, scope: int, event: str, now: int) -> bool:
        """Whether a delivery of this event is due that was never answered."""
        row = self._store.tables.execute(
            "SELECT 1 FROM deliveries WHERE scope = ? AND event = ? AND attempts = 0 AND due <= ? "
            "AND state IN ('pending', 'sending') LIMIT 1",
            (scope, event, now),
        ).fetchone()
        return row is not None

    def pause(self, scope: int, endpoint: str, *, paused: bool) -> None:
        """Hold back or resume the retries of an endpoint that is switched off or on."""
        old, new = ("pending", "paused") if paused else ("paused", "pending")
        self._store.tables.execute(
            "UPDATE deliveries SET state = ? WHERE scope = ? AND endpoint = ? AND state = ?",
            (new, scope, endpoint, old),
        )
        self.has_new = True

    def log(self, scope: int, limit: int, event: str | None = None) -> list[Body]:
        """The newest deliveries with their attempts."""
        rows = self._store.db.execute(
            "SELECT d.id, d.event, d.endpoint, d.due, d.attempts, d.state, d.manual, o.label FROM deliveries d "
            "LEFT JOIN objects o ON o.scope = d.scope AND o.id = d.event "
            "WHERE d.scope = ? AND (? IS NULL OR d.event = ?) ORDER BY d.id DESC LIMIT ?",
            (scope, event, event, limit),
        ).fetchall()
        names = ("id", "event", "endpoint", "due", "attempt_count", "state", "manual", "type")
        return [dict(zip(names, row, strict=True)) | {"attempts": self._attempts(row[0])} for row in rows]

    def _attempts(self, delivery: int) -> list[dict[str, Any]]:
        rows = self._store.tables.execute(
            "SELECT at, status, error, duration_ms, response FROM attempts WHERE delivery = ? ORDER BY id",
            (delivery,),
        ).fetchall()
        names = ("at", "status", "error", "duration_ms", "response")
        return [dict(zip(names, (*row[:4], (row[4] or b"").decode("utf-8", "replace")), strict=True)) for row in rows]

    def deliver_now(self, now: int, delivery: int | None = None) -> int:
        """Make what is pending (or one delivery, whatever became of it) due now."""
        if delivery is None:
            done = self._store.tables.execute(
                "UPDATE deliveries SET due = ? WHERE state = 'pending' AND due > ?", (now, now)
            )
        else:
            done = self._store.tables.execute(
                "UPDATE deliveries SET state = 'pending', due = ? WHERE id = ? AND state <> 'sending'",
                (now, delivery),
            )
        self.has_new = True
        return done.rowcount


def render_event(store: Store, scope: int, body: bytes, api_version: str | None) -> bytes:
    """An event as it is posted: in the endpoint's version, or else in its own, indented by two spaces."""
    version = api_version or decode(body)["api_version"]
    return render_older_event(store, scope, item_alone(body), version)


def webhook_headers(secrets: list[str], real_time: int, payload: bytes, *, livemode: bool) -> dict[str, str]:
    """The headers of one attempt; `t` is real time whatever the emulator's clock says."""
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": USER_AGENT,
        "Accept": "*/*; q=0.5, application/xml",
        "Cache-Control": "no-cache",
        "Stripe-Signature": signature_header(secrets, real_time, payload, livemode=livemode),
    }
