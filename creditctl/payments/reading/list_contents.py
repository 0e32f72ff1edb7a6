"""Contents of Stripe's lists: what each object that was shown says of the others, so that one list proves another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from creditctl.core.entitlement.fields import id_of
from creditctl.payments.reading.stripe_reader import BALANCE, DISPUTES, INTENTS, REFUNDS, SESSIONS
from creditctl.stripe_api.pages import Body


class SessionRow(NamedTuple):
    """A checkout session as a list shows it. Units: `created` in Unix seconds."""

    id: str
    created: int
    intent: str | None


class ChargeRow(NamedTuple):
    """The latest charge of a payment intent. Units: amounts in minor units; None where it does not say it."""

    id: str
    created: int
    status: str | None
    currency: str | None
    captured: int | None
    uncaptured: int
    refunded: int | None
    disputed: bool
    movement: str | None


class IntentRow(NamedTuple):
    """A payment intent as a list shows it, its latest charge expanded."""

    id: str
    created: int
    status: str | None
    charge: ChargeRow | None


class ReturnRow(NamedTuple):
    """A refund or a dispute as a list shows it. Shape: `movements` are ids of balance transactions."""

    id: str
    created: int
    charge: str | None
    intent: str | None
    status: str | None
    amount: int | None
    currency: str | None
    movements: tuple[str, ...]


class MovementRow(NamedTuple):
    """A balance transaction as a list shows it.

    Shape:  of its `source`, a charge, refund, dispute or anything else that moves money, `made` is when it was made and
            `intent` its payment intent; None where it was not shown in full, which `shown` says.
    Units:  `amount` (signed) and `fee` in minor units of `currency`; `exchanged`: that is not the source's currency.
    Source: Stripe API reference, "The balance transaction object".
    """

    id: str
    created: int
    type: str
    category: str | None
    amount: int
    currency: str | None
    exchanged: bool
    source: str | None
    shown: bool
    made: int | None
    intent: str | None
    fee: int | None = None


Row = SessionRow | IntentRow | ReturnRow | MovementRow


@dataclass
class ListContents:
    """Everything that the lists showed, by id.

    Shape: `movements` are the balance transactions, `readable` says whether the key may read them. Of a part of the
           lists, `newest` is when the newest of all balance transactions was made.
    Units: Unix seconds.
    """

    sessions: dict[str, SessionRow] = field(default_factory=dict)
    intents: dict[str, IntentRow] = field(default_factory=dict)
    refunds: dict[str, ReturnRow] = field(default_factory=dict)
    disputes: dict[str, ReturnRow] = field(default_factory=dict)
    movements: dict[str, MovementRow] = field(default_factory=dict)
    readable: bool = True
    newest: int = 0

    def count(self, path: str) -> int:
        """How many objects a list showed."""
        rows: Mapping[str, Mapping[str, Row]] = {
            SESSIONS: self.sessions,
            INTENTS: self.intents,
            REFUNDS: self.refunds,
            DISPUTES: self.disputes,
            BALANCE: self.movements,
        }
        return len(rows[path])

    def note(self, path: str, body: Body) -> None:
        """Notes one object of a list; one that says less than every such object does ties nothing."""
        name, created = body.get("id"), body.get("created")
        if not (isinstance(name, str) and isinstance(created, int)):
            return
        if path == SESSIONS:
            self.sessions[name] = SessionRow(name, created, id_of(body.get("payment_intent")))
        elif path == INTENTS:
            self.intents[name] = _intent(name, created, body)
        elif path == REFUNDS:
            self.refunds[name] = _return(name, created, body)
        elif path == DISPUTES:
            self.disputes[name] = _return(name, created, body)
        elif path == BALANCE:
            self.movements[name] = _movement(name, created, body)

    def joined(self, other: ListContents) -> ListContents:
        """With what was read once more; the later reading counts."""
        return ListContents(
            {**self.sessions, **other.sessions},
            {**self.intents, **other.intents},
            {**self.refunds, **other.refunds},
            {**self.disputes, **other.disputes},
            {**self.movements, **other.movements},
            self.readable and other.readable,
            max(self.newest, other.newest),
        )


def _intent(name: str, created: int, body: Body) -> IntentRow:
    charge = body.get("latest_charge")
    shown = _charge(charge) if isinstance(charge, Mapping) and isinstance(charge.get("id"), str) else None
    return IntentRow(name, created, _text(body, "status"), shown)


def _charge(body: Body) -> ChargeRow:
    amount, captured = _number(body, "amount"), _number(body, "amount_captured")
    return ChargeRow(
        str(body["id"]),
        _number(body, "created") or 0,
        _text(body, "status"),
        _text(body, "currency"),
        captured,
        0 if amount is None or captured is None else max(0, amount - captured),
        _number(body, "amount_refunded"),
        body.get("disputed") is True,
        id_of(body.get("balance_transaction")),
    )


def _return(name: str, created: int, body: Body) -> ReturnRow:
    moved = [body.get("balance_transaction"), body.get("failure_balance_transaction")]
    moved += body.get("balance_transactions") or []
    return ReturnRow(
        name,
        created,
        id_of(body.get("charge")),
        id_of(body.get("payment_intent")),
        _text(body, "status"),
        _number(body, "amount"),
        _text(body, "currency"),
        tuple(dict.fromkeys(filter(None, map(id_of, moved)))),
    )


def _movement(name: str, created: int, body: Body) -> MovementRow:
    source = body.get("source")
    shown = source if isinstance(source, Mapping) else {}
    return MovementRow(
        name,
        created,
        _text(body, "type") or "",
        _text(body, "reporting_category"),
        _number(body, "amount") or 0,
        _text(body, "currency"),
        body.get("exchange_rate") is not None,
        id_of(source),
        bool(shown),
        _number(shown, "created"),
        id_of(shown.get("payment_intent")),
        _number(body, "fee"),
    )


def _text(body: Body, name: str) -> str | None:
    value = body.get(name)
    return value if isinstance(value, str) else None


def _number(body: Body, name: str) -> int | None:
    value = body.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
