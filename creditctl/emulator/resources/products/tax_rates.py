"""Tax rates endpoints: create, retrieve, list, update.

Source: Stripe API reference, "Tax Rates"; docs, "Tax rates": a percentage has up to four decimal places.
"""

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.lists import by_body, by_created, list_fields, listing, retrieve
from creditctl.emulator.api.routes import route
from creditctl.emulator.api.updates import given_metadata, updated
from creditctl.emulator.protocol.fields import Boolean, Enum, Field, Number, Text
from creditctl.emulator.protocol.schema import NEW_METADATA, Metadata
from creditctl.emulator.storage.object_types import TAX_RATE, Body

_TYPES_TEXT = """
admissions_tax amusement_tax attendance_tax communications_tax digital_excise_tax entertainment_tax get_fund
gross_receipts_tax gst hospitality_tax hst igst jct lease_tax luxury_tax mass_transit_parking_tax nhil parking_tax pst
qst resort_tax retail_delivery_fee rst sales_tax service_tax tourism_tax utility_users_tax vat
"""
TAX_TYPES = tuple(_TYPES_TEXT.split())
_SIMPLE: dict[str, Field] = {
    "active": Boolean(),
    "country": Text(unset=True, max_length=2),
    "description": Text(unset=True),
    "display_name": Text(max_length=50),
    "jurisdiction": Text(unset=True, max_length=50),
    "metadata": Metadata(),
    "state": Text(unset=True),
    "tax_type": Enum(values=TAX_TYPES, unset=True),
}
_CREATE: dict[str, Field] = {
    **_SIMPLE,
    "display_name": Text(required=True, max_length=50),
    "inclusive": Boolean(required=True),
    "metadata": NEW_METADATA,
    "percentage": Number(required=True, low=0, high=100, places=4),
}


def create(context: RequestContext) -> Body:
    """Create a tax rate."""
    params = context.params
    body: Body = {
        "id": context.new_id("txr_"),
        "object": "tax_rate",
        "active": params.get("active", True),
        "country": params.get("country"),
        "created": context.now,
        "description": params.get("description"),
        "display_name": params["display_name"],
        "effective_percentage": None,
        "flat_amount": None,
        "inclusive": params["inclusive"],
        "jurisdiction": params.get("jurisdiction"),
        "jurisdiction_level": None,
        "livemode": context.scope.livemode,
        "metadata": given_metadata(params),
        "percentage": params["percentage"],
        "rate_type": "percentage",
        "state": params.get("state"),
        "tax_type": params.get("tax_type"),
    }
    return context.add(TAX_RATE, body, event="tax_rate.created")


def update(context: RequestContext) -> Body:
    """Change what may change: percentage and inclusion never do."""
    before = context.fetch(TAX_RATE, context.args[0])
    return context.change(TAX_RATE, before, updated(before, context.params, tuple(_SIMPLE)), "tax_rate.updated")


_FILTERS = {
    "active": by_body("$.active", Boolean()),
    "created": by_created(),
    "inclusive": by_body("$.inclusive", Boolean()),
}
_BASE = TAX_RATE.url
ROUTES = (
    route("POST", _BASE, create, _CREATE, permission="tax_rate"),
    route("GET", _BASE, listing(TAX_RATE, _FILTERS), list_fields(_FILTERS), permission="tax_rate"),
    route("GET", _BASE + "/{id}", retrieve(TAX_RATE), permission="tax_rate"),
    route("POST", _BASE + "/{id}", update, _SIMPLE, permission="tax_rate"),
)
