"""The overview at `/` and the pages below it: accounts, sessions, payments, events, deliveries, one object, search.

They only read. Signing secrets are never shown, nor is any key but the emulator's own example.
"""

from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qs, quote

from creditctl.emulator.api.accounts import Accounts
from creditctl.emulator.api.context import Services
from creditctl.emulator.pages.overview import queries
from creditctl.emulator.pages.overview.redaction import EXAMPLE_KEY, shown_json
from creditctl.emulator.pages.overview.views import render
from creditctl.emulator.protocol.wire import Request, Response
from creditctl.emulator.storage.account_scope import AccountScope
from creditctl.emulator.storage.ids import account_id
from creditctl.emulator.storage.object_types import EVENT, PAYMENT_INTENT, SESSION, WEBHOOK_ENDPOINT
from creditctl.emulator.webhooks.deliveries import render_event

LISTS = ("sessions", "payments", "events", "deliveries")
_SOME_ROWS = 8
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class Look(NamedTuple):
    """Somebody looking: the parts of the emulator, the account that is shown, and what the URL asks for."""

    services: Services
    accounts: list[queries.AccountCount]
    scope: AccountScope | None
    query: dict[str, str]
    base_url: str
    now: int

    def page(self, name: str, *, status: int = 200, **context: Any) -> Response:
        """A page with what stands on all of them."""
        shared: dict[str, Any] = {"accounts": self.accounts, "scope": self.scope, "base_url": self.base_url}
        shared |= {"now": self.now, "options": self.services.options, "q": "", "here": name, "suffix": self.suffix}
        return Response(status, dict(_HEADERS), render(name, shared | context).encode())

    @property
    def suffix(self) -> str:
        """The query that keeps the account when a link is followed; needed only where there are several."""
        if self.scope is None or len(self.accounts) < 2:
            return ""
        return f"account={quote(self.scope.account)}&mode={'live' if self.scope.livemode else 'test'}"


def serves(request: Request) -> bool:
    """Whether a request is for one of these pages."""
    first = request.path.split("/")[1] if request.path.startswith("/") else ""
    return request.method in ("GET", "HEAD") and first in ("", *LISTS, "objects", "search")


def is_navigation(request: Request) -> bool:
    """Whether somebody follows a link to a page of its own; frames, pictures and scripts of other sites get nothing."""
    mode, place = request.headers.get("sec-fetch-mode", "navigate"), request.headers.get("sec-fetch-dest", "document")
    return mode == "navigate" and place == "document"


def handle(services: Services, accounts: Accounts, request: Request, now: int) -> Response:
    """Answer a browser."""
    query = {name: values[-1] for name, values in parse_qs(request.query).items()}
    counts = queries.account_counts(services, accounts)
    base_url = f"http://{request.headers.get('host', '127.0.0.1')}"
    look = Look(services, counts, _chosen(counts, query), query, base_url, now)
    first, _, rest = request.path.strip("/").partition("/")
    if first == "objects" and rest:
        return _object(look, accounts, rest)
    if first == "deliveries" and rest:
        return _delivery(look, accounts, rest)
    page = _PAGES.get(first)
    return _missing(look) if page is None or rest else page(look)


def _chosen(counts: list[queries.AccountCount], query: dict[str, str]) -> AccountScope | None:
    """The account that the URL names; without one, the account that changed last."""
    for entry in counts:
        mode = "live" if entry.scope.livemode else "test"
        if entry.scope.account == query.get("account") and mode == query.get("mode", mode):
            return entry.scope
    return counts[0].scope if counts and "account" not in query else None


def _missing(look: Look) -> Response:
    return look.page("missing", status=404)


def _overview(look: Look) -> Response:
    services, scope = look.services, look.scope
    parts: dict[str, Any] = {name: [] for name in (*LISTS, "endpoints")}
    if scope is not None:
        parts = {name: _rows(look, name, _SOME_ROWS).rows for name in LISTS}
        parts["endpoints"] = queries.newest(services.store, scope.id, WEBHOOK_ENDPOINT, 16).rows
    held = [(hold, services.holds.held(hold)) for hold in services.holds.rules]
    return look.page(
        "index",
        **parts,
        example_key=EXAMPLE_KEY,
        example_account=account_id(EXAMPLE_KEY.split("_", 2)[2]),
        faults=services.faults.rules,
        holds=held,
    )


def _rows(look: Look, name: str, most: int, before: int | None = None) -> queries.Sheet:
    """Rows of one list of the account that is shown."""
    store, scope = look.services.store, look.scope.id if look.scope else 0
    if name == "deliveries":
        return queries.deliveries(store, scope, most, before)
    kind = {"sessions": SESSION, "payments": PAYMENT_INTENT, "events": EVENT}[name]
    sheet = queries.newest(store, scope, kind, most, before)
    return sheet._replace(rows=queries.with_charges(store, scope, sheet.rows)) if name == "payments" else sheet


def _list(name: str) -> Callable[[Look], Response]:
    def page(look: Look) -> Response:
        before = look.query.get("before", "")
        sheet = _rows(look, name, queries.PAGE_ROWS, int(before) if before.isdecimal() and len(before) < 16 else None)
        return look.page("list", title=name, rows=sheet.rows, older=sheet.older, here=name)

    return page


def _search(look: Look) -> Response:
    text = look.query.get("q", "").strip()
    scope = look.scope.id if look.scope else 0
    found = queries.search(look.services.store, scope, text) if text else []
    most = queries.MOST_FOUND
    return look.page("search", q=text, found=found, most=most, searched=queries.SEARCHED_OBJECTS)


def _object(look: Look, accounts: Accounts, object_id: str) -> Response:
    store = look.services.store
    scope = queries.holder(store, object_id)
    row = store.get(scope, object_id) if scope is not None else None
    if scope is None or row is None:
        return _missing(look)
    look = look._replace(scope=accounts.by_id(scope))
    event = row.kind == EVENT.name
    return look.page(
        "object",
        object_id=object_id,
        kind=row.kind,
        created=row.created,
        deleted=bool(row.deleted),
        body=row.decoded(),
        json=shown_json(row.body),
        events=[] if event else queries.events_about(store, scope, object_id, queries.PAGE_ROWS),
        deliveries=queries.deliveries(store, scope, queries.PAGE_ROWS, event=object_id).rows if event else [],
    )


def _delivery(look: Look, accounts: Accounts, number: str) -> Response:
    store = look.services.store
    found = queries.delivery(store, int(number)) if number.isdecimal() and len(number) < 16 else None
    if found is None:
        return _missing(look)
    scope, entry = found
    event, endpoint = store.get(scope, entry["event"]), store.get(scope, entry["endpoint"])
    version = endpoint.decoded().get("api_version") if endpoint is not None else None
    sent = shown_json(render_event(store, scope, event.body, version)) if event is not None else None
    look = look._replace(scope=accounts.by_id(scope))
    return look.page("delivery", entry=entry, sent=sent)


_PAGES: dict[str, Callable[[Look], Response]] = {
    "": _overview,
    "search": _search,
    **{name: _list(name) for name in LISTS},
}
