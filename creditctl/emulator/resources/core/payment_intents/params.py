"""The parameters of payment intent calls: create, update, confirm, capture, cancel.

Source: Stripe API reference, "PaymentIntents"; parameter types of stripe-python 16.1.
"""

from creditctl.emulator.protocol.fields import (
    Anything,
    Boolean,
    Currency,
    Email,
    Enum,
    Field,
    Integer,
    OffSession,
    Text,
)
from creditctl.emulator.protocol.schema import SHIPPING, Hash, Listing, Metadata, MethodOptions
from creditctl.emulator.resources.core.payment_methods import METHOD_FIELDS

CAPTURE_METHOD = Enum(values=("automatic", "automatic_async", "manual"))
_CARD_OPTIONS_TEXT = """
capture_method cvc_token installments mandate_options moto network payment_details request_decremental_authorization
request_extended_authorization request_incremental_authorization request_multicapture request_overcapture
require_cvc_recollection restrictions setup_future_usage statement_descriptor_suffix_kana
statement_descriptor_suffix_kanji statement_details three_d_secure
"""
_CARD_OPTIONS: dict[str, Field] = {
    **{name: Anything() for name in _CARD_OPTIONS_TEXT.split()},
    "request_three_d_secure": Enum(values=("any", "automatic", "challenge")),
}
OPTIONS = MethodOptions(fields={"card": Hash(fields=_CARD_OPTIONS)})
SHARED_FIELDS: dict[str, Field] = {
    "allowed_payment_method_types": Listing(item=Text()),
    "amount_details": Anything(),
    "application_fee_amount": Anything(),
    "capture_method": CAPTURE_METHOD,
    "customer": Text(),
    "customer_account": Text(),
    "description": Text(unset=True, max_length=1000),
    "excluded_payment_method_types": Listing(item=Text()),
    "hooks": Anything(),
    "metadata": Metadata(),
    "payment_details": Anything(),
    "payment_method": Text(unset=True),
    "payment_method_configuration": Text(),
    "payment_method_data": Hash(fields=METHOD_FIELDS),
    "payment_method_options": OPTIONS,
    "payment_method_types": Listing(item=Text(), unset=False),
    "radar_options": Anything(),
    "receipt_email": Email(unset=True),
    "setup_future_usage": Enum(values=("off_session", "on_session"), unset=True),
    "shipping": SHIPPING,
    "statement_descriptor": Text(unset=True, max_length=22),
    "statement_descriptor_suffix": Text(unset=True, max_length=22),
    "transfer_data": Anything(),
    "transfer_group": Text(unset=True),
}
CONFIRM_FIELDS: dict[str, Field] = {
    "confirmation_token": Text(),
    "error_on_requires_action": Boolean(),
    "mandate": Text(),
    "mandate_data": Anything(),
    "off_session": OffSession(),
    "return_url": Text(unset=True),
    "use_stripe_sdk": Boolean(),
}
PLAIN = (
    "capture_method",
    "customer",
    "description",
    "receipt_email",
    "setup_future_usage",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
    "allowed_payment_method_types",
    "excluded_payment_method_types",
)
_AUTOMATIC = Hash(fields={"enabled": Boolean(required=True), "allow_redirects": Enum(values=("always", "never"))})
CREATE: dict[str, Field] = {
    **SHARED_FIELDS,
    **CONFIRM_FIELDS,
    "amount": Integer(required=True),
    "currency": Currency(required=True),
    "automatic_payment_methods": _AUTOMATIC,
    "confirm": Boolean(),
    "confirmation_method": Enum(values=("automatic", "manual")),
    "on_behalf_of": Anything(),
}
UPDATE: dict[str, Field] = {**SHARED_FIELDS, "amount": Integer(), "currency": Currency()}
CONFIRM: dict[str, Field] = {
    **CONFIRM_FIELDS,
    **{
        name: SHARED_FIELDS[name]
        for name in (
            "allowed_payment_method_types",
            "amount_details",
            "capture_method",
            "excluded_payment_method_types",
            "hooks",
            "payment_details",
            "payment_method",
            "payment_method_data",
            "payment_method_options",
            "payment_method_types",
            "radar_options",
            "receipt_email",
            "setup_future_usage",
            "shipping",
        )
    },
    "amount_to_confirm": Integer(),
    "client_secret": Text(),
}
CAPTURE: dict[str, Field] = {
    "amount_to_capture": Integer(),
    "amount_details": Anything(),
    "application_fee_amount": Anything(),
    "final_capture": Boolean(),
    "hooks": Anything(),
    "metadata": Metadata(),
    "payment_details": Anything(),
    "statement_descriptor": Text(unset=True),
    "statement_descriptor_suffix": Text(unset=True),
    "transfer_data": Anything(),
}
CANCEL: dict[str, Field] = {
    "cancellation_reason": Enum(values=("duplicate", "fraudulent", "requested_by_customer", "abandoned"))
}
