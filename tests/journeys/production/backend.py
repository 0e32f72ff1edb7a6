"""A credit backend written elsewhere: its own code, its own table, and habits that a test gives it."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import stripe

HOOK = "/api/credits/webhook"
PURCHASE = "/api/credits/purchase"
CREDITS = {"starter": 1000, "basic": 5500, "pro": 13500, "business": 35000, "enterprise": 120000}
_TABLE = """
create table if not exists credit_transactions (
    id integer primary key, created text not null, user_id text not null, kind text not null, credits integer not null,
    amount integer, currency text, payment_key text unique
)
"""

Habit = Callable[["Asked"], tuple[int, str] | None]
"""What a backend answers before its own code is asked; None lets that answer. Shape: status, and a location or text."""


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    body: bytes
    signature: str
    user: str = ""


@dataclass
class CreditBackend:
    """Verifies, and writes one row a paid session; the storefront's pages are its own, too."""

    table: Path
    clock: Callable[[], int]
    secret: str = ""
    url: str = ""
    habit: Habit = lambda _asked: None
    log: list[Asked] = field(default_factory=list)
    pages: set[str] = field(default_factory=lambda: {"/", "/credits", "/credits/success", "/credits/cancel"})
    skew_seconds: int = 0
    credits: Callable[[dict[str, Any]], bool] = lambda _session: True
    user_of: Callable[[dict[str, Any]], str] = lambda session: str(session["client_reference_id"])
    key_of: Callable[[dict[str, Any]], str] = lambda session: str(session["payment_intent"])
    purchase: Callable[[str], tuple[int, str]] = lambda _user: (500, "no shop")

    def __post_init__(self) -> None:
        with closing(sqlite3.connect(self.table)) as books:
            books.execute(_TABLE)

    def answer(self, asked: Asked) -> tuple[int, str]:
        """Status and text of one request."""
        self.log.append(asked)
        said = self.habit(asked)
        if said is not None:
            return said
        if asked.method == "POST" and asked.path == HOOK:
            return self.receive(asked)
        if asked.method == "POST" and asked.path == PURCHASE:
            return self.purchase(asked.user)
        page = asked.path.partition("?")[0]
        return (200, "<p>credits</p>") if asked.method == "GET" and page in self.pages else (404, "Not Found")

    def receive(self, asked: Asked) -> tuple[int, str]:
        """One delivery: verified by the SDK's own scheme, then booked."""
        if not self.is_signed(asked):
            return 400, "bad signature"
        event = json.loads(asked.body)
        paid = event["type"] in ("checkout.session.completed", "checkout.session.async_payment_succeeded")
        session = event["data"]["object"]
        if paid and session["payment_status"] == "paid" and self.credits(session):
            self.book(session)
        return 200, "received"

    def is_signed(self, asked: Asked) -> bool:
        """As the SDK verifies, with this backend's clock; the emulator signs with the real time."""
        parts = dict(part.partition("=")[::2] for part in asked.signature.split(","))
        if not parts.get("t", "").isdigit():
            return False
        wanted = stripe.WebhookSignature.generate_signature_header(asked.body.decode(), self.secret, int(parts["t"]))
        clocks = (self.clock(), int(time.time()))  # the tests' own, and the real one
        age = min(abs(now + self.skew_seconds - int(parts["t"])) for now in clocks)
        return wanted.partition("v1=")[2] in asked.signature and age <= 300

    def book(self, session: dict[str, Any]) -> None:
        """Writes the row of a purchase, once a payment."""
        created = f"{session['created']}"
        values = (
            created,
            self.user_of(session),
            "purchase",
            CREDITS.get(session["metadata"].get("package", ""), 1),
            session["amount_total"],
            session["currency"],
            self.key_of(session),
        )
        columns = "created, user_id, kind, credits, amount, currency, payment_key"
        insert = f"insert or ignore into credit_transactions ({columns}) values (?, ?, ?, ?, ?, ?, ?)"
        with closing(sqlite3.connect(self.table)) as books, books:
            books.execute(insert, values)

    def rows(self) -> list[tuple[Any, ...]]:
        """Everything in its table."""
        with closing(sqlite3.connect(self.table)) as books:
            return books.execute("select * from credit_transactions order by id").fetchall()


@contextmanager
def running(backend: CreditBackend) -> Iterator[CreditBackend]:
    """The backend on a loopback port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("GET")

        def do_POST(self) -> None:
            self._answer("POST")

        def _answer(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            signature, user = (self.headers.get(name, "") for name in ("Stripe-Signature", "X-User-Id"))
            asked = Asked(method, self.path, body, signature, user)
            status, text = backend.answer(asked)
            redirects = 300 <= status < 400
            self.send_response(status)
            if redirects:
                self.send_header("Location", text)
            sent = b"" if redirects else text.encode()
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def date_time_string(self, timestamp: float | None = None) -> str:
            """A server says what time its own clock has."""
            return super().date_time_string(timestamp or backend.clock() + backend.skew_seconds)

        def log_message(self, *_arguments: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        backend.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield backend
        server.shutdown()
        thread.join()
