"""The body of a Checkout Session.

Source: Stripe API reference, "Checkout Sessions".
"""

from typing import Any

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.updates import given_metadata
from creditctl.emulator.payments.discounts import Discount
from creditctl.emulator.protocol.durations import DAY_SECONDS
from creditctl.emulator.protocol.versions import UI_MODES
from creditctl.emulator.resources.checkout.custom_fields import shown_fields
from creditctl.emulator.resources.core.payment_intents.bodies import method_configuration, usable_types
from creditctl.emulator.storage.object_types import Body, in_wire_order


def new_session(
    context: RequestContext, params: Body, amounts: Body, discount: Discount | None, currency: str, email: str | None
) -> Body:
    """The body of a new session; `email` is that of a known customer."""
    session_id = new_session_id(context)
    ui_mode = UI_MODES.get(params.get("ui_mode", ""), params.get("ui_mode")) or "hosted_page"
    hosted = ui_mode == "hosted_page"
    body = {
        "id": session_id,
        "object": "checkout.session",
        **dict.fromkeys(_UNUSED),
        **amounts,
        **_as_given(params),
        **_page_options(params),
        **_buyer(params, email),
        "client_secret": None if hosted else f"{session_id}_secret_{context.services.ids.token(25)}",
        "created": context.now,
        "currency": currency,
        "discounts": [discount.shown()] if discount else [],
        "expires_at": params.get("expires_at") or context.now + DAY_SECONDS,
        "livemode": context.scope.livemode,
        "metadata": given_metadata(params),
        "mode": "payment",
        **_methods(context, params, currency),
        "status": "open",
        "ui_mode": ui_mode,
        "url": page_url(context, session_id) if hosted else None,
        **_optional(params, hosted),
    }
    return in_wire_order(body)


_UNUSED_TEXT = """
collected_information consent currency_conversion customer_account invoice payment_intent payment_link permissions
recovered_from setup_intent shipping_address_collection shipping_cost subscription
"""
_UNUSED = tuple(_UNUSED_TEXT.split())
"""What a one-time payment leaves null."""
_AS_GIVEN_TEXT = """
allow_promotion_codes allowed_payment_method_types billing_address_collection cancel_url client_reference_id
integration_identifier locale origin_context submit_type success_url
"""
_AS_GIVEN = tuple(_AS_GIVEN_TEXT.split())


def _as_given(params: Body) -> Body:
    return {name: params.get(name) for name in _AS_GIVEN}


def _page_options(params: Body) -> Body:
    return {
        "adaptive_pricing": {"enabled": (params.get("adaptive_pricing") or {}).get("enabled", False)},
        "after_expiration": _after_expiration(params),
        "automatic_tax": _automatic_tax(params.get("automatic_tax") or {}),
        "branding_settings": {**_branding(), **(params.get("branding_settings") or {})},
        "consent_collection": _consent(params.get("consent_collection")),
        "custom_fields": shown_fields(params.get("custom_fields") or []),
        "custom_text": _custom_text(params.get("custom_text") or {}),
        "invoice_creation": _invoice_creation(params.get("invoice_creation") or {}),
        "managed_payments": {"enabled": False},
        "phone_number_collection": {"enabled": (params.get("phone_number_collection") or {}).get("enabled", False)},
        "saved_payment_method_options": params.get("saved_payment_method_options"),
        "shipping_options": [],
        "wallet_options": params.get("wallet_options"),
    }


def _automatic_tax(given: Body) -> Body:
    """Tax of an account that is registered nowhere: none, once the buyer's place is known."""
    if not given.get("enabled"):
        return {"enabled": False, "liability": None, "provider": None, "status": None}
    return {
        "enabled": True,
        "liability": {"type": "self"},
        "provider": "stripe",
        "status": "requires_location_inputs",
    }


def _buyer(params: Body, known_email: str | None) -> Body:
    email, customer = params.get("customer_email"), params.get("customer")
    return {
        "customer": customer,
        "customer_creation": None if customer else params.get("customer_creation", "if_required"),
        **_of_customer(params),
        "customer_details": _details(email or known_email, known=bool(customer)),
        "customer_email": email,
    }


def _methods(context: RequestContext, params: Body, currency: str) -> Body:
    """How it can be paid; without a list of methods they are the ones that the account has configured."""
    dynamic = "payment_method_types" not in params
    return {
        "payment_method_collection": "if_required",
        "payment_method_configuration_details": method_configuration(context) if dynamic else None,
        "payment_method_options": _method_options(params.get("payment_method_options") or {}),
        "payment_method_types": usable_types(params, currency, "Checkout Session"),
    }


def _optional(params: Body, hosted: bool) -> Body:
    """Keys that are there only when set."""
    found: dict[str, Any] = {}
    if params.get("excluded_payment_method_types"):
        found["excluded_payment_method_types"] = params["excluded_payment_method_types"]
    if params.get("name_collection"):
        asked = params["name_collection"].items()
        found["name_collection"] = {kind: {"optional": False, **wanted} for kind, wanted in asked}
    if params.get("tax_id_collection"):
        found["tax_id_collection"] = {"required": "never", **params["tax_id_collection"]}
    if not hosted:
        found |= {
            "redirect_on_completion": params.get("redirect_on_completion", "always"),
            "return_url": params.get("return_url"),
        }
    return found


def new_session_id(context: RequestContext) -> str:
    """A fresh id, which says the mode."""
    return f"cs_{'live' if context.scope.livemode else 'test'}_a1{context.services.ids.token(56)}"


def page_url(context: RequestContext, session_id: str) -> str:
    """Where the buyer pays: on the server that was asked, or where Stripe's page would be."""
    return f"{context.base_url}/c/pay/{session_id}"


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


def _of_customer(params: Body) -> Body:
    """What a session for a known customer shows from the start. Source: a recorded session of 2026-03-25.dahlia."""
    if not params.get("customer"):
        return {}
    return {
        "collected_information": {"business_name": None, "individual_name": None, "shipping_details": None},
        "saved_payment_method_options": {
            "allow_redisplay_filters": ["always"],
            "payment_method_remove": "disabled",
            "payment_method_save": None,
            **(params.get("saved_payment_method_options") or {}),
        },
    }


def _details(email: str | None, *, known: bool) -> Body | None:
    return customer_details(email, {}) | {"tax_ids": None} if email or known else None


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


def _consent(given: Body | None) -> Body | None:
    if given is None:
        return None
    return {"payment_method_reuse_agreement": None, "promotions": "none", "terms_of_service": "none", **given}


def _method_options(given: Body) -> Body:
    """What is said of each kind of method; 3D Secure is asked for by the card's issuer unless told otherwise."""
    return {**given, "card": {"request_three_d_secure": "automatic", **given.get("card", {})}}


def _invoice_creation(given: Body) -> Body:
    data = given.get("invoice_data") or {}
    rendering = data.get("rendering_options")
    return {
        "enabled": given.get("enabled", False),
        "invoice_data": {
            "account_tax_ids": None,
            "custom_fields": data.get("custom_fields"),
            "description": data.get("description"),
            "footer": data.get("footer"),
            "issuer": data.get("issuer"),
            "metadata": given_metadata(data),
            "rendering_options": rendering and {"amount_tax_display": None, "template": None, **rendering},
        },
    }
