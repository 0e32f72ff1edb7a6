"""The body of a Checkout Session.

Source: Stripe API reference, "Checkout Sessions".
"""

from typing import Any

from creditctl.emulator.call import Call
from creditctl.emulator.discounts import Discount
from creditctl.emulator.kinds import Body
from creditctl.emulator.resources.common import given_metadata
from creditctl.emulator.resources.intent_bodies import usable_types
from creditctl.emulator.versions import UI_MODES

DAY_SECONDS = 86_400


def new_session(call: Call, params: Body, items: list[Body], discount: Discount | None, currency: str) -> Body:
    """The body of a new session."""
    subtotal = sum(item["amount_subtotal"] for item in items)
    off = sum(item["amount_discount"] for item in items)
    ui_mode = UI_MODES.get(params.get("ui_mode", ""), params.get("ui_mode")) or "hosted_page"
    session_id = f"cs_{'live' if call.scope.livemode else 'test'}_a1{call.services.ids.token(56)}"
    hosted = ui_mode == "hosted_page"
    body = {
        "id": session_id,
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": (params.get("adaptive_pricing") or {}).get("enabled", False)},
        "after_expiration": _after_expiration(params),
        "allow_promotion_codes": params.get("allow_promotion_codes"),
        "amount_subtotal": subtotal,
        "amount_total": subtotal - off,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": params.get("billing_address_collection"),
        "branding_settings": _branding(),
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "client_secret": None if hosted else f"{session_id}_secret_{call.services.ids.token(25)}",
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "created": call.now,
        "currency": currency,
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": _custom_text(params.get("custom_text") or {}),
        "customer": params.get("customer"),
        "customer_account": None,
        "customer_creation": None if params.get("customer") else params.get("customer_creation", "if_required"),
        "customer_details": _details(params.get("customer_email")),
        "customer_email": params.get("customer_email"),
        "discounts": [discount.shown()] if discount else [],
        "expires_at": params.get("expires_at") or call.now + DAY_SECONDS,
        "integration_identifier": params.get("integration_identifier"),
        "invoice": None,
        "invoice_creation": _invoice_creation(),
        "livemode": call.scope.livemode,
        "locale": params.get("locale"),
        "managed_payments": {"enabled": False},
        "metadata": given_metadata(params),
        "mode": "payment",
        "origin_context": params.get("origin_context"),
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required",
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": usable_types(params, currency),
        "payment_status": "unpaid" if subtotal - off else "no_payment_required",
        "permissions": None,
        "phone_number_collection": {"enabled": False},
        "recovered_from": None,
        "saved_payment_method_options": None,
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": params.get("submit_type"),
        "subscription": None,
        "success_url": params.get("success_url"),
        "total_details": {"amount_discount": off, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": ui_mode,
        "url": page_url(call, session_id) if hosted else None,
        "wallet_options": None,
    }
    return body | _optional(params, hosted)


def _optional(params: Body, hosted: bool) -> Body:
    """Keys that are there only when set."""
    names = ("allowed_payment_method_types", "excluded_payment_method_types")
    found: dict[str, Any] = {name: params[name] for name in names if params.get(name)}
    if not hosted:
        found |= {
            "redirect_on_completion": params.get("redirect_on_completion", "always"),
            "return_url": params.get("return_url"),
        }
    return found


def page_url(call: Call, session_id: str) -> str:
    """Where the buyer pays: on the server that was asked, or where Stripe's page would be."""
    return f"{call.base_url}/c/pay/{session_id}"


def _after_expiration(params: Body) -> Body | None:
    recovery = (params.get("after_expiration") or {}).get("recovery")
    if not recovery:
        return None
    return {
        "recovery": {
            "allow_promotion_codes": recovery.get("allow_promotion_codes", False),
            "enabled": recovery.get("enabled", False),
            "expires_at": None,
            "url": None,
        }
    }


def _branding() -> Body:
    return {
        "background_color": "#ffffff",
        "border_style": "rounded",
        "button_color": "#0074d4",
        "display_name": "creditctl emulator",
        "font_family": "default",
        "icon": None,
        "logo": None,
    }


def _custom_text(given: Body) -> Body:
    names = ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
    return {name: given.get(name) or None for name in names}


def _details(email: str | None) -> Body | None:
    return customer_details(email, {}) | {"tax_ids": None} if email else None


def customer_details(email: str | None, billing: Body) -> Body:
    """Who paid, as the page collected it."""
    return {
        "address": billing.get("address"),
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": billing.get("name"),
        "phone": billing.get("phone"),
        "tax_exempt": "none",
        "tax_ids": [],
    }


def _invoice_creation() -> Body:
    return {
        "enabled": False,
        "invoice_data": {
            "account_tax_ids": None,
            "custom_fields": None,
            "description": None,
            "footer": None,
            "issuer": None,
            "metadata": {},
            "rendering_options": None,
        },
    }
