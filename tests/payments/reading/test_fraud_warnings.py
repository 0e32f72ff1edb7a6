"""Early fraud warnings are read as far back as anybody can act on them, and no further."""

from __future__ import annotations

from creditctl.payments.reading.fraud_warnings import ACTED_ON_SECONDS, read_fraud_warnings
from creditctl.payments.reading.stripe_reader import StripeReader
from tests.support.payment_shop import Shop


def test_a_night_does_not_read_the_warnings_of_all_history(shop: Shop) -> None:
    for name, age in (("new", 60), ("old", ACTED_ON_SECONDS + 60)):
        made = shop.now - age
        warning = {"id": f"issfr_{name}", "payment_intent": f"pi_{name}", "actionable": True, "created": made}
        shop.shelf.put("radar/early_fraud_warnings", warning)

    assert read_fraud_warnings(StripeReader(shop.client), shop.now).keys() == {"pi_new"}
    assert read_fraud_warnings(StripeReader(shop.client), shop.now, shop.now - 30) == {}
