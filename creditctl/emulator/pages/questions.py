"""What the Checkout page asks besides how to pay: custom fields, tax id, names, phone, whole address.

Source: Stripe docs, "Add custom fields", "Collect tax IDs", "Collect customer names", "Collect phone numbers", "Collect
physical addresses".
"""

from collections.abc import Mapping
from typing import Any

from creditctl.emulator.payments.tax_location import tax_location
from creditctl.emulator.protocol.errors import invalid
from creditctl.emulator.storage.object_types import Body


def questions(session: Body, form: Mapping[str, str]) -> list[dict[str, Any]]:
    """The inputs of a session's page, each with what was typed so far."""
    asked = [_custom(entry) for entry in session["custom_fields"]] + _collected(session)
    for entry in asked:
        entry["value"] = form.get(entry["name"], entry.get("value") or "")
    return asked


def asks_address(session: Body) -> bool:
    """Whether a session's page asks for a whole billing address; it comes with the payment method."""
    return bool(session["billing_address_collection"] == "required" and session["amount_total"])


def require_contact(session: Body, form: Mapping[str, str]) -> None:
    """Refuse a form without the phone number or the address that the session asks for; wording unconfirmed.

    Source: Stripe API reference, `automatic_tax[enabled]`: Checkout collects the address that the tax needs.
    """
    wanted = {"phone": "phone number"} if session["phone_number_collection"]["enabled"] else {}
    if asks_address(session):
        wanted |= {"line1": "address", "city": "city", "country": "country"}
    taxed = session["automatic_tax"]["enabled"] and session["amount_total"]
    if taxed:
        wanted["country"] = "country"
    for name, said in wanted.items():
        if not form.get(name, "").strip():
            raise invalid(f"Your {said} is incomplete.", param=name)
    typed = {name: form.get(name, "").strip() for name in ("postal_code", "state")}
    if taxed and tax_location({"address": {**typed, "country": form["country"].strip().upper()}}) is None:
        raise invalid("Your postal code is incomplete.", param="postal_code")


def _custom(entry: Body) -> dict[str, Any]:
    details = entry[entry["type"]]
    return {
        "name": f"field_{entry['key']}",
        "param": entry["key"],
        "label": entry["label"]["custom"],
        "optional": entry["optional"],
        "options": details.get("options"),
        "value": details["default_value"],
    }


def _collected(session: Body) -> list[dict[str, Any]]:
    found = []
    names = session.get("name_collection") or {}
    tax_ids = session.get("tax_id_collection") or {"enabled": False}
    for kind, label in (("business", "Business name"), ("individual", "Full name")):
        wanted = names.get(kind) or {"enabled": False}
        if wanted["enabled"] or (kind == "business" and tax_ids["enabled"]):
            found.append(_plain(f"{kind}_name", label, optional=wanted.get("optional", True)))
    if tax_ids["enabled"]:
        required = tax_ids["required"] == "if_supported"
        found.append(_plain("tax_id", "Tax ID, as eu_vat:DE123456789", optional=not required))
    if session["phone_number_collection"]["enabled"]:
        found.append(_plain("phone", "Phone number", optional=False))
    if asks_address(session):
        found += [_plain("line1", "Address", optional=False), _plain("line2", "Address, line 2", optional=True)]
        found += [_plain("city", "City", optional=False), _plain("state", "State", optional=True)]
    return found


def _plain(name: str, label: str, *, optional: bool) -> dict[str, Any]:
    return {"name": name, "param": name, "label": label, "optional": optional, "options": None}
