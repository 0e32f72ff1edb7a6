"""The parameters of Checkout Sessions: each is acted on and shown again, or refused.

Source: Stripe API reference, "Create a Checkout Session"; parameter types of stripe-python 16.1.
"""

from creditctl.emulator.protocol.fields import (
    Boolean,
    Currency,
    Descriptor,
    Email,
    Enum,
    Field,
    Integer,
    Matching,
    OfAnotherMode,
    Text,
    Url,
)
from creditctl.emulator.protocol.schema import NEW_METADATA, SHIPPING, Hash, Listing, Metadata
from creditctl.emulator.resources.checkout.custom_fields import CUSTOM_FIELDS
from creditctl.emulator.resources.core.payment_intents.params import (
    CAPTURE_METHOD,
    CONNECT,
    EXCLUDED_TYPES,
    SESSION_OPTIONS,
)

ELEMENTS = ("custom", "elements")
"""The `ui_mode` of a page of one's own, by its older name and today's."""
NOT_FOR_ELEMENTS = ("after_expiration", "branding_settings", "custom_fields", "custom_text", "origin_context")
NOT_IN_PAYMENT_MODE = ("payment_method_collection", "setup_intent_data", "subscription_data")
REDISPLAY = Enum(values=("always", "limited", "unspecified"))
_ISSUER = Hash(fields={"type": Enum(values=("self",), left_out=("account",), required=True)})
_INTENT_DATA = Hash(
    fields={
        **CONNECT,
        "capture_method": CAPTURE_METHOD,
        "description": Text(max_length=1000),
        "metadata": Metadata(),
        "receipt_email": Email(),
        "setup_future_usage": Enum(values=("off_session", "on_session")),
        "shipping": SHIPPING,
        "statement_descriptor": Descriptor(),
        "statement_descriptor_suffix": Descriptor(),
        "transfer_group": Text(),
    }
)
_RECOVERY = Hash(
    fields={"recovery": Hash(fields={"enabled": Boolean(required=True), "allow_promotion_codes": Boolean()})}
)
_INVOICE_DATA = Hash(
    fields={
        "custom_fields": Listing(
            item=Hash(
                fields={"name": Text(required=True, max_length=40), "value": Text(required=True, max_length=140)}
            ),
            most=4,
        ),
        "description": Text(max_length=1500),
        "footer": Text(),
        "issuer": _ISSUER,
        "metadata": Metadata(),
        "rendering_options": Hash(
            fields={"amount_tax_display": Enum(values=("exclude_tax", "include_inclusive_tax"), unset=True)}, unset=True
        ),
    }
)
_IMAGE = Hash(fields={"type": Enum(values=("url",), left_out=("file",), required=True), "url": Url()})
_COLOR = Matching(form="#[0-9A-Fa-f]{3}(?:[0-9A-Fa-f]{3})?", what="a hex color, such as #0074d4", unset=True)
_FONTS_TEXT = """
be_vietnam_pro bitter chakra_petch default hahmlet inconsolata inter lato lora m_plus_1_code montserrat noto_sans
noto_sans_jp noto_serif nunito open_sans pridi pt_sans pt_serif raleway roboto roboto_slab source_sans_pro
titillium_web ubuntu_mono zen_maru_gothic
"""
_FONTS = tuple(_FONTS_TEXT.split())
_LOCALES_TEXT = """
auto bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hi-IN hr hu id it ja ko lt lv ms mt nb nl pl pt pt-BR ro ru
sk sl sv th tr vi zh zh-HK zh-TW
"""
_LOCALES = tuple(_LOCALES_TEXT.split())
_BRANDING = Hash(
    fields={
        "background_color": _COLOR,
        "border_style": Enum(values=("pill", "rectangular", "rounded"), unset=True),
        "button_color": _COLOR,
        "display_name": Text(),
        "font_family": Enum(values=_FONTS, unset=True),
        "icon": _IMAGE,
        "logo": _IMAGE,
    }
)
_CONSENT = Hash(
    fields={
        "payment_method_reuse_agreement": Hash(
            fields={"position": Enum(values=("auto", "hidden"), required=True)},
        ),
        "promotions": Enum(values=("auto", "none")),
        "terms_of_service": Enum(values=("none", "required")),
    }
)
_NAME = Hash(fields={"enabled": Boolean(required=True), "optional": Boolean()})
_SAVED_METHODS = Hash(
    fields={
        "allow_redisplay_filters": Listing(item=REDISPLAY),
        "payment_method_remove": Enum(values=("disabled", "enabled")),
        "payment_method_save": Enum(values=("disabled", "enabled")),
    }
)
_TEXTS = ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
_MESSAGE = Hash(fields={"message": Text(required=True, max_length=1200)}, unset=True)
_ON_THE_PAGE: dict[str, Field] = {
    "billing_address_collection": Enum(values=("auto", "required")),
    "branding_settings": _BRANDING,
    "consent_collection": _CONSENT,
    "custom_fields": CUSTOM_FIELDS,
    "custom_text": Hash(fields=dict.fromkeys(_TEXTS, _MESSAGE)),
    "locale": Enum(values=_LOCALES),
    "name_collection": Hash(fields={"business": _NAME, "individual": _NAME}),
    "phone_number_collection": Hash(fields={"enabled": Boolean(required=True)}),
    "saved_payment_method_options": _SAVED_METHODS,
    "submit_type": Enum(values=("auto", "book", "donate", "pay", "subscribe")),
    "tax_id_collection": Hash(
        fields={"enabled": Boolean(required=True), "required": Enum(values=("if_supported", "never"))}
    ),
    "wallet_options": Hash(fields={"link": Hash(fields={"display": Enum(values=("auto", "never"))})}),
}
CREATE: dict[str, Field] = {
    **{name: OfAnotherMode() for name in NOT_IN_PAYMENT_MODE},
    **_ON_THE_PAGE,
    "adaptive_pricing": Hash(fields={"enabled": Boolean()}),
    "after_expiration": _RECOVERY,
    "allow_promotion_codes": Boolean(),
    "allowed_payment_method_types": Listing(item=Text()),
    "automatic_tax": Hash(fields={"enabled": Boolean(required=True), "liability": _ISSUER}),
    "cancel_url": Url(),
    "client_reference_id": Text(max_length=200),
    "currency": Currency(),
    "customer": Text(),
    "customer_creation": Enum(values=("always", "if_required")),
    "customer_email": Email(max_length=800),
    "customer_update": Hash(fields={name: Enum(values=("auto", "never")) for name in ("address", "name")}),
    "discounts": Listing(item=Hash(fields={"coupon": Text(), "promotion_code": Text()}), most=1),
    "excluded_payment_method_types": EXCLUDED_TYPES,
    "expires_at": Integer(),
    "integration_identifier": Text(max_length=200),
    "invoice_creation": Hash(fields={"enabled": Boolean(required=True), "invoice_data": _INVOICE_DATA}),
    "managed_payments": Hash(fields={"enabled": Boolean()}),
    "metadata": NEW_METADATA,
    "mode": Enum(values=("payment", "setup", "subscription")),
    "origin_context": Enum(values=("mobile_app", "web")),
    "payment_intent_data": _INTENT_DATA,
    "payment_method_configuration": Text(),
    "payment_method_data": Hash(fields={"allow_redisplay": REDISPLAY}),
    "payment_method_options": SESSION_OPTIONS,
    "payment_method_types": Listing(item=Text(), unset=False),
    "redirect_on_completion": Enum(values=("always", "if_required", "never")),
    "return_url": Url(),
    "success_url": Url(),
    "ui_mode": Text(),
}
UPDATE: dict[str, Field] = {"metadata": Metadata()}
