"""Unknown charges: payments of which a balance transaction names another charge than is kept, so that they are asked.

A payment intent may be paid long after it was made, when its list is not read so far back any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct

from creditctl.core.stripe_ids import IdKind, id_kind
from creditctl.ledger.archive.pull_models import PulledObject
from creditctl.ledger.archive.pull_store import PullStore
from creditctl.payments.reading.stripe_reader import INTENTS


class _Named(Struct):
    id: str | None = None


class _MovementSource(Struct):
    source: _Named | str | None = None


class _LatestCharge(Struct):
    latest_charge: _Named | str | None = None


_SOURCE = msgspec.json.Decoder(_MovementSource)
_CHARGE = msgspec.json.Decoder(_LatestCharge)


def payments_of_unknown_charges(store: PullStore, movements: Iterable[PulledObject]) -> list[str]:
    """The kept payments of which one of some balance transactions names another charge than is kept, each once."""
    named = [(each.payment, _id(_SOURCE.decode(each.body).source)) for each in movements if each.payment is not None]
    kept = dict(_kept_charges(store, {payment for payment, _ in named}))
    other = ((payment, name) for payment, name in named if payment in kept and name != kept[payment])
    return list(dict.fromkeys(payment for payment, name in other if id_kind(name) is IdKind.CHARGE))


def _kept_charges(store: PullStore, payments: Iterable[str]) -> Iterator[tuple[str, str]]:
    for payment, body in store.bodies_of(INTENTS, payments):
        yield payment, _id(_CHARGE.decode(body).latest_charge)


def _id(value: _Named | str | None) -> str:
    return (value.id if isinstance(value, _Named) else value) or ""
