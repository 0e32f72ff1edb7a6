"""One row of an application as the content of an entry: every value checked, none guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from creditctl.core.entitlement import KeyScheme, Kind, idempotency_key
from creditctl.core.errors import UsageError
from creditctl.ledger.import_source import BadRow

Content = tuple[Any, ...]
"""What an entry says: the values of its columns from `created` to `note`, in their order."""

KEY_PLACE = 10
"""Where the idempotency key stands in a Content."""

KIND_PLACE, CREDITS_PLACE, AMOUNT_PLACE, CURRENCY_PLACE = 2, 3, 4, 5

_WHOLE = re.compile(r"\s*[+-]?[0-9]{1,18}\s*")
_MAX_MAGNITUDE = 10**15
_MAX_SECONDS = 10**11
_MAX_USER_ID_CHARACTERS = 200
_MAX_ROW_CHARACTERS = 200
_MAX_SHOWN = 40
_LIVEMODES = {"true": True, "t": True, "1": True, "live": True, "yes": True} | {
    "false": False, "f": False, "0": False, "test": False, "no": False,
}  # fmt: skip
_SIGNS = {
    Kind.PURCHASE.value: (1, 1),
    Kind.REFUND.value: (-1, -1),
    Kind.DISPUTE.value: (-1, -1),
    Kind.REFUND_REVERSAL.value: (1, 1),
    Kind.DISPUTE_REVERSAL.value: (1, 1),
    Kind.ADJUSTMENT.value: (0, 0),
    Kind.USAGE.value: (-1, 0),
}
_CURRENCY = re.compile(r"[A-Za-z]{3}")


class OtherMode(BadRow):
    """A test row where live ones belong, or the other way round."""


@dataclass(frozen=True, slots=True)
class RowReader:
    """Turns rows of one source into contents of entries.

    Shape: `account` and `livemode` are the ledger's; `kinds` maps the application's words for a kind to ours.
    """

    source: str
    row_field: str | None
    account: str
    livemode: bool
    kinds: Mapping[str, str]

    @property
    def key_prefix(self) -> str:
        """What all idempotency keys of the source begin with."""
        return idempotency_key(KeyScheme.IMPORT, self.source, "-")[:-1]

    def __call__(self, line: int | str, values: Sequence[Any]) -> Content:
        """The content of a row's entry. Shape: `values` in the order of FIELDS. Errors: BadRow, OtherMode."""
        own_id, created, user_id, kind, credits, amount, currency = values[:7]
        payment_key, package, livemode, own_key, event, note, session_id, object_id = values[7:]
        if _flag(livemode) is not self.livemode:
            raise OtherMode(f"its livemode is {livemode!s:.10}, and this ledger is {_mode(self.livemode)}")
        word = self._kind(kind)
        count, money = _whole(credits, "credits"), _whole(amount, "amount")
        _check_signs(word, count, money)
        payment = _text(payment_key, "payment_key")
        if payment is None and word == Kind.PURCHASE.value:
            raise BadRow("a purchase needs a payment_key")
        key, comment = self._key(line, own_id, own_key), _text(note, "note")
        return (
            _moment(created),
            _user(user_id),
            word,
            count,
            money,
            _currency(currency, money),
            payment,
            _text(session_id, "session_id"),
            _text(object_id, "object_id"),
            _text(package, "package"),
            key,
            _text(event, "source_event"),
            None,
            self.account,
            int(self.livemode),
            _noted(comment, own_key) if self.row_field == "id" else comment,
        )

    def _kind(self, kind: Any) -> str:
        word = self.kinds.get(kind, kind) if isinstance(kind, str) else ""
        if word not in _SIGNS:
            raise BadRow(f"kind {_shown(kind)} is none of {', '.join(_SIGNS)} (--map-kind THEIRS=ours translates)")
        return word

    def _key(self, line: int | str, own_id: Any, own_key: Any) -> str:
        if self.row_field is None:
            return f"{self.key_prefix}{line}"
        row = _text(own_id if self.row_field == "id" else own_key, self.row_field)
        if row is None:
            raise BadRow(f"it has no {self.row_field}, which tells the rows of this source apart")
        if len(row) > _MAX_ROW_CHARACTERS:
            raise BadRow(f"its {self.row_field} is longer than {_MAX_ROW_CHARACTERS} characters")
        return f"{self.key_prefix}{row}"


