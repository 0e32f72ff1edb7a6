"""Tax location of a customer: the address that tells where tax is due, if it is precise enough.

Source: Stripe docs, "Collect customer addresses": shipping before billing, and an address that is not precise enough is
not passed over; "Automatically collect tax on invoices": a country is enough, with a postal code of five digits in the
United States, with a postal code or a province in Canada.
"""

import re

from creditctl.emulator.storage.object_types import Body

_US_POSTAL_CODE = re.compile(r"\d{5}(-?\d{4})?\Z")


def tax_location(customer: Body) -> Body | None:
    """The country and state where a customer is taxed and what told them, or none where that is not known."""
    shipping = (customer.get("shipping") or {}).get("address") or {}
    by_shipping = any(shipping.values())
    address = shipping if by_shipping else customer.get("address") or {}
    if not _tells(address):
        return None
    source = "shipping_destination" if by_shipping else "billing_address"
    return {"country": address["country"], "source": source, "state": address.get("state")}


def _tells(address: Body) -> bool:
    country, postal_code = address.get("country"), address.get("postal_code") or ""
    if country == "US":
        return _US_POSTAL_CODE.match(postal_code.strip()) is not None
    return bool(country) and (country != "CA" or bool(postal_code or address.get("state")))
