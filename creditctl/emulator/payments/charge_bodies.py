"""The body of a charge, with what it says about its card and its outcome.

Source: Stripe API reference, "Charges"; recorded test-mode charges of 2026 for the card details.
"""

from functools import lru_cache

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
_PREFIX, LONGEST_DESCRIPTOR = "Stripe", 22
_FROM_INTENT = tuple(_FROM_INTENT_TEXT.split())
_OTHERS_TEXT = """
id object amount amount_captured amount_refunded billing_details calculated_statement_descriptor captured created
disputed failure_code failure_message fraud_details livemode metadata outcome paid payment_intent payment_method
payment_method_details radar_options receipt_url refunded status
"""
_EMPTY = in_wire_order(
    dict.fromkeys(f"{_UNUSED_TEXT} {_FROM_INTENT_TEXT} {_OTHERS_TEXT}".split())
    | {
        "object": "charge",
        "amount_captured": 0,
        "amount_refunded": 0,
        "disputed": False,
        "refunded": False,
    }
)
"""A new charge before anything is known, in the order of the wire; what a later step fills stays null."""


def new_charge(
    context: RequestContext, intent: Body, method: PaymentMethod, status: str, decline: Decline | None, card_3ds: bool
) -> Body:
    """The body of a new charge of an intent's amount: `succeeded`, `pending` or `failed`."""
    shown, card = method.body, None if method.delayed else method.card
    # A copy of all keys that is filled in place: a payment's largest body is the one that costs the most to build.
    body = _EMPTY.copy()
    body["id"] = context.services.ids.relative("ch_" if card else "py_", intent["id"], "0")
    for name in _FROM_INTENT:
        body[name] = intent[name]
    body["amount"] = intent["amount"]
    if status == "succeeded" and intent["capture_method"] != "manual":
        body["captured"], body["amount_captured"] = True, intent["amount"]
    else:
        body["captured"] = False
    body["billing_details"] = shown["billing_details"]
    if card is not None:
        body["calculated_statement_descriptor"] = on_statement(intent["statement_descriptor_suffix"])
    body["created"], body["livemode"] = context.now, context.scope.livemode
    if decline is not None:
        body["failure_code"], body["failure_message"] = decline.code, decline.message
    body["fraud_details"], body["radar_options"] = {}, {}
    body["metadata"] = intent["metadata"].copy()
    body["outcome"] = outcome(card, decline, status)
    body["paid"], body["status"] = status == "succeeded", status
    body["payment_intent"], body["payment_method"] = intent["id"], shown["id"]
    body["payment_method_details"] = (
        _bank_details(method)
        if card is None
        else {"type": "card", "card": _card_details(context, intent, method, card, card_3ds, status)}
    )
    if status != "failed":
        body["receipt_url"] = receipt_url(context)
    return body


def on_statement(suffix: str | None) -> str:
    """What a card's statement shows: the account's prefix, as recorded in test mode, and what the payment adds.

    Source: Stripe docs, "Statement descriptors": prefix, `*`, space, suffix, cut to 22 characters. Bank debits have
    none (stripe-python 16.1: "only exists for card payments").
    """
    return f"{_PREFIX}* {suffix}"[:LONGEST_DESCRIPTOR] if suffix else _PREFIX


def receipt_url(context: RequestContext) -> str:
    """A receipt's address; its token changes whenever the charge does."""
    return f"https://pay.stripe.com/receipts/payment/{context.services.ids.token(60)}"


def outcome(card: Card | None, decline: Decline | None, status: str) -> Body:
    """The `outcome` of a charge: network status, reason, risk, message to the seller."""
    body = _approved(card.risk if card else None, status == "pending").copy()
    if decline is None:
        return body
    body["advice_code"], body["network_advice_code"] = decline.advice_code, decline.network_advice
    body["network_decline_code"] = decline.network_code
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


@lru_cache(maxsize=16)
def _approved(risk: str | None, pending: bool) -> Body:
    """The outcome where the bank agrees; each charge fills a copy."""
    # What Radar did not look at has no score. Source: a recorded bank debit's outcome.
    score = {} if risk is None else {"risk_score": _RISK_SCORES.get(risk, 41)}
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "approved_by_network",
        "reason": None,
        "risk_level": risk or "not_assessed",
        **score,
        "seller_message": "Payment pending." if pending else "Payment complete.",
        "type": "authorized",
    }


_BLOCKED_MESSAGES = {
    "highest_risk_level": "Stripe blocked this payment as too risky.",
    "rule": "Your account's rules blocked this payment.",
}
_RISK_SCORES = {"normal": 41, "elevated": 65, "highest": 85}


def _bank_details(method: PaymentMethod) -> Body:
    type_ = method.body["type"]
    details = {k: v for k, v in method.body[type_].items() if k != "generated_from"}
    return {"type": type_, type_: {**details, "mandate": None}}


_NO_CARD_DETAILS: Body = dict.fromkeys(
    (
        "amount_authorized", "authorization_code", "brand", "checks", "country", "electronic_commerce_indicator",
        "exp_month", "exp_year", "extended_authorization", "fingerprint", "funding", "incremental_authorization",
        "installments", "last4", "mandate", "multicapture", "network", "network_token", "network_transaction_id",
        "overcapture", "regulated_status", "setup_credential_usage", "stored_credential_usage", "three_d_secure",
        "transaction_link_id", "wallet",
    )
) | {"regulated_status": "unregulated"}  # fmt: skip


def _card_details(
    context: RequestContext, intent: Body, method: PaymentMethod, card: Card, card_3ds: bool, status: str
) -> Body:
    """What a charge says of its card; only one that waits for its capture says until when."""
    shown, ids = method.body["card"], context.services.ids
    details = _NO_CARD_DETAILS.copy()
    if status != "failed":
        details["amount_authorized"] = intent["amount"]
    details["authorization_code"] = ids.digits(6)
    details["brand"] = details["network"] = card.brand
    details["checks"] = checks(method, card)
    details["country"], details["funding"], details["last4"] = card.country, card.funding, card.last4
    details["electronic_commerce_indicator"] = "05" if card_3ds else "07"
    details["exp_month"], details["exp_year"] = shown["exp_month"], shown["exp_year"]
    details["extended_authorization"] = {"status": "disabled"}
    details["fingerprint"] = shown["fingerprint"]
    details["incremental_authorization"] = {"status": "unavailable"}
    details["multicapture"] = {"status": "unavailable"}
    details["network_token"] = {"used": False}
    details["network_transaction_id"] = ids.digits(15)
    details["overcapture"] = {"maximum_amount_capturable": intent["amount"], "status": "unavailable"}
    if card_3ds:
        details["three_d_secure"] = _three_d_secure(context)
    if status == "succeeded" and intent["capture_method"] == "manual":
        return _with_capture_before(details, context.now + AUTHORIZATION_SECONDS)
    return details


def _with_capture_before(details: Body, moment: int) -> Body:
    """The details of a card with `capture_before`, in its place after `brand`."""
    before = {name: details[name] for name in ("amount_authorized", "authorization_code", "brand")}
    return {**before, "capture_before": moment, **details}


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
