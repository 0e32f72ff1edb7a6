"""CLI listen sessions (`stripe listen`, `stripe logs tail`): what waits for each, and what came of it.

Source: Stripe CLI, `pkg/stripeauth`, `pkg/websocket`, `pkg/proxy`, `pkg/logtailing`, and its requests as observed.
Events wait until the CLI acknowledges them; a reconnect with the same id gets what is still waiting.
"""

import hashlib
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec

from creditctl.emulator.storage.store import Store, encode
from creditctl.emulator.webhooks.deliveries import (
    LISTENER,
    AttemptResult,
    Deliveries,
    Outgoing,
    render_event,
    webhook_headers,
)

PATIENCE_SECONDS = 60.0
"""How long a session that lost its connection is still waited for."""
MOST_LOGS = 1000


class ListenSession(msgspec.Struct):
    """One CLI that listens, or tails the request log."""

    id: str
    scope: int
    livemode: bool
    secret: str
    feature: str
    filters: dict[str, list[str]] = {}
    connected: bool = False
    left: float = 0.0
    logs: deque[bytes] = msgspec.field(default_factory=lambda: deque(maxlen=MOST_LOGS))
    wake: Callable[[], None] = lambda: None

    @property
    def endpoint(self) -> str:
        """Its name in the delivery log."""
        return f"{LISTENER}_{self.id}"


class Listeners:
    """The sessions of all accounts; used under the emulator's lock."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sessions: dict[str, ListenSession] = {}

    def open(
        self, session_id: str, scope: int, account: str, livemode: bool, feature: str, filters: dict[str, list[str]]
    ) -> ListenSession:
        """A new session; the secret stays the same for an account, across restarts too."""
        session = ListenSession(session_id, scope, livemode, listen_secret(account, livemode), feature, filters)
        self._sessions[session_id] = session
        return session

    def get(self, session_id: str) -> ListenSession | None:
        """A session by its websocket id."""
        return self._sessions.get(session_id)

    @property
    def any(self) -> bool:
        """Whether there is any session, of whatever account."""
        return bool(self._sessions)

    def names(self, scope: int) -> list[str]:
        """The delivery names of the listeners that an event of this account goes to."""
        return [each.endpoint for each in self._present(scope) if each.feature == "webhooks"]

    def _present(self, scope: int) -> list[ListenSession]:
        now = time.monotonic()
        sessions = self._sessions.values()
        return [
            each for each in sessions if each.scope == scope and (each.connected or now - each.left < PATIENCE_SECONDS)
        ]

    def connect(self, session: ListenSession, wake: Callable[[], None]) -> None:
        """The websocket is open: what was sent and never acknowledged goes out again."""
        session.connected, session.wake = True, wake
        self._store.tables.execute(
            "UPDATE deliveries SET state = 'pending' WHERE endpoint = ? AND state = 'sending'", (session.endpoint,)
        )

    def disconnect(self, session: ListenSession) -> None:
        """The websocket is gone, perhaps for a moment only."""
        session.connected, session.left, session.wake = False, time.monotonic(), lambda: None

    def notify(self) -> None:
        """Something may be waiting."""
        for session in self._sessions.values():
            session.wake()

    def frames(self, session: ListenSession, now: int, real_time: int) -> list[bytes]:
        """What is to be sent to a session now, as websocket text."""
        frames = list(session.logs)
        session.logs.clear()
        rows = self._store.tables.execute(
            "SELECT id, event FROM deliveries WHERE endpoint = ? AND state = 'pending' AND due <= ? "
            "ORDER BY due, rank, id",
            (session.endpoint, now),
        ).fetchall()
        for row_id, event in rows:
            self._store.tables.execute("UPDATE deliveries SET state = 'sending' WHERE id = ?", (row_id,))
            row = self._store.get(session.scope, event)
            if row is not None:
                frames.append(_frame(self._store, session, row_id, row.body, real_time))
        return frames

    def log(self, scope: int, entry: dict[str, Any]) -> None:
        """Pass a request on to those who tail the log."""
        for session in self._present(scope):
            if session.feature == "request_logs" and _wanted(session.filters, entry):
                payload = {
                    "type": "request_log_event",
                    "request_log_id": "resp_" + entry["request_id"][4:],
                    "event_payload": encode(entry).decode(),
                }
                session.logs.append(encode(payload))
                session.wake()

    @property
    def tailing(self) -> bool:
        """Whether anybody tails a log."""
        return any(each.feature == "request_logs" for each in self._sessions.values())

    def answered(self, session: ListenSession, message: dict[str, Any], deliveries: Deliveries, now: int) -> None:
        """What the CLI reports: that it has an event, or what the application answered."""
        conversation = str(message.get("webhook_conversation_id", ""))
        if not conversation.startswith("wc_") or not conversation[3:].isdecimal():
            return
        delivery = int(conversation[3:])
        if message.get("type") == "event_ack":
            self._store.tables.execute(
                "UPDATE deliveries SET state = 'acknowledged' WHERE id = ? AND state = 'sending'", (delivery,)
            )
            # An application that is down is never reported, so the next one in order goes as soon as the CLI has this.
            deliveries.let_next_go(delivery, now)
        elif message.get("type") == "webhook_response":
            event = self._event_of(delivery, session)
            if event is not None:
                outcome = AttemptResult(int(message.get("status", 0)), None, 0, str(message.get("body", "")).encode())
                outgoing = Outgoing(delivery, session.scope, event, session.endpoint, "", {}, b"", 1)
                deliveries.record(outgoing, outcome, now, livemode=session.livemode, final=True)

    def _event_of(self, delivery: int, session: ListenSession) -> str | None:
        row = self._store.tables.execute(
            "SELECT event FROM deliveries WHERE id = ? AND endpoint = ?", (delivery, session.endpoint)
        ).fetchone()
        return row[0] if row else None

    def forget(self) -> None:
        """Drop every session."""
        self._sessions.clear()


def listen_secret(account: str, livemode: bool) -> str:
    """The signing secret of an account's listeners."""
    return "whsec_" + hashlib.sha256(f"listen:{account}:{livemode}".encode()).hexdigest()


def _frame(store: Store, session: ListenSession, delivery: int, body: bytes, real_time: int) -> bytes:
    payload = render_event(store, session.scope, body, None)
    headers = webhook_headers([session.secret], real_time, payload, livemode=session.livemode)
    return encode(
        {
            "type": "webhook_event",
            "webhook_id": "we_" + session.id[-16:],
            "webhook_conversation_id": f"wc_{delivery}",
            "event_payload": payload.decode(),
            "http_headers": {name: headers[name] for name in ("Content-Type", "Stripe-Signature", "User-Agent")},
            "endpoint": {"api_version": None},
        }
    )


def _wanted(filters: dict[str, list[str]], entry: dict[str, Any]) -> bool:
    status = entry["status"]
    facts = {
        "filter_http_method": entry["method"],
        "filter_request_path": entry["url"],
        "filter_status_code": str(status),
        "filter_status_code_type": f"{status // 100}XX",
        "filter_request_status": "SUCCEEDED" if status < 400 else "FAILED",
    }
    return all(facts[name] in allowed for name, allowed in filters.items() if name in facts and allowed)
