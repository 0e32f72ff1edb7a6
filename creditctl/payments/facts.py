"""What was read of Stripe, as values that everything after the pull works from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from creditctl.core.entitlement.facts import Fact, LineItem, SessionFacts, text, whole
from creditctl.core.metadata import is_managed
from creditctl.core.when import Window


@dataclass(frozen=True, slots=True)
class IntentFacts:
    """A payment intent as far as credits depend on it.

    Units:  amounts in minor units of `currency`; `created` and `paid` in Unix seconds, `paid` being the time of its
            latest charge where that is known.
    Source: Stripe API reference, "The PaymentIntent object".
    """

    id: str
    status: str
    amount_received: int
    currency: str
    metadata: Mapping[str, str]
    created: int
    paid: int

    @property
    def managed(self) -> bool:
        """Whether it says of itself that it is ours."""
        return is_managed(self.metadata)

    @classmethod
    def from_stripe(cls, data: Mapping[str, Any]) -> IntentFacts:
        """The facts in a payment intent, its latest charge expanded or not.

        Errors: MalformedFact.
        """
        charge, metadata = data.get("latest_charge"), data.get("metadata")
        created = whole(data, "created")
        return cls(
            id=text(data, "id"),
            status=text(data, "status"),
            amount_received=whole(data, "amount_received"),
            currency=text(data, "currency").lower(),
            metadata=metadata if isinstance(metadata, Mapping) else {},
            created=created,
            paid=whole(charge, "created") if isinstance(charge, Mapping) else created,
        )


@dataclass(frozen=True, slots=True)
class SoldSession:
    """A checkout session, with its line items where only they can say what was sold."""

    session: SessionFacts
    items: tuple[LineItem, ...] | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An object of Stripe's that lacks what every such object has; its payment cannot be judged."""

    path: str
    id: str
    reason: str
    payment_key: str | None = None


@dataclass(frozen=True, slots=True)
class Pulled:
    """Everything that one run read of Stripe.

    Shape:  sessions, intents and facts by their ids; `asked` are payments that were asked for one by one, `absent`
            those of them that Stripe does not know; `gaps` are sentences about what two lists say of each other that
            cannot be if both are whole.
    Units:  `started` in Unix seconds: what the ledger wrote since then may be newer than what was read.
    """

    window: Window
    started: int
    sessions: Mapping[str, SoldSession] = field(default_factory=dict)
    intents: Mapping[str, IntentFacts] = field(default_factory=dict)
    facts: Mapping[str, Fact] = field(default_factory=dict)
    asked: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    unreadable: tuple[Unreadable, ...] = ()
    gaps: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether nothing speaks against having read everything."""
        return not self.gaps

    @property
    def settled_keys(self) -> frozenset[str]:
        """Every payment, by either name, of which the lists show the session, or show that it has none.

        Shape: an intent from before the window may belong to a session that is older than what was listed.
        """
        since = self.window.since
        alone = (each.id for each in self.intents.values() if since is None or each.created >= since)
        return frozenset((*self.sessions, *(sold.session.payment_key for sold in self.sessions.values()), *alone))

    def joined(self, others: Iterable[Pulled]) -> Pulled:
        """With what was read later of single payments."""
        whole_picture = self
        for other in others:
            whole_picture = replace(
                whole_picture,
                sessions={**whole_picture.sessions, **other.sessions},
                intents={**whole_picture.intents, **other.intents},
                facts={**whole_picture.facts, **other.facts},
                asked=whole_picture.asked | other.asked,
                absent=whole_picture.absent | other.absent,
                unreadable=tuple(dict.fromkeys((*whole_picture.unreadable, *other.unreadable))),
                gaps=(*whole_picture.gaps, *other.gaps),
            )
        return whole_picture
