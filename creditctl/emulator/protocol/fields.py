"""Parameter fields of one value: text, numbers, enums, URLs; each reads a form node or refuses it as Stripe does."""

import math
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from creditctl.emulator.protocol.currencies import LISTED, SUPPORTED
from creditctl.emulator.protocol.errors import bad_parameter, empty_parameter, not_acted_on
from creditctl.emulator.protocol.forms import Node

_INTEGER = re.compile(r"-?[0-9]{1,18}\Z")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\Z")
_TAX_CODE = re.compile(r"txcd_[0-9]{8}\Z")
_UNPRINTABLE = re.compile(r"""[<>\\'"*]""")
_COUNTRY = re.compile(r"[A-Z]{2}\Z")
_APP_URL = re.compile(r"[a-z][a-z0-9+.-]*://\S*\Z", re.IGNORECASE)
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


def scalar(node: Node, param: str, what: str) -> str:
    """The text of a node; refuses a hash or list where `what` is expected."""
    if isinstance(node, str):
        return node
    raise bad_parameter(f"Invalid {what}", param)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Field):
    """A string."""

    max_length: int = 5000

    def parse(self, node: Node, param: str) -> str:
        text = node if isinstance(node, str) else scalar(node, param, "string")
        if len(text) > self.max_length:
            shown = f"{text[:10]}...{text[-10:]}"
            message = f"Invalid string: {shown}; must be at most {self.max_length} characters"
            raise bad_parameter(message, param, "parameter_invalid_string")
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptor(Text):
    """What a bank statement shows: 22 characters, a letter among them, and none that banks can't print.

    Source: Stripe docs, "Statement descriptors"; the words of the refusal are unconfirmed.
    """

    max_length: int = 22

    def parse(self, node: Node, param: str) -> str:
        text = Text.parse(self, node, param)
        if _UNPRINTABLE.search(text):
            raise bad_parameter("The statement descriptor can't contain any of <, >, \\, ', \" or *.", param)
        if not any(character.isalpha() for character in text):
            raise bad_parameter("The statement descriptor must contain at least one letter.", param)
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching(Text):
    """A string of a given form; `what` says which."""

    form: str
    what: str

    def parse(self, node: Node, param: str) -> str:
        text = Text.parse(self, node, param)
        if not re.fullmatch(self.form, text):
            raise bad_parameter(f"Invalid {param}: must be {self.what}", param)
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
class TaxCode(Text):
    """The id of one of Stripe's tax codes; the list of them is not here, so that only its form is looked at.

    Source: Stripe docs, "Product tax codes"; the words of the refusal are unconfirmed.
    """

    def parse(self, node: Node, param: str) -> str:
        text = Text.parse(self, node, param)
        if not _TAX_CODE.match(text):
            raise bad_parameter(f"No such tax code: '{text}'", param, "resource_missing")
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Integer(Field):
    """A whole number in decimal text."""

    low: int | None = None
    high: int | None = None

    def parse(self, node: Node, param: str) -> int:
        text = node if isinstance(node, str) else scalar(node, param, "integer")
        # Most are plain digits, which needs no pattern to be seen.
        if not (len(text) <= 18 and text.isascii() and text.isdigit()) and not _INTEGER.match(text):
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
class Number(Field):
    """A finite number with or without a fraction, within bounds, and with `places` of at most so many decimals."""

    low: float
    high: float = math.inf
    places: int | None = None

    def parse(self, node: Node, param: str) -> float:
        text = scalar(node, param, "number")
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and self.low <= value <= self.high):
            bounds = f"at least {self.low:g}" if self.high == math.inf else f"between {self.low:g} and {self.high:g}"
            raise bad_parameter(f"Invalid number: {text}; must be {bounds}", param)
        if self.places is not None:
            _check_places(Decimal(text), self.places, param)
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Boolean(Field):
    """`true` or `false`, in any case. Source: a recorded `confirm=True`, which was taken."""

    def parse(self, node: Node, param: str) -> bool:
        text = scalar(node, param, "boolean")
        lower = text.lower()
        if lower not in ("true", "false"):
            raise bad_parameter(f"Invalid boolean: {text}", param)
        return lower == "true"


@dataclass(frozen=True, slots=True, kw_only=True)
class OffSession(Boolean):
    """Whether the buyer is away: `true` or `false`, or why (`one_off`, `recurring`), which means `true`."""

    def parse(self, node: Node, param: str) -> bool:
        return True if node in ("one_off", "recurring") else Boolean.parse(self, node, param)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enum(Field):
    """One of a few words; `left_out` are those that Stripe has besides, which are refused by the emulator's name."""

    values: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def parse(self, node: Node, param: str) -> str:
        text = scalar(node, param, "string")
        if text in self.left_out:
            raise not_acted_on(param, f"`{text}` is not here")
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
        text = scalar(node, param, "string").lower()
        if text not in SUPPORTED:
            message = f"Invalid currency: {text}. Stripe currently supports these currencies: {', '.join(LISTED)}"
            raise bad_parameter(message, param)
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Country(Field):
    """A country's two letters, in upper case."""

    def parse(self, node: Node, param: str) -> str:
        text = scalar(node, param, "string").strip().upper()
        if not _COUNTRY.match(text):
            raise bad_parameter(
                f"Country '{text}' is unknown. Try using a 2-character alphanumeric country code.", param
            )
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Url(Field):
    """An absolute http(s) URL, or with `apps` one of any scheme, such as a mobile app's own."""

    apps: bool = False

    def parse(self, node: Node, param: str) -> str:
        text = scalar(node, param, "string")
        if not (_APP_URL if self.apps else _URL).match(text) or len(text) > 5000:
            raise bad_parameter("Not a valid URL", param, "url_invalid")
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount(Field):
    """A decimal string with so many places at most, kept as text."""

    places: int = 12

    def parse(self, node: Node, param: str) -> str:
        text = scalar(node, param, "decimal")
        try:
            value = Decimal(text)
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or value < 0:
            raise bad_parameter(f"Invalid decimal: {text}", param)
        _check_places(value, self.places, param)
        return text


def _check_places(value: Decimal, most: int, param: str) -> None:
    """Refuse more decimal places than a field has; zeros at the end are none.

    Source: stripe-dotnet#437, the words for two places; crvouga/emulates, `packages/service/stripe/src/params.ts` and
    `fields.ts` (held against Stripe's test mode), for the zeros and for twelve places.
    """
    exponent = value.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > most:
        bound = _BOUNDS_OF_PLACES[most]
        raise bad_parameter(f"Invalid decimal: {value.normalize():f}; must contain at {bound} decimal places.", param)


_BOUNDS_OF_PLACES = {2: "maximum two", 4: "maximum four", 12: "most 12"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OfAnotherMode(Field):
    """A parameter of another mode, whatever it holds: the call refuses it in Stripe's words."""

    def read(self, node: Node, param: str) -> Any:
        del param
        return node
