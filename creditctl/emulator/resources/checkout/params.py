"""The parameters of Checkout Sessions.

Source: Stripe API reference, "Create a Checkout Session"; parameter types of stripe-python 16.1. What only decorates
the page, or belongs to tax, shipping and subscriptions, is accepted and changes nothing.
"""

from creditctl.emulator.protocol.fields import (
    Anything,
    Boolean,
    Currency,
    Email,
    Enum,
    Field,
    Integer,
    Text,
    Url,
)
from creditctl.emulator.protocol.schema import SHIPPING, Hash, Listing, Metadata
from creditctl.emulator.resources.core.payment_intents.params import CAPTURE_METHOD, OPTIONS

_DECORATION = """
branding_settings consent_collection custom_fields custom_text customer_account customer_update invoice_creation
managed_payments name_collection optional_items payment_method_collection payment_method_configuration
payment_method_data permissions saved_payment_method_options setup_intent_data shipping_address_collection
shipping_options subscription_data tax_id_collection wallet_options
"""
NOT_IN_PAYMENT_MODE = ("payment_method_collection", "setup_intent_data", "subscription_data")
_INTENT_DATA = Hash(
    fields={
        "application_fee_amount": Anything(),
        "capture_method": CAPTURE_METHOD,
        "description": Text(max_length=1000),
        "metadata": Metadata(),
        "on_behalf_of": Anything(),
        "receipt_email": Email(),
        "setup_future_usage": Enum(values=("off_session", "on_session")),
        "shipping": SHIPPING,
        "statement_descriptor": Text(max_length=22),
        "statement_descriptor_suffix": Text(max_length=22),
        "transfer_data": Anything(),
        "transfer_group": Text(),
    }
)
_RECOVERY = Hash(fields={"recovery": Hash(fields={"enabled": Boolean(), "allow_promotion_codes": Boolean()})})
CREATE: dict[str, Field] = {
    **{name: Anything() for name in _DECORATION.split()},
    "adaptive_pricing": Hash(fields={"enabled": Boolean()}),
    "after_expiration": _RECOVERY,
    "allow_promotion_codes": Boolean(),
    "allowed_payment_method_types": Listing(item=Text()),
    "automatic_tax": Hash(fields={"enabled": Boolean(required=True), "liability": Anything()}),
    "billing_address_collection": Enum(values=("auto", "required")),
    "cancel_url": Url(),
    "client_reference_id": Text(max_length=200),
    "currency": Currency(),
    "customer": Text(),
    "customer_creation": Enum(values=("always", "if_required")),
    "customer_email": Email(max_length=800),
    "discounts": Listing(item=Hash(fields={"coupon": Text(), "promotion_code": Text()}), most=1),
    "excluded_payment_method_types": Listing(item=Text()),
    "expires_at": Integer(),
    "integration_identifier": Text(),
    "locale": Text(),
    "metadata": Metadata(),
    "mode": Enum(values=("payment", "setup", "subscription")),
    "origin_context": Enum(values=("mobile_app", "web")),
    "payment_intent_data": _INTENT_DATA,
    "payment_method_options": OPTIONS,
    "payment_method_types": Listing(item=Text(), unset=False),
    "phone_number_collection": Hash(fields={"enabled": Boolean(required=True)}),
    "redirect_on_completion": Enum(values=("always", "if_required", "never")),
    "return_url": Url(),
    "submit_type": Enum(values=("auto", "book", "donate", "pay", "subscribe")),
    "success_url": Url(),
    "ui_mode": Text(),
}
UPDATE: dict[str, Field] = {
    "collected_information": Anything(),
    "line_items": Anything(),
    "metadata": Metadata(),
    "payment_intent_data": Anything(),
    "shipping_options": Anything(),
}
