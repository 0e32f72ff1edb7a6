"""Event decoding: keys and display fields of an event, read from its JSON without decoding the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from creditctl.core.errors import Unreachable
from creditctl.core.money import format_amount
from creditctl.ledger.archive.models import EventRecord


class _Object(msgspec.Struct):
    """The parts of `data.object` that say what an event is about; of whatever type they are."""

    id: Any = None
    object: Any = None
    payment_intent: Any = None
    charge: Any = None
    latest_charge: Any = None
    client_reference_id: Any = None
    metadata: Any = None
    status: Any = None
    payment_status: Any = None
    amount: Any = None
    amount_total: Any = None
    amount_refunded: Any = None
    unit_amount: Any = None
    currency: Any = None


class _Data(msgspec.Struct):
    object: _Object


class _Event(msgspec.Struct):
    id: str
    type: str
    created: int
    data: _Data
    livemode: bool = False
    pending_webhooks: Any = None


_EVENT = msgspec.json.Decoder(_Event)


def record_of(raw: bytes | msgspec.Raw) -> EventRecord:
    """Decodes one event of a list to its archive record: its keys, and its JSON without the white space.

    Errors: Unreachable if it is not an event.
    """
    try:
        event = _EVENT.decode(raw)
        body = _compact(bytes(raw))
    except msgspec.DecodeError as error:
        raise Unreachable(
            f"Stripe sent an event that cannot be read: {error}.",
            code="events.unreadable",
            fix="Run the same command again; nothing of it was kept.",
        ) from error
    about = event.data.object
    return EventRecord(
        id=event.id,
        created=event.created,
        type=event.type,
        object_id=_text(about.id),
        payment_key=_payment_key(about),
        charge_id=_id(about.id if about.object == "charge" else about.charge or about.latest_charge),
        user_id=_user(about),
        body=body,
    )


def _compact(body: bytes) -> bytes:
    """The JSON without white space; what has no line ends has none. Source: Stripe indents, the emulator does not."""
    return msgspec.json.format(body, indent=-1) if b"\n" in body else body


def _payment_key(about: _Object) -> str | None:
    intent = _id(about.payment_intent)
    if intent is not None:
        return intent
    return _text(about.id) if about.object in ("payment_intent", "checkout.session") else None


def _user(about: _Object) -> str | None:
    named = _text(about.client_reference_id)
    metadata = about.metadata if isinstance(about.metadata, dict) else {}
    return named or _text(metadata.get("user_id"))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _id(value: object) -> str | None:
    return _text(value.get("id")) if isinstance(value, dict) else _text(value)


@dataclass(frozen=True)
class EventView:
    """Display view of an event. Shape: `body` is the whole event as plain data."""

    record: EventRecord

    @cached_property
    def body(self) -> Mapping[str, Any]:
        """The event as plain data."""
        decoded: dict[str, Any] = msgspec.json.decode(self.record.body)
        return decoded

    @cached_property
    def _parsed(self) -> _Event:
        return _EVENT.decode(self.record.body)

    @property
    def pending(self) -> int | None:
        """How many endpoints had not accepted it when it was read; None where that is not known."""
        count = self._parsed.pending_webhooks
        return count if isinstance(count, int) else None

    @property
    def livemode(self) -> bool:
        """Whether it is about real money."""
        return self._parsed.livemode

    @property
    def about(self) -> str:
        """What it is about, in one line; no name, e-mail or address."""
        what = self._parsed.data.object
        amount = next((each for each in (what.amount_total, what.amount, what.unit_amount) if _is_count(each)), None)
        parts = [str(what.object or "object").replace(".", " ").replace("_", " "), self.record.object_id or "?"]
        if amount is not None and isinstance(what.currency, str):
            parts.append(format_amount(amount, what.currency))
        if _is_count(what.amount_refunded) and what.amount_refunded and isinstance(what.currency, str):
            parts.append(f"refunded {format_amount(what.amount_refunded, what.currency)}")
        parts += [state for state in dict.fromkeys((what.status, what.payment_status)) if isinstance(state, str)]
        if self.record.user_id is not None:
            parts.append(f"user {self.record.user_id}")
        if self.record.payment_key not in (None, self.record.object_id):
            parts.append(f"of {self.record.payment_key}")
        return ", ".join([" ".join(parts[:2]), *parts[2:]])

    def as_row(self) -> dict[str, object]:
        """The event as a row of a list."""
        record = self.record
        return {
            "id": record.id,
            "created": record.created,
            "type": record.type,
            "object_id": record.object_id,
            "payment_key": record.payment_key,
            "user_id": record.user_id,
            "pending_webhooks": self.pending,
            "about": self.about,
        }


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def wire_body(body: bytes) -> bytes:
    """Formats an event's body as Stripe sends it: indented by two spaces."""
    return msgspec.json.format(body, indent=2)
