"""Early fraud warnings and reviews end with what becomes of their charge."""

import pytest

from tests.emulator.world import Inside

WAYS = "automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never"
PAY = f"amount=1000&currency=usd&confirm=true&{WAYS}"


def paid(ask: Inside, card: str) -> str:
    made: str = ask("POST", "/v1/payment_intents", f"{PAY}&payment_method={card}")[1]["id"]
    return made


@pytest.mark.parametrize(
    ("form", "actionable", "reason"),
    [("&amount=1", True, None), ("", False, "refunded"), ("&reason=fraudulent", False, "refunded_as_fraud")],
)
def test_a_full_refund_ends_them(ask: Inside, form: str, actionable: bool, reason: str | None) -> None:
    """Source: Stripe API reference: actionable until disputed or fully refunded; `closed_reason` of a review."""
    warned, reviewed = paid(ask, "pm_card_createIssuerFraudRecord"), paid(ask, "pm_card_riskLevelElevated")
    for intent in (warned, reviewed):
        ask("POST", "/v1/refunds", f"payment_intent={intent}{form}")
    [warning] = ask("GET", "/v1/radar/early_fraud_warnings")[1]["data"]
    [review] = ask("GET", "/v1/reviews")[1]["data"]
    assert (warning["actionable"], review["open"], review["closed_reason"]) == (actionable, actionable, reason)
    types = [event["type"] for event in ask("GET", "/v1/events", "limit=100")[1]["data"]]
    ended = {"radar.early_fraud_warning.updated", "review.closed"}
    assert ended & set(types) == (set() if actionable else ended)


def test_a_dispute_ends_them(ask: Inside) -> None:
    for card in ("pm_card_createIssuerFraudRecord", "pm_card_riskLevelElevated"):
        ask.control("/disputes", payment_intent=paid(ask, card))
    [warning] = ask("GET", "/v1/radar/early_fraud_warnings")[1]["data"]
    [review] = ask("GET", "/v1/reviews")[1]["data"]
    assert (warning["actionable"], review["open"], review["closed_reason"]) == (False, False, "disputed")
