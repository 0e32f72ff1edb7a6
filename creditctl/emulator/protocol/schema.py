"""Parameter types: each reads a node of the form tree or refuses it the way Stripe does."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from creditctl.emulator.protocol.currencies import LISTED, SUPPORTED
from creditctl.emulator.protocol.errors import bad_parameter, empty_parameter, missing_parameter, unknown_parameters
from creditctl.emulator.protocol.forms import Node, Tree

_INTEGER = re.compile(r"-?[0-9]{1,18}\Z")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\Z")
_URL = re.compile(r"https?://[^\s/?#]+[^\s]*\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A parameter; `unset` tells whether an empty string clears it."""

    required: bool = False
    unset: bool = False

    def read(self, node: Node, param: str) -> Any:
        """The value, None where it is being unset."""
        if node == "":
            if self.unset:
                return None
            raise empty_parameter(param)
        return self.parse(node, param)

    def parse(self, node: Node, param: str) -> Any:
        """The value of a node that is not empty."""
        raise NotImplementedError


def _scalar(node: Node, param: str, what: str) -> str:
    if isinstance(node, str):
        return node
    raise bad_parameter(f"Invalid {what}", param)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Field):
    """A string."""

    max_length: int = 5000

    def parse(self, node: Node, param: str) -> str:
        text = _scalar(node, param, "string")
        if len(text) > self.max_length:
            shown = f"{text[:10]}...{text[-10:]}"
            message = f"Invalid string: {shown}; must be at most {self.max_length} characters"
            raise bad_parameter(message, param, "parameter_invalid_string")
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Email(Text):
    """An e-mail address: one `@` between two parts without spaces."""

    max_length: int = 512

    def parse(self, node: Node, param: str) -> str:
        # Not `super()`: a dataclass with slots is a new class, which the zero-argument form would not find.
        text = Text.parse(self, node, param)
        if not _EMAIL.match(text):
            raise bad_parameter(f"Invalid email address: {text}", param, "email_invalid")
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Integer(Field):
    """A whole number in decimal text."""

    low: int | None = None
    high: int | None = None

    def parse(self, node: Node, param: str) -> int:
        text = _scalar(node, param, "integer")
        if not _INTEGER.match(text):
            raise bad_parameter(f"Invalid integer: {text}", param, "parameter_invalid_integer")
        value = int(text)
        if self.low is not None and value < self.low:
            message = f"This value must be greater than or equal to {self.low}."
            raise bad_parameter(message, param, "parameter_invalid_integer")
        if self.high is not None and value > self.high:
            message = f"This value must be less than or equal to {self.high}."
            raise bad_parameter(message, param, "parameter_invalid_integer")
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit(Integer):
    """How many to list: what lies outside 1 to 100 counts as the nearest bound, without a word.

    Source: recorded test-mode lists with `limit=0` (one item) and `limit=101` (a hundred).
    """

    def parse(self, node: Node, param: str) -> int:
        return min(max(Integer.parse(self, node, param), 1), 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Boolean(Field):
    """`true` or `false`."""

    def parse(self, node: Node, param: str) -> bool:
        text = _scalar(node, param, "boolean")
        if text not in ("true", "false"):
            raise bad_parameter(f"Invalid boolean: {text}", param)
        return text == "true"


@dataclass(frozen=True, slots=True, kw_only=True)
class Enum(Field):
    """One of a few words."""

    values: tuple[str, ...] = ()

    def parse(self, node: Node, param: str) -> str:
        text = _scalar(node, param, "string")
        if text not in self.values:
            raise bad_parameter(f"Invalid {param}: must be {_one_of(self.values)}", param)
        return text


def _one_of(values: tuple[str, ...]) -> str:
    ordered = sorted(values)
    if len(ordered) == 1:
        return ordered[0]
    comma = "," if len(ordered) > 2 else ""
    return f"one of {', '.join(ordered[:-1])}{comma} or {ordered[-1]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Currency(Field):
    """A three-letter currency, in lower case."""

    def parse(self, node: Node, param: str) -> str:
        text = _scalar(node, param, "string")
        if text.lower() not in SUPPORTED:
            message = (
                f"Invalid currency: {text.lower()}. Stripe currently supports these currencies: {', '.join(LISTED)}"
            )
            raise bad_parameter(message, param)
        return text.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Url(Field):
    """An absolute http(s) URL."""

    def parse(self, node: Node, param: str) -> str:
        text = _scalar(node, param, "string")
        if not _URL.match(text) or len(text) > 5000:
            raise bad_parameter("Not a valid URL", param, "url_invalid")
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount(Field):
    """A decimal string with at most twelve places, kept as text."""

    def parse(self, node: Node, param: str) -> str:
        text = _scalar(node, param, "decimal")
        try:
            value = Decimal(text)
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or value < 0:
            raise bad_parameter(f"Invalid decimal: {text}", param)
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Anything(Field):
    """A parameter that is accepted and means nothing here."""

    def read(self, node: Node, param: str) -> Any:
        del param
        return node


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata(Field):
    """A hash of strings; an empty value removes its key, an empty hash removes all.

    Source: Stripe API reference, "Metadata": 50 keys, 40 characters a key, 500 a value.
    """

    unset: bool = True

    def parse(self, node: Node, param: str) -> dict[str, str]:
        if not isinstance(node, dict):
            raise bad_parameter("Invalid object", param)
        pairs = {key: _scalar(value, f"{param}[{key}]", "string") for key, value in node.items()}
        if len(pairs) > 50:
            raise bad_parameter(f"Metadata can have up to 50 keys, but you passed in {len(pairs)} keys.", param)
        for key, value in pairs.items():
            _check_metadata_pair(key, value, param)
        return pairs


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
class Options(Hash):
    """A hash by payment method: the fields of those that are here are read, the others are accepted."""

    def parse(self, node: Node, param: str) -> dict[str, Any]:
        if not isinstance(node, dict):
            raise bad_parameter("Invalid object", param)
        known: Tree = {name: value for name, value in node.items() if name in self.fields}
        return {**node, **read_fields(self.fields, known, param)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Range(Field):
    """A timestamp or a hash of bounds, as pairs of SQL operator and value."""

    def parse(self, node: Node, param: str) -> list[tuple[str, int]]:
        if isinstance(node, str):
            return [("=", Integer().parse(node, param))]
        bounds = Hash(fields=_BOUNDS).parse(node, param)
        return [(_OPERATORS[name], value) for name, value in bounds.items()]


_OPERATORS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_BOUNDS = {name: Integer() for name in _OPERATORS}

Fields = Mapping[str, Field]


def read_fields(fields: Fields, tree: Tree, prefix: str = "") -> dict[str, Any]:
    """Validate a tree against fields: unknown names first, then each value, then what is missing."""
    unknown = [_name(prefix, key) for key in tree if key not in fields]
    if unknown:
        raise unknown_parameters(unknown)
    values = {key: fields[key].read(node, _name(prefix, key)) for key, node in tree.items()}
    for key, spec in fields.items():
        if spec.required and key not in values:
            raise missing_parameter(_name(prefix, key))
    return values


def _name(prefix: str, key: str) -> str:
    return f"{prefix}[{key}]" if prefix else key


ADDRESS = Hash(
    fields={name: Text(unset=True) for name in ("city", "country", "line1", "line2", "postal_code", "state")},
    unset=True,
)
SHIPPING = Hash(
    fields={
        "address": ADDRESS,
        "name": Text(unset=True),
        "carrier": Text(unset=True),
        "phone": Text(unset=True),
        "tracking_number": Text(unset=True),
    },
    unset=True,
)
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
