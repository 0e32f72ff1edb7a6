"""Payment facts: what was read of Stripe about payments, as values that every judgement works from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from creditctl.core.entitlement.facts import Fact, SessionFacts, text, whole
from creditctl.core.entitlement.fields import id_of, metadata_of, optional_text
from creditctl.core.entitlement.prices import LineItem
from creditctl.core.metadata import is_managed

_BILLING = ("Subscription ", "Payment for Invoice", "Invoice ")


def billing_words(description: str | None) -> str | None:
    """The words by which a description says that a payment is of an invoice; None where it says anything else.

    Source: Stripe documentation, "Billing": payments of invoices are described as "Subscription creation",
            "Subscription update" or "Payment for Invoice".
    """
    return next((words for words in _BILLING if (description or "").startswith(words)), None)


@dataclass(frozen=True, slots=True)
class ChargeFacts:
    """The latest charge of a payment intent, or one without.

    Shape:  `method` is the type of its payment method, such as `card`.
    Units:  `amount` in minor units of `currency`, `created` in Unix seconds.
    Source: Stripe API reference, "The Charge object".
    """

    id: str
    created: int
    status: str | None = None
    amount: int | None = None
    currency: str | None = None
    method: str | None = None

    @classmethod
    def from_stripe(cls, data: Mapping[str, Any]) -> ChargeFacts:
        """The facts in a charge. Errors: MalformedFact."""
        details, amount = data.get("payment_method_details"), data.get("amount")
        return cls(
            id=text(data, "id"),
            created=whole(data, "created"),
            status=optional_text(data, "status"),
            amount=amount if isinstance(amount, int) else None,
            currency=optional_text(data, "currency"),
            method=optional_text(details, "type") if isinstance(details, Mapping) else None,
        )


@dataclass(frozen=True, slots=True)
class IntentFacts:
    """A payment intent as far as credits depend on it.

    Shape:  of its `description` what `billing_words` says; the rest is free text, which may name a person.
    Units:  amounts in minor units of `currency`; `created` in Unix seconds.
    Source: Stripe API reference, "The PaymentIntent object".
    """

    id: str
    status: str
    amount_received: int
    currency: str
    metadata: Mapping[str, str]
    created: int
    amount: int | None = None
    charge: ChargeFacts | None = None
    charge_id: str | None = None
    description: str | None = None
    invoice: str | None = None

    @property
    def managed(self) -> bool:
        """Whether it says of itself that it is ours."""
        return is_managed(self.metadata)

    @property
    def paid(self) -> int:
        """When it was paid: the time of its latest charge, where that is known."""
        return self.created if self.charge is None else self.charge.created

    @classmethod
    def from_stripe(cls, data: Mapping[str, Any]) -> IntentFacts:
        """The facts in a payment intent, its latest charge expanded or not.

        Errors: MalformedFact.
        """
        charge, amount = data.get("latest_charge"), data.get("amount")
        return cls(
            id=text(data, "id"),
            status=text(data, "status"),
            amount_received=whole(data, "amount_received"),
            currency=text(data, "currency").lower(),
            metadata=metadata_of(data),
            created=whole(data, "created"),
            amount=amount if isinstance(amount, int) else None,
            charge=ChargeFacts.from_stripe(charge) if isinstance(charge, Mapping) else None,
            charge_id=id_of(charge),
            description=billing_words(optional_text(data, "description")),
            invoice=id_of(data.get("invoice")),
        )


@dataclass(frozen=True, slots=True)
class SoldSession:
    """A checkout session, with its line items where only they can say what was sold."""

    session: SessionFacts
    items: tuple[LineItem, ...] | None = None
    success_url: str | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An object of Stripe's that lacks what every such object has; its payment cannot be judged."""

    path: str
    id: str
    reason: str
    payment_key: str | None = None


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    """Everything that Stripe says of one payment.

    Shape: `key` is the payment intent, or the session where there is none; `absent` means that Stripe was asked and
           does not know it. `asked` is the name by which it was asked for, where that was another. `charge` is a
           charge that belongs to no payment intent, so to no session either; then `key` is its id. `unasked` is one
           that only entries name, and nobody asked for.
    Source: Stripe documentation, "Charges API": charges could be made directly before payment intents, and still can.
    """

    key: str
    sold: SoldSession | None = None
    intent: IntentFacts | None = None
    facts: tuple[Fact, ...] = ()
    absent: bool = False
    unreadable: tuple[Unreadable, ...] = ()
    asked: str | None = None
    charge: ChargeFacts | None = None
    unasked: bool = False

    @property
    def other_names(self) -> frozenset[str]:
        """What entries may call it instead of its key: its session, invoice, and charges as far as known."""
        session_id = None if self.sold is None else self.sold.session.id
        invoice = None if self.sold is None else self.sold.session.invoice
        charge_id = None if self.intent is None else self.intent.charge_id
        names = {session_id, invoice, charge_id, self.asked, *(fact.charge_id for fact in self.facts)}
        return frozenset(name for name in names if name and name != self.key)
