"""Kept objects: what an archive keeps of the objects in Stripe's lists, decoded from a page without the SDK.

Everything that judging, tie-out and reports read of an object is named here and nothing else is kept: no name, no
address, no e-mail. Whoever reads another field adds it, and raises LAYOUT, so that everything is read once more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from creditctl.ledger.archive.pull_models import PulledObject
from creditctl.payments.facts import billing_words
from creditctl.payments.reading.stripe_reader import BALANCE, DISPUTES, INTENTS, REFUNDS, SESSIONS

LAYOUT = 4
"""The number of this choice of fields; from 3 on they are kept compressed, which an older version cannot read."""

Field = Raw | UnsetType
_OPEN_INTENTS = ("processing", "requires_action", "requires_capture", "requires_confirmation")
_FINAL_DISPUTES = ("won", "lost", "warning_closed", "prevented")
_OPEN_REFUNDS = ("pending", "requires_action")


class _Expanded(Struct, omit_defaults=True):
    """An object where often only its id stands."""

    id: str


class _Session(Struct, omit_defaults=True):
    id: str
    created: int = 0
    object: Literal["checkout.session"] | UnsetType = UNSET
    status: str | None = None
    payment_status: str | None = None
    mode: Field = UNSET
    amount_subtotal: Field = UNSET
    amount_total: Field = UNSET
    currency: Field = UNSET
    payment_intent: _Expanded | str | None = None
    invoice: _Expanded | str | None = None
    client_reference_id: Field = UNSET
    metadata: Field = UNSET
    livemode: Field = UNSET
    success_url: Field = UNSET
    recovered_from: Field = UNSET
    payment_link: Field = UNSET
    total_details: Field = UNSET


class _Method(Struct, omit_defaults=True):
    type: Field = UNSET


class _Charge(Struct, omit_defaults=True):
    id: str
    object: Field = UNSET
    created: Field = UNSET
    status: Field = UNSET
    amount: Field = UNSET
    amount_captured: Field = UNSET
    amount_refunded: Field = UNSET
    captured: Field = UNSET
    refunded: Field = UNSET
    currency: Field = UNSET
    disputed: Field = UNSET
    balance_transaction: Field = UNSET
    payment_intent: Field = UNSET
    payment_method_details: _Method | None = None


class _Intent(Struct, omit_defaults=True):
    id: str
    created: int = 0
    object: Literal["payment_intent"] | UnsetType = UNSET
    status: str | None = None
    amount: Field = UNSET
    amount_received: Field = UNSET
    amount_capturable: Field = UNSET
    capture_method: Field = UNSET
    cancellation_reason: Field = UNSET
    currency: Field = UNSET
    metadata: Field = UNSET
    livemode: Field = UNSET
    description: str | None = None
    invoice: _Expanded | str | None = None
    latest_charge: _Charge | str | None = None

    def __post_init__(self) -> None:
        # A description is free text, which may name a person; only that it is one of billing's is kept.
        self.description = billing_words(self.description)


class _Return(Struct, omit_defaults=True):
    id: str
    created: int = 0
    object: Literal["refund", "dispute"] | UnsetType = UNSET
    status: str | None = None
    amount: Field = UNSET
    currency: Field = UNSET
    reason: Field = UNSET
    failure_reason: Field = UNSET
    payment_intent: _Expanded | str | None = None
    charge: Field = UNSET
    balance_transaction: Field = UNSET
    failure_balance_transaction: Field = UNSET
    balance_transactions: Field = UNSET
    is_charge_refundable: Field = UNSET


class _Refund(_Return, omit_defaults=True):
    object: Literal["refund"] | UnsetType = UNSET


class _Dispute(_Return, omit_defaults=True):
    object: Literal["dispute"] | UnsetType = UNSET


class _Source(Struct, omit_defaults=True):
    id: str
    object: Field = UNSET
    created: Field = UNSET
    payment_intent: _Expanded | str | None = None


class _Movement(Struct, omit_defaults=True):
    id: str
    created: int = 0
    object: Literal["balance_transaction"] | UnsetType = UNSET
    type: Field = UNSET
    reporting_category: Field = UNSET
    amount: Field = UNSET
    currency: Field = UNSET
    exchange_rate: Field = UNSET
    fee: Field = UNSET
    net: Field = UNSET
    source: _Source | str | None = None


Kept = TypeVar("Kept", _Session, _Intent, _Refund, _Dispute, _Movement)


class _Items(Struct):
    """The first line items of a session. Source: Stripe API reference, "Expanding responses", includable."""

    data: list[Raw]
    has_more: bool


class _WithItems(Struct):
    id: str
    line_items: _Items | None = None


class _ListPage(Struct, Generic[Kept]):
    data: list[Kept]
    has_more: bool


class _Decoder(Protocol):
    """Decodes the objects of one list."""

    def page_of(self, body: bytes) -> tuple[list[PulledObject], bool]:
        """The objects of a page, and whether there are more."""

    def one_of(self, body: bytes) -> PulledObject:
        """One object."""


@dataclass(frozen=True)
class _Kind(Generic[Kept]):
    """How the objects of one list are decoded, and what is known of each."""

    page: msgspec.json.Decoder[_ListPage[Kept]]
    one: msgspec.json.Decoder[Kept]
    payment: Callable[[Kept], str | None]
    open: Callable[[Kept], bool]

    def page_of(self, body: bytes) -> tuple[list[PulledObject], bool]:
        """As _Decoder says."""
        page = self.page.decode(body)
        return list(map(self._kept, page.data)), page.has_more

    def one_of(self, body: bytes) -> PulledObject:
        """As _Decoder says."""
        return self._kept(self.one.decode(body))

    def _kept(self, each: Kept) -> PulledObject:
        # Stripe indents what it answers; kept without that it is a fifth shorter.
        body = msgspec.json.format(_ENCODER.encode(each), indent=-1)
        return PulledObject(each.id, each.created, self.payment(each), self.open(each), body)


class _ItemsPage(Struct):
    data: list[_WithItems]


_ENCODER = msgspec.json.Encoder()
_ITEMS = msgspec.json.Decoder(_ItemsPage)


def decode_page(path: str, body: bytes) -> tuple[list[PulledObject], bool]:
    """Decodes one page of a list: its objects, and whether there are more.

    Errors: msgspec.DecodeError, also where an object says that it is of another kind than the list.
    """
    return _KINDS[path].page_of(body)


def decode_items(body: bytes) -> list[tuple[str, bytes]]:
    """The line items in a page of sessions, by session, each a JSON list; those that are cut short are left out."""
    sessions = _ITEMS.decode(body).data
    shown = ((each.id, each.line_items) for each in sessions if each.line_items is not None)
    return [(name, _ENCODER.encode(items.data)) for name, items in shown if not items.has_more]


def decode_one(path: str, body: bytes) -> PulledObject:
    """Decodes one object that was asked for by its id. Errors: msgspec.DecodeError."""
    return _KINDS[path].one_of(body)


def _id(value: _Expanded | _Source | str | None) -> str | None:
    return value.id if isinstance(value, _Expanded | _Source) else value


def _open_session(session: _Session) -> bool:
    """Not finished, or finished and not paid yet."""
    return session.status == "open" or (session.status == "complete" and session.payment_status == "unpaid")


_KINDS: Mapping[str, _Decoder] = {
    SESSIONS: _Kind(
        msgspec.json.Decoder(_ListPage[_Session]),
        msgspec.json.Decoder(_Session),
        lambda session: _id(session.payment_intent),
        _open_session,
    ),
    INTENTS: _Kind(
        msgspec.json.Decoder(_ListPage[_Intent]),
        msgspec.json.Decoder(_Intent),
        lambda intent: intent.id,
        lambda intent: intent.status in _OPEN_INTENTS,
    ),
    REFUNDS: _Kind(
        msgspec.json.Decoder(_ListPage[_Refund]),
        msgspec.json.Decoder(_Refund),
        lambda refund: _id(refund.payment_intent),
        lambda refund: refund.status in _OPEN_REFUNDS,
    ),
    DISPUTES: _Kind(
        msgspec.json.Decoder(_ListPage[_Dispute]),
        msgspec.json.Decoder(_Dispute),
        lambda dispute: _id(dispute.payment_intent),
        lambda dispute: dispute.status not in _FINAL_DISPUTES,
    ),
    BALANCE: _Kind(
        msgspec.json.Decoder(_ListPage[_Movement]),
        msgspec.json.Decoder(_Movement),
        lambda movement: _id(movement.source.payment_intent) if isinstance(movement.source, _Source) else None,
        lambda _movement: False,
    ),
}
