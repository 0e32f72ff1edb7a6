"""Updates of a customer by a Checkout Session: those that it needs, and what it leaves there when it completes.

Source: Stripe API reference, `customer_update`; Stripe docs, "Collect tax IDs", "Collect phone numbers": id and
number are saved to the customer.
"""

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.updates import address
from creditctl.emulator.payments.tax_location import tax_location
from creditctl.emulator.protocol.errors import invalid
from creditctl.emulator.resources.billing.tax_ids import add_tax_id
from creditctl.emulator.storage.object_types import CUSTOMER, Body


def check_updates(params: Body, customer: Body) -> None:
    """A customer who is there already is taxed by the address there, or by the one that Checkout may save.

    Source: probes in test mode of 2026-07-21, with these words, in this order and without a parameter; and
    laravel/cashier-stripe#1778. Stripe docs, "Collect tax IDs": the name of the business becomes the customer's.
    """
    if not customer:
        return
    allowed = params.get("customer_update") or {}
    taxed = (params.get("automatic_tax") or {}).get("enabled") and allowed.get("address") != "auto"
    if taxed and tax_location(customer) is None:
        raise invalid(
            "Automatic tax calculation in Checkout requires a valid address on the Customer. Add a valid address to "
            "the Customer or set `customer_update[address]` to 'auto' to save the billing address entered in Checkout "
            "to the Customer.",
            code="customer_tax_location_invalid",
        )
    if (params.get("tax_id_collection") or {}).get("enabled") and allowed.get("name") != "auto":
        raise invalid(
            "Tax ID collection requires updating business name on the customer. To enable tax ID collection for an "
            "existing customer, please set `customer_update[name]` to `auto`."
        )


def update_customer(context: RequestContext, session: Body, hidden: Body, billing: Body) -> None:
    """Save to the customer of a session what the buyer filled in."""
    row = context.find(session["customer"], CUSTOMER) if session["customer"] else None
    if row is None:
        return
    details, allowed = session["customer_details"], hidden.get("customer_update") or {}
    # A customer that Checkout made is Checkout's to name; of another it changes what `customer_update` allows.
    made_here = hidden.get("customer") == row.id
    before = row.decoded()
    after = dict(before)
    if details["name"] and (made_here or allowed.get("name") == "auto"):
        after["name"] = details["name"]
    if session["phone_number_collection"]["enabled"] and details["phone"]:
        after["phone"] = details["phone"]
    given = billing.get("address") or {}
    if any(given.values()) and allowed.get("address") == "auto":
        after["address"] = address(given)
    names = {name: details[name] for name in ("business_name", "individual_name") if details.get(name)}
    if made_here or allowed.get("name") == "auto":
        after |= names
    if after != before:
        context.change(CUSTOMER, before, after, "customer.updated")
    for tax_id in details["tax_ids"]:
        add_tax_id(context, row.id, tax_id["type"], tax_id["value"])
