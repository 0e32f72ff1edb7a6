"""Events and their deliveries: held back, let go, read, counted as open, and faults bound to one payment."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from creditctl.core.errors import StripeRefused
from creditctl.simulation.stripe_side.access import StripeAccess, StripeObject

_PAGE = 100
_HELD = ("held", "dropped", "canceled")


@dataclass(frozen=True, slots=True)
class OpenDelivery:
    """An event that not every endpoint has accepted. Shape: `refused_with` None while no attempt has ended."""

    event_id: str
    type: str
    refused_with: str | None
    delivery: int = 0
    attempts: int = 0


def hold(stripe: StripeAccess, object_id: str, event: str = "*") -> int:
    """Keeps back the deliveries about an object; returns the hold's number."""
    return int(stripe.emulator.control("POST", "/holds", {"object": object_id, "event": event})["id"])


def held_events(stripe: StripeAccess, number: int) -> list[tuple[str, str]]:
    """Id and type of the events that a hold keeps, oldest first, each once."""
    holds: list[StripeObject] = stripe.emulator.control("GET", "/holds")["data"]
    kept: list[StripeObject] = next((each["held"] for each in holds if each["id"] == number), [])
    return list(dict.fromkeys((entry["event"], entry["type"]) for entry in kept))


def release(stripe: StripeAccess, number: int, order: Iterable[str] | None = None) -> None:
    """Ends a hold: what it keeps goes out one after the other, those named first."""
    names = None if order is None else list(order)
    stripe.emulator.control("POST", f"/holds/{number}/release", {"order": names, "rest": True} if names else {})


def read_event(stripe: StripeAccess, event_id: str) -> StripeObject:
    """One event as Stripe lists it."""
    return stripe.get(f"/v1/events/{event_id}")


def find_event(stripe: StripeAccess, type_: str, object_id: str) -> StripeObject | None:
    """The newest event of a type about an object, or about what belongs to it; None where none is listed."""
    listed: list[StripeObject] = stripe.get("/v1/events", type=type_, limit=_PAGE)["data"]
    return next((event for event in listed if _concerns(event, {object_id})), None)


def event_bytes(event: StripeObject) -> bytes:
    """An event as Stripe posts it: indented by two spaces. Source: recorded deliveries."""
    return json.dumps(event, indent=2, ensure_ascii=False).encode()


def open_deliveries(stripe: StripeAccess, subjects: set[str]) -> list[OpenDelivery]:
    """What is still to be accepted about some objects; what is held back does not count.

    Source: Stripe API reference, "List all events": `delivery_success=false`.
    """
    listed: list[StripeObject] = stripe.get("/v1/events", delivery_success="false", limit=_PAGE)["data"]
    about = [event for event in listed if _concerns(event, subjects)]
    return [found for event in about if (found := _state(stripe, event)) is not None]


def _state(stripe: StripeAccess, event: StripeObject) -> OpenDelivery | None:
    if stripe.control is None:
        return OpenDelivery(event["id"], event["type"], None)
    log: list[StripeObject] = stripe.control.control("GET", "/deliveries", {"event": event["id"]})["data"]
    waiting = [row for row in log if row["state"] not in (*_HELD, "delivered")]
    if not waiting or any(row["state"] == "delivered" for row in log):
        return None
    row = waiting[0]
    if not row["attempts"] or row["state"] == "sending":
        return OpenDelivery(event["id"], event["type"], None)
    last = row["attempts"][-1]
    return OpenDelivery(
        event["id"], event["type"], str(last["status"] or last["error"]), row["id"], len(row["attempts"])
    )


def _concerns(event: StripeObject, subjects: set[str]) -> bool:
    about = event["data"]["object"]
    return bool(subjects & {about.get("id"), about.get("payment_intent"), about.get("charge")})


def retry(stripe: StripeAccess, delivery: int) -> None:
    """Sends a refused delivery again now, instead of in minutes or hours; one that went out meanwhile needs none."""
    with suppress(StripeRefused):
        stripe.emulator.control("POST", f"/deliveries/{delivery}/retry")


def add_fault(stripe: StripeAccess, kind: str, object_id: str, **more: Any) -> int:
    """Puts a fault in force that is bound to an object; returns its number."""
    return int(stripe.emulator.control("POST", "/faults", {"kind": kind, "object": object_id, **more})["id"])


def lift_faults(stripe: StripeAccess, object_id: str) -> None:
    """Lifts the faults that are bound to an object."""
    stripe.emulator.control("DELETE", "/faults", {"object": object_id})


def attempt_seconds(stripe: StripeAccess, subjects: set[str]) -> list[float]:
    """How long each attempt to deliver an event about some objects took. Units: seconds."""
    rows: list[StripeObject] = stripe.emulator.control("GET", "/deliveries", {"limit": _PAGE})["data"]
    newest = {event["id"]: event for event in stripe.get("/v1/events", limit=_PAGE)["data"]}
    about = [row for row in rows if row["event"] in newest and _concerns(newest[row["event"]], subjects)]
    return [attempt["duration_ms"] / 1000 for row in about for attempt in row["attempts"]]
