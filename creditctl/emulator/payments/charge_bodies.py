"""The body of a charge, with what it says about its card and its outcome.

Source: Stripe API reference, "Charges"; recorded test-mode charges of 2026 for the card details.
"""

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.payments.cards import Card, Decline
from creditctl.emulator.payments.methods import PaymentMethod
from creditctl.emulator.protocol.durations import DAY_SECONDS
from creditctl.emulator.storage.object_types import Body, in_wire_order

AUTHORIZATION_SECONDS = 7 * DAY_SECONDS
"""Source: Stripe docs, "Place a hold on a payment method": seven days for cards."""
_UNUSED_TEXT = """
application application_fee application_fee_amount balance_transaction destination dispute failure_balance_transaction
on_behalf_of order receipt_number review source source_transfer transfer_data
"""
_FROM_INTENT_TEXT = """
currency customer description receipt_email shipping statement_descriptor statement_descriptor_suffix transfer_group
"""
_FROM_INTENT = tuple(_FROM_INTENT_TEXT.split())
_OTHERS_TEXT = """
id object amount amount_captured amount_refunded billing_details calculated_statement_descriptor captured created
disputed failure_code failure_message fraud_details livemode metadata outcome paid payment_intent payment_method
payment_method_details radar_options receipt_url refunded status
"""
_EMPTY = in_wire_order(dict.fromkeys(f"{_UNUSED_TEXT} {_FROM_INTENT_TEXT} {_OTHERS_TEXT}".split()))
"""A new charge before anything is known, in the order of the wire; what a later step fills stays null."""


def new_charge(
    context: RequestContext, intent: Body, method: PaymentMethod, status: str, decline: Decline | None, card_3ds: bool
) -> Body:
    """The body of a new charge of an intent's amount: `succeeded`, `pending` or `failed`."""
    failed, delayed = status == "failed", method.delayed
    captured = status == "succeeded" and intent["capture_method"] != "manual"
    charge_id = context.services.ids.relative("py_" if delayed else "ch_", intent["id"], "0")
    return {
        **_EMPTY,
        **{name: intent[name] for name in _FROM_INTENT},
        "id": charge_id,
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if captured else 0,
        "amount_refunded": 0,
        "billing_details": method.body["billing_details"],
        "calculated_statement_descriptor": "Stripe",
        "captured": captured,
        "created": context.now,
        "disputed": False,
        "failure_code": decline.code if decline else None,
        "failure_message": decline.message if decline else None,
        "fraud_details": {},
        "livemode": context.scope.livemode,
        "metadata": dict(intent["metadata"]),
        "outcome": outcome(None if delayed else method.card, decline, status),
        "paid": status == "succeeded",
        "payment_intent": intent["id"],
        "payment_method": method.body["id"],
        "payment_method_details": method_details(context, intent, method, card_3ds, status),
        "radar_options": {},
        "receipt_url": None if failed else receipt_url(context),
        "refunded": False,
        "status": status,
    }


def receipt_url(context: RequestContext) -> str:
    """A receipt's address; its token changes whenever the charge does."""
    return f"https://pay.stripe.com/receipts/payment/{context.services.ids.token(60)}"


def outcome(card: Card | None, decline: Decline | None, status: str) -> Body:
    """The `outcome` of a charge: network status, reason, risk, message to the seller."""
    body: Body = {
        "advice_code": decline.advice_code if decline else None,
        "network_advice_code": decline.network_advice if decline else None,
        "network_decline_code": decline.network_code if decline else None,
        "network_status": "approved_by_network",
        "reason": None,
        "risk_level": card.risk if card else "not_assessed",
        # What Radar did not look at has no score. Source: a recorded bank debit's outcome.
        **({"risk_score": _RISK_SCORES.get(card.risk, 41)} if card else {}),
        "seller_message": "Payment complete." if status != "pending" else "Payment pending.",
        "type": "authorized",
    }
    if decline is None:
        return body
    if decline.blocked:
        return body | {
            "network_status": "reversed_after_approval" if decline.reversed else "not_sent_to_network",
            "reason": decline.blocked,
            "seller_message": _BLOCKED_MESSAGES[decline.blocked],
            "type": "blocked",
        }
    return body | {
        "network_status": "declined_by_network",
        "reason": decline.decline_code or decline.code,
        "seller_message": "The bank did not return any further details with this decline.",
        "type": "issuer_declined",
    }


_BLOCKED_MESSAGES = {
    "highest_risk_level": "Stripe blocked this payment as too risky.",
    "rule": "Your account's rules blocked this payment.",
}
_RISK_SCORES = {"normal": 41, "elevated": 65, "highest": 85}


def method_details(context: RequestContext, intent: Body, method: PaymentMethod, card_3ds: bool, status: str) -> Body:
    """`payment_method_details`; only a charge that waits for its capture says until when."""
    type_ = method.body["type"]
    if type_ != "card":
        details = {k: v for k, v in method.body[type_].items() if k != "generated_from"}
        return {"type": type_, type_: {**details, "mandate": None}}
    card, shown = method.card, method.body["card"]
    waits = status == "succeeded" and intent["capture_method"] == "manual"
    return {
        "type": "card",
        "card": {
            "amount_authorized": None if status == "failed" else intent["amount"],
            "authorization_code": context.services.ids.digits(6),
            "brand": card.brand,
            **({"capture_before": context.now + AUTHORIZATION_SECONDS} if waits else {}),
            "checks": checks(method, card),
            "country": card.country,
            "electronic_commerce_indicator": "05" if card_3ds else "07",
            "exp_month": shown["exp_month"],
            "exp_year": shown["exp_year"],
            "extended_authorization": {"status": "disabled"},
            "fingerprint": shown["fingerprint"],
            "funding": card.funding,
            "incremental_authorization": {"status": "unavailable"},
            "installments": None,
            "last4": card.last4,
            "mandate": None,
            "multicapture": {"status": "unavailable"},
            "network": card.brand,
            "network_token": {"used": False},
            "network_transaction_id": context.services.ids.digits(15),
            "overcapture": {"maximum_amount_capturable": intent["amount"], "status": "unavailable"},
            "regulated_status": "unregulated",
            "setup_credential_usage": None,
            "stored_credential_usage": None,
            "three_d_secure": _three_d_secure(context) if card_3ds else None,
            "transaction_link_id": None,
            "wallet": None,
        },
    }


def checks(method: PaymentMethod, card: Card) -> Body:
    """The `checks` of address and CVC by the issuer; only what was given is checked."""
    address = method.body["billing_details"]["address"]
    return {
        "address_line1_check": card.line1_check if address["line1"] else None,
        "address_postal_code_check": card.postal_check if address["postal_code"] else None,
        "cvc_check": card.cvc_check,
    }


def _three_d_secure(context: RequestContext) -> Body:
    return {
        "authentication_flow": "challenge",
        "electronic_commerce_indicator": "05",
        "exemption_indicator": None,
        "result": "authenticated",
        "result_reason": None,
        "transaction_id": context.services.ids.token(36),
        "version": "2.2.0",
    }
