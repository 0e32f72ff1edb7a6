"""A buyer's details from the control API's parameters: what a buyer from the shell types on the Checkout page.

Source: Stripe docs, "Collect phone numbers": the page requires the number that a session asks for.
"""

from collections.abc import Mapping
from typing import Any

from creditctl.emulator.resources.checkout.buyer import BuyerAnswers, read_tax_id
from creditctl.emulator.storage.object_types import Body

PHONE = "+14155550100"
ADDRESS = {"line1": "1 Market St", "city": "San Francisco", "state": "CA", "postal_code": "94105", "country": "US"}
ADDRESS_ELSEWHERE = {"line1": "1 Market Street", "city": "Springfield", "postal_code": "10115"}
"""What a buyer from the shell fills in where the page asks for it and nothing is said."""


def buyer_answers(session: Body, params: Mapping[str, Any]) -> BuyerAnswers:
    """What the buyer fills in besides how to pay; a phone number that is asked for and not said is `PHONE`."""
    asks_phone = session["phone_number_collection"]["enabled"]
    return BuyerAnswers(
        fields=params.get("fields") or {},
        tax_id=read_tax_id(params["tax_id"]) if params.get("tax_id") else None,
        business_name=params.get("business_name") or "",
        individual_name=params.get("individual_name") or "",
        phone=params.get("phone") or (PHONE if asks_phone else ""),
        promotions=bool(params.get("promotions")),
    )


def billing_details(session: Body, params: Mapping[str, Any]) -> Body:
    """Who pays, as the page asks; of a whole address what is not said is filled in.

    Source: Stripe API reference, `automatic_tax[enabled]`: Checkout collects the address that the tax needs.
    """
    address = {name: params.get(name) for name in ("country", "postal_code")}
    if session["billing_address_collection"] == "required" or session["automatic_tax"]["enabled"]:
        usual = ADDRESS if address["country"] in (None, ADDRESS["country"]) else ADDRESS_ELSEWHERE
        address = usual | {name: value for name, value in address.items() if value}
    return {"billing_details": {"email": params.get("email"), "name": params.get("name"), "address": address}}
