"""The body of a dispute.

Source: Stripe API reference, "Disputes".
"""

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.protocol.durations import DAY_SECONDS
from creditctl.emulator.storage.object_types import Body

_EVIDENCE_TEXTS = """
access_activity_log billing_address cancellation_policy cancellation_policy_disclosure cancellation_rebuttal
customer_communication customer_email_address customer_name customer_purchase_ip customer_signature
duplicate_charge_documentation duplicate_charge_explanation duplicate_charge_id product_description receipt
refund_policy refund_policy_disclosure refund_refusal_explanation service_date service_documentation shipping_address
shipping_carrier shipping_date shipping_documentation shipping_tracking_number uncategorized_file uncategorized_text
"""
EVIDENCE_TEXTS = tuple(_EVIDENCE_TEXTS.split())
"""The parts of the evidence that are text (or a file's id)."""
_EVIDENCE_FILES_TEXT = """
cancellation_policy customer_communication customer_signature duplicate_charge_documentation receipt refund_policy
service_documentation shipping_documentation uncategorized_file
"""
EVIDENCE_FILES = tuple(_EVIDENCE_FILES_TEXT.split())
"""Those that name a file."""
_LONG_EVIDENCE_TEXT = """
access_activity_log cancellation_policy_disclosure cancellation_rebuttal duplicate_charge_explanation
product_description refund_policy_disclosure refund_refusal_explanation uncategorized_text
"""
LONG_EVIDENCE = tuple(_LONG_EVIDENCE_TEXT.split())
"""Those that may have 20,000 characters; the others may have 5,000. Source: Stripe's OpenAPI description."""


def evidence_due_by(now: int) -> int:
    """When the evidence is due: the last second of the eighth day after this one, UTC."""
    return (now // DAY_SECONDS + 9) * DAY_SECONDS - 1


def new_dispute(context: RequestContext, charge: Body, amount: int, reason: str, network_code: str, kind: str) -> Body:
    """The body of a dispute that was just opened."""
    inquiry = kind == "inquiry"
    brand = charge["payment_method_details"].get("card", {}).get("brand", "visa")
    return {
        "id": context.new_id("du_"),
        "object": "dispute",
        "amount": amount,
        "balance_transaction": None,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": context.now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": _eligibility(kind),
        "evidence": {**dict.fromkeys(sorted([*EVIDENCE_TEXTS, "appeal"])), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": evidence_due_by(context.now),
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "intended_submission_method": None,
        "is_charge_refundable": inquiry,
        "livemode": context.scope.livemode,
        "metadata": {},
        "network_reason_code": network_code,
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "type": "card",
            "card": {
                "brand": brand,
                "case_type": "inquiry" if inquiry else "compliance" if kind == "compliance" else "chargeback",
                "network": brand,
                "network_reason_code": network_code,
            },
        },
        "reason": reason,
        "status": "warning_needs_response" if inquiry else "needs_response",
    }


def _eligibility(kind: str) -> list[str]:
    return {"ce3": ["visa_compelling_evidence_3"], "compliance": ["visa_compliance"]}.get(kind, [])
