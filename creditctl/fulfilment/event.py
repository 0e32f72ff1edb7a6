"""Webhook event: parses a Stripe event into plain data, in whichever API version since 2022-11-15 it was rendered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from creditctl.core.entitlement.facts import MalformedFact, text, whole
from creditctl.core.limits import MAX_ID_CHARACTERS

_DECODE = msgspec.json.Decoder().decode
_THIN_OBJECTS = frozenset(("v2.core.event",))


@dataclass(frozen=True, slots=True)
class Event:
    """One event. Shape: `object` is the snapshot at the event's time; `account` is set for connected accounts only."""

    id: str
    type: str
    created: int
    livemode: bool
    account: str | None
    object: Mapping[str, Any]

    @property
    def object_id(self) -> str | None:
        """The id of what the event is about."""
        found = self.object.get("id")
        return found if isinstance(found, str) and len(found) <= MAX_ID_CHARACTERS else None

    @property
    def modes(self) -> frozenset[bool]:
        """Every livemode that it names: its own, and the snapshot's where that has one; they should be the same."""
        inner = self.object.get("livemode")
        return frozenset((self.livemode, inner)) if isinstance(inner, bool) else frozenset((self.livemode,))

    @property
    def is_refund(self) -> bool:
        """Whether it tells of one refund (`refund.*`, and `charge.refund.updated` of older endpoints)."""
        return self.object.get("object") == "refund"

    @property
    def is_dispute(self) -> bool:
        """Whether it tells of one dispute."""
        return self.object.get("object") == "dispute"


def parse_event(body: bytes) -> Event | None:
    """The event in a verified body, or None for a thin event, which carries no snapshot.

    Errors: MalformedFact if it is no event.
    """
    try:
        document = _DECODE(body)
    except (ValueError, RecursionError):
        raise MalformedFact("the body is not JSON") from None
    if not isinstance(document, dict):
        raise MalformedFact("the body is not a JSON object")
    kind = document.get("object")
    if isinstance(kind, str) and kind in _THIN_OBJECTS:
        return None
    data = document.get("data")
    snapshot = data.get("object") if isinstance(data, dict) else None
    if not isinstance(snapshot, dict):
        raise MalformedFact("the event has no data.object")
    account = document.get("account")
    return Event(
        id=text(document, "id"),
        type=text(document, "type"),
        created=whole(document, "created"),
        livemode=document.get("livemode") is True,
        account=account if isinstance(account, str) else None,
        object=snapshot,
    )
