"""What a completed Checkout Session leaves with its customer: name and address where allowed, tax ids.

Source: Stripe API reference, `customer_update`; Stripe docs, "Collect tax IDs", "Collect phone numbers": id and
number are saved to the customer.
"""

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.updates import address
from creditctl.emulator.resources.billing.tax_ids import add_tax_id
from creditctl.emulator.storage.object_types import CUSTOMER, Body


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
