"""What the Checkout page asks besides how to pay: custom fields, tax id, names, phone, consent.

Source: Stripe docs, "Add custom fields", "Collect tax IDs", "Collect customer names".
"""

from collections.abc import Mapping
from typing import Any

from creditctl.emulator.storage.object_types import Body


def questions(session: Body, form: Mapping[str, str]) -> list[dict[str, Any]]:
    """The inputs of a session's page, each with what was typed so far."""
    asked = [_custom(entry) for entry in session["custom_fields"]] + _collected(session)
    for entry in asked:
        entry["value"] = form.get(entry["name"], entry.get("value") or "")
    return asked


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
        found.append(_plain("phone", "Phone number", optional=True))
    return found


def _plain(name: str, label: str, *, optional: bool) -> dict[str, Any]:
    return {"name": name, "param": name, "label": label, "optional": optional, "options": None}
