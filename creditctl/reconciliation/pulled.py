"""Pulled objects: everything that one run read of Stripe, and what speaks against its being whole."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from typing import Any, Protocol

from creditctl.core.entitlement.facts import Fact
from creditctl.core.when import Window
from creditctl.payments.facts import ChargeFacts, IntentFacts, PaymentFacts, SoldSession, Unreadable
from creditctl.payments.reading.list_contents import ListContents
from creditctl.payments.reading.stripe_reader import BALANCE, DISPUTES, INTENTS, REFUNDS, SESSIONS

UNTIED = (
    "The key may not read balance transactions, so the lists were tied to each other only: a payment that none of them "
    "shows and the ledger does not name would not be noticed"
)


@dataclass(frozen=True, slots=True)
class EntryNews:
    """The entries of a night, by number, and the names by which they and others speak of payments anew."""

    numbers: frozenset[int]
    names: frozenset[str]


class PartReader(Protocol):
    """Reads of the kept lists the payments that a night looks at."""

    @property
    def news(self) -> EntryNews:
        """The entries for which it is done."""

    def of(self, names: Collection[str]) -> Pulled:
        """What is kept of the payments that have one of these names."""

    def whole(self) -> Pulled:
        """All that is kept."""


@dataclass(frozen=True)
class Pulled:
    """Everything that one run read of Stripe.

    Shape:  sessions, intents and facts by their ids; `asked` are payments that were asked for one by one, `absent`
            those of them that Stripe does not know, `asked_names` the payments of those asked for by another name,
            `charges` those that belong to no payment intent; `contents` is what the lists showed, `gaps` are sentences
            about what they say of each other that cannot be if all are whole, and `missing` the ids that are lacking,
            by the list that should show them. `charged` are the refunds and disputes that name their charge alone: it
            stands as their payment there, and where the payment of that is known, they are among the facts too. `asks`
            is False where nobody asked for what only the ledger names, the `unasked`. Where only the payments of a
            night were read, `rest` reads others of those that are kept, `rest_names` are the names that were asked for,
            and `counted` counts all that is kept of each list.
    Units:  `started` in Unix seconds: what the ledger wrote since then may be newer than what was read.
    """

    window: Window
    started: int
    sessions: Mapping[str, SoldSession] = field(default_factory=dict)
    intents: Mapping[str, IntentFacts] = field(default_factory=dict)
    facts: Mapping[str, Fact] = field(default_factory=dict)
    charged: Mapping[str, Fact] = field(default_factory=dict)
    asked: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    unreadable: tuple[Unreadable, ...] = ()
    gaps: tuple[str, ...] = ()
    missing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    contents: ListContents = field(default_factory=ListContents)
    asks: bool = True
    asked_names: Mapping[str, str] = field(default_factory=dict)
    charges: Mapping[str, ChargeFacts] = field(default_factory=dict)
    unasked: frozenset[str] = frozenset()
    rest: PartReader | None = None
    rest_names: frozenset[str] = frozenset()
    counted: Mapping[str, int] | None = None

    @property
    def everything(self) -> bool:
        """Whether all payments were looked at, so that what is not found is over."""
        return self.window.unbounded and self.asks

    @property
    def complete(self) -> bool:
        """Whether nothing speaks against having read everything."""
        return not self.gaps

    @property
    def counts(self) -> dict[str, int]:
        """How many objects each list of payments showed."""
        lists = (SESSIONS, INTENTS, REFUNDS, DISPUTES)
        return {path.replace("/", "_"): self._count(path) for path in lists}

    def _count(self, path: str) -> int:
        return self.contents.count(path) if self.counted is None else self.counted.get(path, 0)

    @property
    def tie_out(self) -> dict[str, Any]:
        """What the lists were tied by, as a JSON document shows it: None where the key may not read it."""
        return {
            "balance_transactions": self._count(BALANCE) if self.contents.readable else None,
            "missing": {path: list(ids) for path, ids in self.missing.items()},
            "note": None if self.contents.readable else UNTIED,
        }

    @cached_property
    def names(self) -> Mapping[str, str]:
        """The payment of each other name that Stripe has for it: its session, charges, refunds, disputes and invoice.

        Shape: of an intent only the latest charge is known, and those that were refunded or disputed.
        """
        charges = {each.charge_id: each.id for each in self.intents.values()}
        returned = {fact.charge_id: fact.payment_key for fact in self.facts.values()}
        sessions = {sold.session.id: sold.session.payment_key for sold in self.sessions.values()}
        invoices = {each.session.invoice: each.session.payment_key for each in self.sessions.values()}
        invoiced = {name: key for name, key in invoices.items() if name is not None}
        charged = {name: key for name, key in {**returned, **charges}.items() if name is not None}
        objects = {fact.object_id: fact.payment_key for fact in self.facts.values()}
        return {**charged, **invoiced, **objects, **sessions, **self.asked_names}

    @property
    def settled_keys(self) -> frozenset[str]:
        """Every payment, by either name, of which the lists show the session, or show that it has none.

        Shape: an intent from before the window may belong to a session that is older than what was listed.
        """
        since = self.window.since
        alone = (each.id for each in self.intents.values() if since is None or each.created >= since)
        keys = {*self.sessions, *(sold.session.payment_key for sold in self.sessions.values()), *alone}
        return frozenset((*keys, *(name for name, key in self.names.items() if key in keys)))

    def told(self) -> Pulled:
        """With the refunds and disputes that name their charge alone as those of its payment, where it is known."""
        known = self.names if self.charged else {}
        told = {
            name: replace(each, payment_key=known[each.payment_key])
            for name, each in self.charged.items()
            if each.payment_key in known
        }
        return replace(self, facts={**self.facts, **told}) if told else self

    def untold(self) -> list[str]:
        """The charges that refunds or disputes of the window name alone, and whose payment is not known."""
        within = (each for each in self.charged.values() if self.window.holds(each.created))
        return sorted({each.payment_key for each in within} - self.names.keys())

    def joined(self, others: Iterable[Pulled]) -> Pulled:
        """With what was read later of single payments."""
        # They are joined among themselves first: each join copies what it is joined to.
        first, *rest = (*others, None)
        return self if first is None else self._with(reduce(Pulled._with, filter(None, rest), first))

    def _with(self, other: Pulled) -> Pulled:
        return replace(
            self,
            sessions={**self.sessions, **other.sessions},
            intents={**self.intents, **other.intents},
            facts={**self.facts, **other.facts},
            charged={**self.charged, **other.charged},
            asked=self.asked | other.asked,
            absent=self.absent | other.absent,
            unreadable=tuple(dict.fromkeys((*self.unreadable, *other.unreadable))),
            contents=self.contents.joined(other.contents),
            asked_names={**self.asked_names, **other.asked_names},
            charges={**self.charges, **other.charges},
            rest_names=self.rest_names | other.rest_names,
            counted=self.counted if other.counted is None else other.counted,
        ).told()


def as_pulled(payment: PaymentFacts, asked: str, window: Window, started: int) -> Pulled:
    """One payment that was asked for by a key, as part of what was pulled."""
    return Pulled(
        window,
        started,
        sessions={} if payment.sold is None else {payment.sold.session.id: payment.sold},
        intents={} if payment.intent is None else {payment.intent.id: payment.intent},
        facts={fact.object_id: fact for fact in payment.facts},
        asked=frozenset((asked,)),
        absent=frozenset((asked,) if payment.absent else ()),
        unreadable=payment.unreadable,
        asked_names={} if payment.asked is None else {payment.asked: payment.key},
        charges={} if payment.charge is None else {payment.key: payment.charge},
    )
