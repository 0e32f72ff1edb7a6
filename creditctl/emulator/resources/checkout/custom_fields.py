"""Custom fields of a Checkout Session: up to three questions on the page, and the buyer's answers in the session.

Source: Stripe docs, "Add custom fields"; Stripe API reference, "Checkout Sessions", `custom_fields`.
"""

import re
from collections.abc import Mapping

from creditctl.emulator.protocol.errors import bad_parameter, invalid, missing_parameter
from creditctl.emulator.protocol.fields import Boolean, Enum, Integer, Text
from creditctl.emulator.protocol.schema import Hash, Listing
from creditctl.emulator.storage.object_types import Body

MOST_FIELDS, MOST_OPTIONS = 3, 200
_TYPES = ("dropdown", "numeric", "text")
_LENGTHS = Hash(
    fields={
        "default_value": Text(max_length=255),
        "maximum_length": Integer(low=1, high=255),
        "minimum_length": Integer(low=1, high=255),
    }
)
_OPTION = Hash(fields={"label": Text(required=True, max_length=100), "value": Text(required=True, max_length=100)})
CUSTOM_FIELDS = Listing(
    item=Hash(
        fields={
            "dropdown": Hash(
                fields={
                    "default_value": Text(),
                    "options": Listing(item=_OPTION, most=MOST_OPTIONS, required=True, unset=False),
                }
            ),
            "key": Text(required=True, max_length=200),
            "label": Hash(
                fields={"custom": Text(required=True, max_length=100), "type": Enum(values=("custom",), required=True)},
                required=True,
            ),
            "numeric": _LENGTHS,
            "optional": Boolean(),
            "text": _LENGTHS,
            "type": Enum(values=_TYPES, required=True),
        }
    ),
    most=MOST_FIELDS,
)
_KEY = re.compile(r"[A-Za-z0-9]+\Z")


def check_custom_fields(given: list[Body]) -> None:
    """What the fields of a session must be; wording unconfirmed."""
    keys = [entry["key"] for entry in given]
    for index, entry in enumerate(given):
        param = f"custom_fields[{index}]"
        if not _KEY.match(entry["key"]) or keys.count(entry["key"]) > 1:
            raise bad_parameter("The `key` of a custom field must be alphanumeric and unique.", f"{param}[key]")
        for name in _TYPES:
            if name != entry["type"] and entry.get(name) is not None:
                raise bad_parameter(f"`{name}` can only be set for a field of that type.", f"{param}[{name}]")
        if entry["type"] == "dropdown" and not entry.get("dropdown"):
            raise missing_parameter(f"{param}[dropdown]")
        _check_details(entry, f"{param}[{entry['type']}]")
        default = (entry.get(entry["type"]) or {}).get("default_value")
        if default is not None and _fault(entry, default):
            raise bad_parameter(f"Invalid default value: {default}", f"{param}[{entry['type']}][default_value]")


def _check_details(entry: Body, param: str) -> None:
    details = entry.get(entry["type"]) or {}
    if details.get("minimum_length", 1) > details.get("maximum_length", 255):
        raise bad_parameter("`minimum_length` can't be greater than `maximum_length`.", f"{param}[minimum_length]")
    values = [option["value"] for option in details.get("options") or []]
    if len(set(values)) < len(values):
        raise bad_parameter("The `value` of an option must be unique.", f"{param}[options]")
    for index, value in enumerate(values):
        if not _KEY.match(value):
            raise bad_parameter("The `value` of an option must be alphanumeric.", f"{param}[options][{index}][value]")


def shown_fields(given: list[Body]) -> list[Body]:
    """The fields as a session shows them before they are answered."""
    return [_shown(entry) for entry in given]


def _shown(entry: Body) -> Body:
    type_ = entry["type"]
    details = entry.get(type_) or {}
    names = (
        ("default_value", "options") if type_ == "dropdown" else ("default_value", "maximum_length", "minimum_length")
    )
    return {
        "key": entry["key"],
        "label": entry["label"],
        "optional": entry.get("optional", False),
        "type": type_,
        type_: {**{name: details.get(name) for name in names}, "value": None},
    }


def answered(fields: list[Body], answers: Mapping[str, str]) -> list[Body]:
    """The fields with the buyer's answers; what is not answered has its default. Errors: StripeError."""
    unknown = sorted(set(answers) - {entry["key"] for entry in fields})
    if unknown:
        raise invalid(f"This session has no custom field `{unknown[0]}`.", param="custom_fields")
    return [_answered(entry, answers.get(entry["key"], "")) for entry in fields]


def _answered(entry: Body, text: str) -> Body:
    type_ = entry["type"]
    value = text.strip() or entry[type_]["default_value"]
    if value is None and not entry["optional"]:
        raise invalid(f"The field `{entry['key']}` ({entry['label']['custom']}) must be filled in.", param=entry["key"])
    if value is not None and (fault := _fault(entry, value)):
        raise invalid(f"The field `{entry['key']}` {fault}.", param=entry["key"])
    return {**entry, type_: {**entry[type_], "value": value}}


def _fault(entry: Body, value: str) -> str:
    """What is wrong with an answer, empty where nothing is."""
    details = entry.get(entry["type"]) or {}
    if entry["type"] == "dropdown":
        values = [option["value"] for option in details["options"]]
        return "" if value in values else f"must be one of {', '.join(values)}"
    if entry["type"] == "numeric" and not value.isdecimal():
        return "takes digits only"
    least, most = details.get("minimum_length") or 0, details.get("maximum_length") or 255
    return "" if least <= len(value) <= most else f"must have {least} to {most} characters"
