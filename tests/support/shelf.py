"""Shelf of Stripe objects for tests: what is laid out by path is listed and retrieved as Stripe does, newest first."""

from __future__ import annotations

from typing import Any

from tests.support.scripted_stripe import SentRequest, StripeAnswer, is_write

LISTS = (
    *("checkout/sessions", "payment_intents", "refunds", "disputes", "balance_transactions", "events", "prices"),
    "radar/early_fraud_warnings",
)
"""The lists that are there though they are empty."""


class Shelf:
    """Answers the requests of a `ScriptedStripe`. Shape: `hidden` ids are left out of long lists."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, dict[str, Any]]] = {}
        self.hidden: set[str] = set()

    def __call__(self, request: SentRequest) -> StripeAnswer:
        """A list, a single object, or that there is no such thing; nothing is ever written."""
        assert not is_write(request)
        path = request.path.removeprefix("/v1/")
        if path in self.objects or path in LISTS:
            return StripeAnswer(self.page(path, request.query))
        folder, _, name = path.rpartition("/")
        found = self.objects.get(folder, {}).get(name)
        if found is None:
            error = {"type": "invalid_request_error", "code": "resource_missing", "message": f"No such {name}"}
            return StripeAnswer({"error": error}, 404)
        return StripeAnswer(found)

    def put(self, path: str, body: dict[str, Any]) -> None:
        """Lays an object out."""
        self.objects.setdefault(path, {})[body["id"]] = body

    def page(self, path: str, query: dict[str, list[str]]) -> dict[str, Any]:
        """One page of a list."""
        rows = sorted(self._rows(path), key=lambda o: (o.get("created", 0), o["id"]), reverse=True)
        filtered = "payment_intent" in query
        rows = [row for row in rows if _wanted(row, query) and (filtered or row["id"] not in self.hidden)]
        if "starting_after" in query:
            ids = [row["id"] for row in rows]
            rows = rows[ids.index(query["starting_after"][0]) + 1 :]
        if query.get("expand[0]") == ["data.line_items"]:
            rows = [{**row, "line_items": self._first_items(row["id"])} for row in rows]
        limit = int(query.get("limit", ["10"])[0])
        return {"object": "list", "data": rows[:limit], "has_more": len(rows) > limit, "url": f"/v1/{path}"}

    def _rows(self, path: str) -> list[dict[str, Any]]:
        """What is laid out; the balance transactions of disputes too, which stand in these."""
        rows = list(self.objects.get(path, {}).values())
        if path == "balance_transactions":
            for dispute in self.objects.get("disputes", {}).values():
                known = {"type": "adjustment", "source": dispute["id"], "created": dispute["created"]}
                rows += [{**known, **body} for body in dispute.get("balance_transactions", [])]
        return rows

    def _first_items(self, session_id: str) -> dict[str, Any]:
        items = list(self.objects.get(f"checkout/sessions/{session_id}/line_items", {}).values())
        return {"object": "list", "data": items[:10], "has_more": len(items) > 10}


def _wanted(row: dict[str, Any], query: dict[str, list[str]]) -> bool:
    since, until = query.get("created[gte]"), query.get("created[lt]")
    if since and row["created"] < int(since[0]):
        return False
    if until and row["created"] >= int(until[0]):
        return False
    return all(row.get(name) == query[name][0] for name in ("payment_intent", "product") if name in query)
