"""Parameter schemas: fields that hold other fields (hash, list, metadata), and reading a whole form against them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from creditctl.emulator.protocol.errors import UnknownParameters, bad_parameter, missing_parameter
from creditctl.emulator.protocol.fields import Currency, Field, Integer, Text, scalar
from creditctl.emulator.protocol.forms import Node, Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata(Field):
    """A hash of strings; an empty value removes its key, an empty hash removes all, where the call can.

    Source: Stripe API reference, "Metadata": 50 keys, 40 characters a key, 500 a value; types of stripe-python 16.1 for
    the calls that take no empty hash; crvouga/emulates, `packages/service/stripe/src/params.ts` (held against Stripe's
    test mode), for the words.
    """

    unset: bool = True

    def parse(self, node: Node, param: str) -> dict[str, str]:
        if not isinstance(node, dict):
            raise bad_parameter(
                "Invalid value for `metadata`. Metadata must be a single object containing key-value pairs.  See the "
                "metadata documentation for more details: https://docs.stripe.com/api/metadata",
                param,
            )
        pairs = {key: scalar(value, f"{param}[{key}]", "string") for key, value in node.items()}
        if len(pairs) > 50:
            raise bad_parameter(f"Metadata can have up to 50 keys, but you passed in {len(pairs)} keys.", param)
        for key, value in pairs.items():
            _check_metadata_pair(key, value, param)
        return pairs


NEW_METADATA = Metadata(unset=False)
"""The metadata of a new object that has none to remove."""


def _check_metadata_pair(key: str, value: str, param: str) -> None:
    if len(key) > 40:
        raise bad_parameter(
            f"Metadata keys must be at most 40 characters long, but '{key[:40]}...' is {len(key)} characters long.",
            param,
        )
    if len(value) > 500:
        raise bad_parameter(
            f"Metadata values can have up to 500 characters, but you passed in a value that is {len(value)} "
            f"characters. Invalid value: {value[:100]}...",
            f"{param}[{key}]",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Field):
    """A list, by index or by `[]`."""

    item: Field
    most: int | None = None
    unset: bool = True

    def parse(self, node: Node, param: str) -> list[Any]:
        items = _items(node, param)
        if self.most is not None and len(items) > self.most:
            raise bad_parameter(f"Array cannot have more than {self.most} elements.", param)
        return [self.item.read(item, f"{param}[{index}]") for index, item in enumerate(items)]


def _items(node: Node, param: str) -> list[Node]:
    if isinstance(node, list):
        return node
    if isinstance(node, dict) and all(key.isdecimal() for key in node):
        return [node[key] for key in sorted(node, key=int)]
    raise bad_parameter("Invalid array", param)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hash(Field):
    """A nested hash with fields of its own."""

    fields: Mapping[str, Field] = field(default_factory=dict)

    def parse(self, node: Node, param: str) -> dict[str, Any]:
        if not isinstance(node, dict):
            raise bad_parameter("Invalid object", param)
        return read_fields(self.fields, node, param)


@dataclass(frozen=True, slots=True, kw_only=True)
class ByCurrency(Field):
    """A hash by currency, whose names must be in lower case. Source: recorded refusals."""

    item: Field

    def parse(self, node: Node, param: str) -> dict[str, Any]:
        if not isinstance(node, dict):
            raise bad_parameter("Invalid object", param)
        wrong = next((name for name in node if name != name.lower()), None)
        if wrong:
            raise bad_parameter(
                f"Currencies must be lowercase when used as keys in a map. Use `{wrong.lower()}` instead of `{wrong}`.",
                param,
            )
        return {Currency().read(name, param): self.item.read(value, f"{param}[{name}]") for name, value in node.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Range(Field):
    """A timestamp or a hash of bounds, as pairs of SQL operator and value."""

    def parse(self, node: Node, param: str) -> list[tuple[str, int]]:
        if isinstance(node, str):
            # Source of the name: crvouga/emulates, `packages/service/stripe/src/params.ts`, held against Stripe.
            return [("=", Integer().parse(node, f"{param}[eq]"))]
        bounds = Hash(fields=_BOUNDS).parse(node, param)
        return [(_OPERATORS[name], value) for name, value in bounds.items()]


_OPERATORS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_BOUNDS = {name: Integer() for name in _OPERATORS}

Fields = Mapping[str, Field]


def required_names(fields: Fields) -> tuple[str, ...]:
    """The names of the fields that must be given."""
    return tuple(name for name, field in fields.items() if field.required)


def read_fields(
    fields: Fields, tree: Tree, prefix: str = "", required: tuple[str, ...] | None = None
) -> dict[str, Any]:
    """Validate a tree against fields: unknown names first, then each value, then what is missing.

    `required` are the `required_names` of the fields, where the caller knows them already.
    """
    if not tree.keys() <= fields.keys():
        raise UnknownParameters([_name(prefix, key) for key in tree if key not in fields])
    values = {}
    for key, node in tree.items():
        values[key] = fields[key].read(node, _name(prefix, key) if prefix else key)
    for key in required_names(fields) if required is None else required:
        if key not in values:
            raise missing_parameter(_name(prefix, key))
    return values


def _name(prefix: str, key: str) -> str:
    return f"{prefix}[{key}]" if prefix else key


ADDRESS = Hash(
    fields={name: Text(unset=True) for name in ("city", "country", "line1", "line2", "postal_code", "state")},
    unset=True,
)
_REQUIRED_ADDRESS = Hash(fields=ADDRESS.fields, required=True)
SHIPPING = Hash(
    fields={
        "address": _REQUIRED_ADDRESS,
        "name": Text(required=True, unset=True),
        "carrier": Text(unset=True),
        "phone": Text(unset=True),
        "tracking_number": Text(unset=True),
    },
    unset=True,
)
CUSTOMER_SHIPPING = Hash(
    fields={name: field for name, field in SHIPPING.fields.items() if name in ("address", "name", "phone")}, unset=True
)
"""Where a customer's orders go: nothing about a parcel."""
BILLING_DETAILS = Hash(
    fields={
        "address": ADDRESS,
        "email": Text(unset=True),
        "name": Text(unset=True),
        "phone": Text(unset=True),
        "tax_id": Text(unset=True),
    },
    unset=True,
)
EXPAND = Listing(item=Text())