def parse_kinds(texts: Sequence[str]) -> dict[str, str]:
    """A translation of kinds from texts like `topup=purchase`. Errors: UsageError."""
    kinds: dict[str, str] = {}
    for text in texts:
        theirs, equals, ours = text.partition("=")
        if not equals or not theirs or ours not in _SIGNS or theirs in kinds:
            raise UsageError(
                f"--map-kind {text!r} is not THEIRS=ours, or comes twice.",
                code="import.kind",
                fix=f"For example --map-kind topup=purchase. Ours are: {', '.join(_SIGNS)}.",
            )
        kinds[theirs] = ours
    return kinds


def _whole(value: Any, name: str) -> int:
    """A whole number. A float is refused even where it looks whole: nobody can tell whether it counts cents."""
    if type(value) is str and _WHOLE.fullmatch(value):
        number = int(value)
    elif type(value) is int:
        number = value
    elif isinstance(value, Decimal) and value.is_finite() and value.as_tuple().exponent == 0:
        number = int(value)
    else:
        units = ", in minor units (cents) of the currency" if name == "amount" else ""
        raise BadRow(f"{name} {_shown(value)} is not a whole number{units}")
    if abs(number) > _MAX_MAGNITUDE:
        raise BadRow(f"{name} {number} is out of range")
    return number


def _moment(value: Any) -> int:
    """Unix seconds from a number, a time or its text; UTC where no offset is said."""
    if isinstance(value, datetime):
        return _seconds(value)
    if type(value) is str and not _WHOLE.fullmatch(value):
        try:
            return _seconds(datetime.fromisoformat(value.strip()))
        except ValueError:
            raise BadRow(f"created {_shown(value)} is not a time (Unix seconds, or 2026-11-01T08:30:00Z)") from None
    number = _whole(value, "created")
    if not 0 < number < _MAX_SECONDS:
        raise BadRow(f"created {number} is not a time in Unix seconds")
    return number


def _seconds(moment: datetime) -> int:
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _flag(value: Any) -> bool:
    known = _LIVEMODES.get(str(value).strip().lower())
    if known is None:
        raise BadRow(f"livemode {_shown(value)} is neither true nor false")
    return known


def _mode(livemode: bool) -> str:
    return "live" if livemode else "of test mode"


def _check_signs(kind: str, credits: int, amount: int) -> None:
    """Refuses what adds where it should take, or the other way round; the ledger's numbers are signed."""
    for name, number, sign in zip(("credits", "amount"), (credits, amount), _SIGNS[kind], strict=True):
        if number * sign < 0:
            wanted = "positive" if sign > 0 else "negative"
            raise BadRow(f"{name} {number} of a {kind} should be {wanted}")
    if kind == Kind.PURCHASE.value and credits == 0:
        raise BadRow("a purchase of no credits")


def _currency(value: Any, amount: int) -> str | None:
    text = _text(value, "currency")
    if text is None:
        if amount:
            raise BadRow("an amount needs a currency")
        return None
    if _CURRENCY.fullmatch(text) is None:
        raise BadRow(f"currency {_shown(value)} is not a three-letter code")
    return text.lower()


def _user(value: Any) -> str:
    text = _text(value, "user_id")
    if text is None or len(text) > _MAX_USER_ID_CHARACTERS:
        raise BadRow(f"user_id is not a text of 1 to {_MAX_USER_ID_CHARACTERS} characters")
    return text


def _text(value: Any, name: str) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bytes | bytearray | memoryview | bool | float | dict | list):
        raise BadRow(f"{name} is not a text")
    text = value if type(value) is str else str(value)
    if "\0" in text:
        raise BadRow(f"{name} holds a NUL character")
    return text


def _noted(note: str | None, own_key: Any) -> str | None:
    """The note, and in it the application's own key, which the entry's key has no place for."""
    key = _text(own_key, "idempotency_key")
    if key is None:
        return note
    return f"application key {key}" if note is None else f"{note} (application key {key})"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"
