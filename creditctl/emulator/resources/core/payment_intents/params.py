"""The parameters of payment intent calls: create, update, confirm, capture, cancel; each is acted on or refused.

Source: Stripe API reference, "PaymentIntents"; parameter types of stripe-python 16.1.
"""

from dataclasses import replace

from creditctl.emulator.protocol.fields import (
    Boolean,
    Currency,
    Descriptor,
    Email,
    Enum,
    Field,
    Integer,
    OffSession,
    Text,
    Url,
)
from creditctl.emulator.protocol.schema import NEW_METADATA, SHIPPING, Hash, Listing, Metadata
from creditctl.emulator.resources.core.payment_methods import LEFT_OUT, METHOD_FIELDS, TYPES

METHOD_DATA = Hash(fields={**METHOD_FIELDS, "type": replace(METHOD_FIELDS["type"], required=True)})
EXCLUDED_TYPES = Listing(item=Enum(values=(*TYPES, *LEFT_OUT)))
"""Kinds of methods by name, those included that no payment can be made with here."""
CAPTURE_METHOD = Enum(values=("automatic", "automatic_async", "manual"))
FUTURE_USAGE = Enum(values=("off_session", "on_session"), unset=True)
_METHOD_USAGE = Enum(values=("none", "off_session", "on_session"), unset=True)
_CARD_OPTIONS: dict[str, Field] = {
    "request_three_d_secure": Enum(values=("any", "automatic", "challenge")),
    "setup_future_usage": _METHOD_USAGE,
}
SESSION_OPTIONS = Hash(
    fields={
        "card": Hash(fields=_CARD_OPTIONS),
        "link": Hash(fields={"setup_future_usage": _METHOD_USAGE}),
        "sepa_debit": Hash(fields={"setup_future_usage": _METHOD_USAGE}),
        "us_bank_account": Hash(
            fields={
                "setup_future_usage": _METHOD_USAGE,
                "verification_method": Enum(values=("automatic", "instant", "microdeposits")),
            }
        ),
    }
)
"""What is said of one kind of method; the session or intent shows it again, and setting up is acted on."""
_NETWORKS_TEXT = """
amex cartes_bancaires diners discover eftpos_au girocard interac jcb link mastercard unionpay unknown visa
"""
_NETWORKS = tuple(_NETWORKS_TEXT.split())
OPTIONS = Hash(
    fields={
        "card": Hash(fields={**_CARD_OPTIONS, "network": Enum(values=_NETWORKS)}, unset=True),
        **{name: replace(field, unset=True) for name, field in SESSION_OPTIONS.fields.items() if name != "card"},
    }
)
"""The same of an intent, where an empty text takes back what was said of a kind."""
CONNECT: dict[str, Field] = {
    "application_fee_amount": Integer(low=0),
    "on_behalf_of": Text(),
    "transfer_data": Hash(fields={"amount": Integer(low=0), "destination": Text(required=True)}),
}
"""Read so that they are refused as Stripe refuses an account without Connect."""
_DETAILS = Hash(
    fields={name: Text(unset=True, max_length=25) for name in ("customer_reference", "order_reference")}, unset=True
)
SHARED_FIELDS: dict[str, Field] = {
    **{name: CONNECT[name] for name in ("application_fee_amount", "transfer_data")},
    "allowed_payment_method_types": Listing(item=Text()),
    "capture_method": CAPTURE_METHOD,
    "customer": Text(),
    "description": Text(unset=True, max_length=1000),
    "excluded_payment_method_types": EXCLUDED_TYPES,
    "metadata": Metadata(),
    "payment_details": _DETAILS,
    "payment_method": Text(unset=True),
    "payment_method_configuration": Text(),
    "payment_method_data": METHOD_DATA,
    "payment_method_options": OPTIONS,
    "payment_method_types": Listing(item=Text(), unset=False),
    "receipt_email": Email(unset=True),
    "setup_future_usage": FUTURE_USAGE,
    "shipping": SHIPPING,
    "statement_descriptor": Descriptor(unset=True),
    "statement_descriptor_suffix": Descriptor(unset=True),
    "transfer_group": Text(unset=True),
}
CONFIRM_FIELDS: dict[str, Field] = {
    "error_on_requires_action": Boolean(),
    "off_session": OffSession(),
    "return_url": Url(unset=True, apps=True),
    "use_stripe_sdk": Boolean(),
}
PLAIN = (
    "capture_method",
    "customer",
    "description",
    "payment_details",
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
    "metadata": NEW_METADATA,
    **CONFIRM_FIELDS,
    "amount": Integer(required=True),
    "currency": Currency(required=True),
    "automatic_payment_methods": _AUTOMATIC,
    "confirm": Boolean(),
    "confirmation_method": Enum(values=("automatic", "manual")),
    "on_behalf_of": CONNECT["on_behalf_of"],
}
UPDATE: dict[str, Field] = {**SHARED_FIELDS, "amount": Integer(), "currency": Currency()}
_WITH_CONFIRM = (
    "allowed_payment_method_types",
    "capture_method",
    "excluded_payment_method_types",
    "payment_details",
    "payment_method",
    "payment_method_data",
    "payment_method_options",
    "payment_method_types",
    "receipt_email",
    "setup_future_usage",
    "shipping",
)
CONFIRM: dict[str, Field] = {
    **CONFIRM_FIELDS,
    **{name: SHARED_FIELDS[name] for name in _WITH_CONFIRM},
    "amount_to_confirm": Integer(),
    "client_secret": Text(),
}
CAPTURE: dict[str, Field] = {
    **{name: CONNECT[name] for name in ("application_fee_amount", "transfer_data")},
    "amount_to_capture": Integer(),
    "final_capture": Boolean(),
    "metadata": Metadata(),
    "statement_descriptor": Descriptor(unset=True),
    "statement_descriptor_suffix": Descriptor(unset=True),
}
CANCEL: dict[str, Field] = {
    "cancellation_reason": Enum(values=("duplicate", "fraudulent", "requested_by_customer", "abandoned"))
}
