"""Tie-out: what one list of Stripe's says of another that cannot be if both are whole. Pure.

Sessions, payment intents with their charges, refunds, disputes and balance transactions name each other. What is named
and not shown is lacking; where a name alone does not say whether a list has to show it, Stripe is asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from creditctl.core.stripe_ids import IdKind, id_kind
from creditctl.payments.reading.list_contents import ChargeRow, ListContents, MovementRow
from creditctl.payments.reading.stripe_reader import BALANCE, CHARGES, DISPUTES, INTENTS, REFUNDS, SESSIONS
from creditctl.reconciliation.reach import Reach

SETTLING_SECONDS = 3600
"""How long a balance transaction may be on its way. Source: Stripe documentation, "Asynchronous capture": the balance
transaction of a charge is null at first; how long, is unconfirmed."""

SHOWN_BEFORE = "objects that it showed before"
"""The kind of what a list showed once and shows no more."""

_LET_GO = ("failed", "canceled")
_INCOMING = ("charge", "payment")
_OUTGOING = ("refund", "payment_refund")
_RETURNS = {IdKind.REFUND: REFUNDS, IdKind.DISPUTE: DISPUTES}


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that a list has to show and does not.

    Shape: `kind` says in words what is lacking; `since` is a moment from which on the list would show it.
    """

    path: str
    id: str
    kind: str
    since: int | None


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A name of which only Stripe can say whether a list has to show it.

    Shape: a session is asked for by its intent.
    """

    path: str
    id: str
    kind: str
    since: int | None


Untied = Lack | OpenQuestion


def tie_out(contents: ListContents, reach: Reach, now: int) -> Iterator[Untied]:
    """Everything that does not tie, and what has to be asked to know. Units: `now` in Unix seconds."""
    yield from _sold(contents)
    yield from _returned(contents, reach)
    yield from _taken_back(contents)
    yield from _without_session(contents, reach)
    if contents.readable:
        yield from _moved(contents, reach)
        yield from _unmoved(contents, now)
        yield from _sums(contents)


def _sold(contents: ListContents) -> Iterator[Untied]:
    for session in contents.sessions.values():
        if session.intent is not None and session.intent not in contents.intents:
            yield Lack(INTENTS, session.intent, "payment intents that checkout sessions name", session.created)


def _returned(contents: ListContents, reach: Reach) -> Iterator[Untied]:
    """Refunds and disputes name their payment; beside a window it may be older or younger than what was listed."""
    if not reach.window.unbounded:
        return
    for each in (*contents.refunds.values(), *contents.disputes.values()):
        if each.intent is not None and each.intent not in contents.intents:
            yield OpenQuestion(INTENTS, each.intent, "payment intents that refunds or disputes name", each.created)


def _taken_back(contents: ListContents) -> Iterator[Untied]:
    """A charge says how much of it was refunded, and whether it is disputed.

    Shape: what was read first says less: a refund made since is listed and not yet counted. One that fell through may
           have been counted still, and what was authorised and never captured may count as refunded.
    """
    by_intent = {intent.id: intent.charge.id for intent in contents.intents.values() if intent.charge is not None}
    refunded: dict[str | None, int] = defaultdict(int)
    for refund in contents.refunds.values():
        refunded[refund.charge or by_intent.get(refund.intent or "")] += refund.amount or 0
    disputed = {dispute.charge for dispute in contents.disputes.values()}
    for charge in _charges(contents):
        if charge.refunded is not None and refunded[charge.id] + charge.uncaptured < charge.refunded:
            yield Lack(REFUNDS, charge.id, "refunds that charges count, of", charge.created)
        if charge.disputed and charge.id not in disputed:
            yield Lack(DISPUTES, charge.id, "disputes that charges know of, of", charge.created)


def _without_session(contents: ListContents, reach: Reach) -> Iterator[Untied]:
    """A payment that no session names may belong to one that the list does not show, or to nobody's."""
    named = {session.intent for session in contents.sessions.values()}
    for intent in contents.intents.values():
        if intent.status == "succeeded" and intent.id not in named and reach.window.holds(intent.created):
            yield OpenQuestion(SESSIONS, intent.id, "checkout sessions that payments belong to", intent.created)


def _moved(contents: ListContents, reach: Reach) -> Iterator[Untied]:
    """Balance transactions name what moved the money."""
    charges = {charge.id for charge in _charges(contents)}
    for movement in contents.movements.values():
        kind = id_kind(movement.source or "")
        if kind is IdKind.CHARGE and movement.source not in charges:
            yield from _charged(movement, contents, reach)
        elif kind is IdKind.REFUND and movement.source not in contents.refunds:
            yield from _taken(movement, REFUNDS, reach)
        elif kind is IdKind.DISPUTE and movement.source not in contents.disputes:
            yield from _taken(movement, DISPUTES, reach)


