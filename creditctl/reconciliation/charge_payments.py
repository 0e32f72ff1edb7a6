"""Charge payments: whose refunds and disputes are that name their charge and no payment intent.

Source: Stripe API reference, "The Refund object" and "The Dispute object": payment_intent is nullable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from creditctl.core.entitlement.fields import id_of
from creditctl.core.errors import ConfigurationError
from creditctl.payments.reading.reader import PaymentReader
from creditctl.payments.reading.stripe_reader import CHARGES
from creditctl.reconciliation.pulled import Pulled

_LISTED_SECONDS = 86_400
"""How long lists may take to be read."""


@dataclass(frozen=True)
class ChargePayments:
    """Asks Stripe for the payment intents of charges, each once. Errors: those of the reader."""

    reader: PaymentReader
    answers: dict[str, str | None] = field(default_factory=dict)

    def payment(self, charge: str) -> str | None:
        """The payment intent of a charge, or the charge where it belongs to none; None where Stripe does not say."""
        if charge not in self.answers:
            self.answers[charge] = self._ask(charge)
        return self.answers[charge]

    def told(self, found: Pulled) -> Pulled:
        """With what Stripe says of charges in a window whose payments are older; of everything, the lists say it."""
        if found.window.unbounded:
            return found
        known = {charge: self.payment(charge) for charge in found.untold()}
        intents = {charge: each for charge, each in known.items() if each is not None and each != charge}
        return replace(found, asked_names={**found.asked_names, **intents}).told() if intents else found

    def _ask(self, charge: str) -> str | None:
        try:
            body = self.reader.stripe.one(CHARGES, charge)
        except ConfigurationError as error:
            if error.code != "stripe.permission":
                raise
            return None
        return None if body is None else id_of(body.get("payment_intent")) or charge


def returns_by_charge(found: Pulled) -> Mapping[str, str]:
    """The payment of each refund or dispute that names its charge alone; of a bare charge it is the charge. Pure.

    Shape: a charge that no listed payment has may be one that was made while the lists were read, unless it is older.
    """
    known = {name: found.names.get(each.payment_key) for name, each in found.charged.items()}
    bare = {name for name, each in found.charged.items() if each.created < found.started - _LISTED_SECONDS}
    return {name: key or found.charged[name].payment_key for name, key in known.items() if key or name in bare}
