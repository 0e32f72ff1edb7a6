"""HTTP client of the backend under test, as a buyer: purchase, session page, balance, spending."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from creditctl.core.text import first_words
from creditctl.simulation.results import ScenarioFailed
from creditctl.simulation.target.balances import (
    BalanceUnreadable,
    balance_by_command,
    balance_by_sql,
    balance_in,
    pointed_at,
)
from creditctl.simulation.target.bounded_http import request_bounded
from creditctl.simulation.target.commands import run_words
from creditctl.simulation.target.declaration import Target, fill

if TYPE_CHECKING:
    import httpx

    from creditctl.core.catalog import Package
    from creditctl.simulation.target.buyers import Buyer

SESSION_ID = re.compile(r"cs_(?:test|live)_[A-Za-z0-9]+")
"""The id of a Checkout session, wherever it stands in a text."""
_SHOWN_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class BackendAnswer:
    """What the backend answered. Shape: `status` None where nobody did, and `text` says why."""

    status: int | None
    text: str
    location: str = ""

    @property
    def ok(self) -> bool:
        """A 2xx."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def session_id(self) -> str:
        """The Checkout session that it names, in a redirect too; empty where there is none."""
        found = SESSION_ID.search(self.location) or SESSION_ID.search(self.text)
        return found.group(0) if found else ""

    def __str__(self) -> str:
        if self.status is None:
            return f"no answer ({self.text})"
        return f"{self.status} {first_words(self.text, _SHOWN_CHARACTERS)}"


@dataclass(frozen=True)
class BackendClient:
    """The backend under test; one HTTP client may serve many threads.

    Errors: ScenarioFailed where a purchase opens no session or a balance cannot be read.
    """

    http: httpx.Client
    target: Target

    def purchase(self, buyer: Buyer, package: Package, extras: Mapping[str, Any] | None = None) -> BackendAnswer:
        """Asks for a purchase; `extras` are merged into a JSON body."""
        body = self.purchase_body(buyer, package)
        if extras:
            body = json.dumps({**json.loads(body), **extras})
        return self.post_purchase(buyer, body.encode())

    def purchase_body(self, buyer: Buyer, package: Package) -> str:
        """What a purchase of a package sends, as it was declared."""
        return fill(self.target.purchase_body, {**package_fields(package), **buyer.fields})

    def post_purchase(self, buyer: Buyer, body: bytes) -> BackendAnswer:
        """Sends any body to the purchase path."""
        headers = {"Content-Type": "application/json", **buyer.headers}
        return self._send("POST", fill(self.target.purchase_path, buyer.fields), headers, body)

    def session_of(self, answer: BackendAnswer) -> str:
        """The session that a purchase was answered with; empty where there is none."""
        if self.target.session_pointer and answer.ok:
            try:
                found = SESSION_ID.search(str(pointed_at(json.loads(answer.text), self.target.session_pointer)))
            except (ValueError, LookupError, TypeError, RecursionError):
                return ""
            return found.group(0) if found else ""
        return answer.session_id if answer.ok or answer.location else ""

    def open_session(self, buyer: Buyer, package: Package, extras: Mapping[str, Any] | None = None) -> str:
        """Opens a Checkout session through the backend and returns its id."""
        answer = self.purchase(buyer, package, extras)
        session_id = self.session_of(answer)
        if not session_id:
            expected = "a purchase should be answered with the URL of a Checkout session"
            raise ScenarioFailed("purchase_fails", expected, f"POST {self.target.purchase_path} answered {answer}")
        return session_id

    def read_page(self, buyer: Buyer | None, session_id: str) -> BackendAnswer:
        """Reads the page of a session, as a buyer or as nobody."""
        fields = {"session": session_id, **(buyer.fields if buyer else {})}
        return self._send("GET", fill(self.target.session_path, fields), dict(buyer.headers) if buyer else {})

    def get(self, buyer: Buyer, path: str) -> BackendAnswer:
        """Reads any path, as a buyer."""
        return self._send("GET", path, dict(buyer.headers))

    def read_balance(self, buyer: Buyer) -> int:
        """A user's credits. Errors: BalanceUnreadable."""
        source = self.target.balance
        if source.sql:
            return balance_by_sql(source.database_url, source.sql, buyer.fields, source.folder)
        if source.command:
            return balance_by_command(source.command, buyer.fields)
        answer = self.get(buyer, fill(source.path, buyer.fields))
        if not answer.ok:
            raise BalanceUnreadable(f"GET {source.path} answered {answer}")
        return balance_in(answer.text, source.pointer)

    def balance(self, buyer: Buyer) -> int:
        """A user's credits, in a scenario: what cannot be read is a verdict."""
        try:
            return self.read_balance(buyer)
        except BalanceUnreadable as error:
            raise ScenarioFailed("balance_unreadable", "the balance should be readable", str(error)) from error

    def spend(self, buyer: Buyer, credits: int, ready: Callable[[], None] | None = None) -> BackendAnswer:
        """Spends credits in the declared way; what spends waits for `ready`."""
        way, values = self.target.spending, {**buyer.fields, "credits": str(credits)}
        if way.command:
            if ready is not None:
                ready()
            answer = run_words(way.command, values)
            return BackendAnswer(200 if answer.ok else 409, answer.problem or answer.stdout)
        headers = {"Content-Type": "application/json", **buyer.headers}
        return self._send("POST", fill(way.path, values), headers, fill(way.body, values).encode(), ready)

    def _send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        ready: Callable[[], None] | None = None,
    ) -> BackendAnswer:
        import httpx

        url = path if path.startswith("http") else self.target.url + path
        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        try:
            try:
                response = request_bounded(self.http, method, url, headers=encoded, content=body, ready=ready)
            except (httpx.ReadError, httpx.RemoteProtocolError):
                if method != "GET":
                    raise
                # A server may close an idle connection in the moment in which it is used again; reading twice is safe.
                response = request_bounded(self.http, method, url, headers=encoded, content=body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return BackendAnswer(None, type(error).__name__)
        return BackendAnswer(response.status_code, response.text, response.headers.get("location", ""))


def package_fields(package: Package) -> dict[str, object]:
    """What a purchase's body can say of a package."""
    return {
        "number": package.number,
        "slug": package.slug,
        "name": package.name,
        "credits": package.credits,
        "amount": package.amount,
        "currency": package.currency,
    }
