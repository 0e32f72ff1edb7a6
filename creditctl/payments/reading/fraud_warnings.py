"""Early fraud warnings: what issuers reported as fraud though no dispute was opened yet, read of Stripe by payment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from creditctl.core.entitlement.facts import MalformedFact, id_of, text, whole
from creditctl.core.errors import ConfigurationError, StripeRefused
from creditctl.payments.reading.stripe_reader import FRAUD_WARNINGS, StripeReader

ACTED_ON_SECONDS = 180 * 86_400
"""How old a warning may be that something can still be done about: the dispute that it warns of comes before.

Source: Stripe documentation, "How disputes work": cardholders dispute within 120 days as a rule; some may later.
"""


@dataclass(frozen=True, slots=True)
class FraudWarning:
    """A warning about one payment. Units: `created` in Unix seconds."""

    id: str
    payment_key: str
    created: int


def read_fraud_warnings(stripe: StripeReader, now: int, since: int | None = None) -> dict[str, FraudWarning]:
    """The warnings that something can still be done about, by payment; none where Stripe refuses to list them.

    Shape:  those since a moment, and none that are too old to be acted on: each night would read all of history. They
            say nothing about credits, so that a key without the permission, or a warning of a shape that nobody knows,
            stops no run.
    Units:  Unix seconds.
    Errors: Unreachable where Stripe does not answer.
    Source: Stripe API reference, "The Early Fraud Warning object": `actionable` where it was neither refunded nor
            disputed; "List all early fraud warnings".
    """
    found: dict[str, FraudWarning] = {}
    oldest = max(since or 0, now - ACTED_ON_SECONDS, 0)
    try:
        for body in stripe.list(FRAUD_WARNINGS, {"created": {"gte": oldest}}):
            payment = id_of(body.get("payment_intent")) or id_of(body.get("charge"))
            if body.get("actionable") is True and payment is not None:
                found[payment] = _warning(body, payment)
    except (ConfigurationError, StripeRefused, MalformedFact):
        return found
    return found


def _warning(body: Mapping[str, Any], payment_key: str) -> FraudWarning:
    return FraudWarning(text(body, "id"), payment_key, whole(body, "created"))