def _charged(movement: MovementRow, contents: ListContents, reach: Reach) -> Iterator[Untied]:
    """A charge belongs to a payment intent that was listed, or to none."""
    what = "payment intents that balance transactions name"
    if not reach.holds(INTENTS, movement.created):
        return  # captured after what was listed; its intent may be older, and then its session names it
    if not movement.shown:
        yield OpenQuestion(CHARGES, movement.source or "", what, movement.created)
    elif movement.intent is not None and movement.intent not in contents.intents:
        yield OpenQuestion(INTENTS, movement.intent, what, movement.made)


def _taken(movement: MovementRow, path: str, reach: Reach) -> Iterator[Untied]:
    """A refund or dispute of a payment intent was listed, unless it is older than what was."""
    what = f"{path} that balance transactions name"
    if not movement.shown:
        yield OpenQuestion(path, movement.source or "", what, movement.created)
    elif movement.intent is not None and movement.made is not None and reach.holds(path, movement.made):
        yield Lack(path, movement.source or "", what, movement.made)


def _unmoved(contents: ListContents, now: int) -> Iterator[Untied]:
    """Charges, refunds and disputes name their balance transactions; the newest may not be in the list yet."""
    newest = max((contents.newest, *(movement.created for movement in contents.movements.values())))
    for made, movement, _ in named_movements(contents):
        on_its_way = made >= newest and made > now - SETTLING_SECONDS
        if movement not in contents.movements and not on_its_way:
            yield Lack(BALANCE, movement, "balance transactions that charges, refunds or disputes name", made)


def named_movements(contents: ListContents) -> Iterator[tuple[int, str, str]]:
    """The balance transactions that others name: when what names them was made, their id, and its payment or own id."""
    for intent in contents.intents.values():
        if intent.charge is not None and intent.charge.movement is not None:
            yield intent.charge.created, intent.charge.movement, intent.id
    for each in (*contents.refunds.values(), *contents.disputes.values()):
        yield from ((each.created, movement, each.intent or each.id) for movement in each.movements)


def still_moving(contents: ListContents) -> frozenset[str]:
    """The payments, or refunds and disputes of none, of which a balance transaction is still to come."""
    if not contents.readable:
        return frozenset()
    return frozenset(name for _, movement, name in named_movements(contents) if movement not in contents.movements)


def _sums(contents: ListContents) -> Iterator[Untied]:
    """Where no currency was exchanged, what moved comes to the amount; of disputes a part may come back."""
    incoming, outgoing = _sums_by_source(contents, _INCOMING), _sums_by_source(contents, _OUTGOING)
    what = "balance transactions that come to the amounts of"
    for charge in _charges(contents):
        moved = incoming.get((charge.id, charge.currency))
        if moved is not None and charge.status == "succeeded" and charge.captured not in (None, moved):
            yield Lack(BALANCE, charge.id, what, charge.created)
    for refund in contents.refunds.values():
        moved = outgoing.get((refund.id, refund.currency))
        if moved is not None and refund.status not in _LET_GO and refund.amount not in (None, -moved):
            yield Lack(BALANCE, refund.id, what, refund.created)


def _sums_by_source(contents: ListContents, types: tuple[str, ...]) -> Mapping[tuple[str, str | None], int]:
    sums: dict[tuple[str, str | None], int] = defaultdict(int)
    exchanged: set[str | None] = set()
    for movement in contents.movements.values():
        if movement.type in types and movement.source is not None:
            sums[movement.source, movement.currency] += movement.amount
            exchanged |= {movement.source} if movement.exchanged else set()
    return {key: amount for key, amount in sums.items() if key[0] not in exchanged}


def _charges(contents: ListContents) -> Iterator[ChargeRow]:
    return (intent.charge for intent in contents.intents.values() if intent.charge is not None)


def gap_sentences(lacks: Iterable[Lack]) -> tuple[str, ...]:
    """What is missing, by name as far as a person reads; one sentence for each kind."""
    grouped: dict[tuple[str, str], list[str]] = defaultdict(list)
    for lack in lacks:
        grouped[lack.path, lack.kind].append(lack.id)
    return tuple(_sentence(path, kind, sorted(set(ids))) for (path, kind), ids in sorted(grouped.items()))


def _sentence(path: str, kind: str, ids: list[str]) -> str:
    shown = ", ".join(ids[:_MOST_NAMED])
    rest = f" and {len(ids) - _MOST_NAMED:,} more" if len(ids) > _MOST_NAMED else ""
    return f"Stripe's list of {path.replace('/', ' ').replace('_', ' ')} lacks {kind}: {shown}{rest}"


_MOST_NAMED = 5
