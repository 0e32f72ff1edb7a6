"""Row reader: checks one row of an application and gives the entry that it says; no value is guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from creditctl.core.entitlement.settlement import EntryKind, KeyScheme, idempotency_key
from creditctl.core.entitlement.user_ids import USER_ID_WORDS, is_user_id
from creditctl.core.errors import UsageError
from creditctl.core.stripe_ids import PAYMENT_KEY, IdKind, holds_secret, id_kind, id_length_fault, payment_key_fault
from creditctl.core.text import storage_fault
from creditctl.sources.corrected_rows import correctable
from creditctl.sources.imported_entry import ImportedEntry
from creditctl.sources.values.bad_value import BadRow, shown
from creditctl.sources.values.times import moment_of
from creditctl.sources.values.whole_numbers import of_major, whole_number

_Class = tuple[str, str | None, str | None]
"""Kind, currency and package."""

_SECONDS_DIGITS = 12
_MAX_ROW_CHARACTERS = 200
_LIVEMODES = {"true": True, "t": True, "1": True, "live": True, "yes": True} | {
    "false": False, "f": False, "0": False, "test": False, "no": False,
}  # fmt: skip
_SIGNS = {
    EntryKind.PURCHASE.value: (1, 1),
    EntryKind.REFUND.value: (-1, -1),
    EntryKind.DISPUTE.value: (-1, -1),
    EntryKind.REFUND_REVERSAL.value: (1, 1),
    EntryKind.DISPUTE_REVERSAL.value: (1, 1),
    EntryKind.ADJUSTMENT.value: (0, 0),
    EntryKind.USAGE.value: (-1, 0),
}
_CURRENCY = re.compile(r"[A-Za-z]{3}")
_OWN_KEYS = " (--own-keys keeps keys of the application's own, such as order numbers)"


class OtherMode(BadRow):
    """A test row where live ones belong, or the other way round."""


_MOST_REMEMBERED = 10_000


class RowReader:
    """Turns the rows of one source into entries.

    Shape: `account` and `livemode` are the ledger's; `kinds` maps the application's words for a kind to ours.
           `own_keys` lets payments be named by an application's own keys, such as order numbers; with `major` amounts
           are dollars, not cents.
           What few words say for many rows (kind, currency, package, mode) is judged once and remembered.
    """

    def __init__(
        self,
        source: str,
        row_field: str | None,
        account: str,
        livemode: bool,
        kinds: Mapping[str, str],
        *,
        own_keys: bool = False,
        major: bool = False,
    ) -> None:
        self.row_field = row_field
        self.key_prefix = idempotency_key(KeyScheme.IMPORT, source, "-")[:-1]
        """What all idempotency keys of the source begin with."""
        self._account = account
        self._livemode = livemode
        self._livemode_column = int(livemode)
        self._kinds = kinds
        self._own_keys = own_keys
        self._major = major
        self._classes: dict[tuple[str | None, ...], _Class] = {}
        self._numbers: dict[str, int] = {}

    def __call__(self, line: int | str, values: Sequence[Any]) -> ImportedEntry:
        """The entry that a row says. Shape: `values` in the order of FIELDS. Errors: BadRow, OtherMode."""
        own_id, created, user_id, kind, credits, amount, currency = values[:7]
        payment_key, package, livemode, own_key, event, note, session_id, object_id, corrects = values[7:]
        word, code, bought = self._class(kind, currency, package, livemode)
        count = self._number(credits, "credits")
        money = of_major(amount, code) if self._major else self._number(amount, "amount")
        _check_signs(word, count, money, code)
        payment = self._payment(payment_key)
        if payment is None and word == "purchase":
            raise BadRow("a purchase needs a payment_key")
        # In the order of its fields: by keyword this alone would take a tenth of an import.
        return ImportedEntry(
            _moment(created),
            _user(user_id),
            word,
            count,
            money,
            code,
            payment,
            self._of_this_mode(_session(session_id, payment), "session_id"),
            _id(object_id, "object_id"),
            bought,
            self._key(line, own_id, own_key),
            _id(event, "source_event"),
            None if corrects is None else self._key_of(word, _id(corrects, "corrects")),
            self._account,
            self._livemode_column,
            None if note is None and own_key is None else self._note(note, own_key),
        )

    def _payment(self, value: Any) -> str | None:
        """The payment that a row is about: an id of Stripe's that names one, or the application's own key."""
        if type(value) is str and PAYMENT_KEY.fullmatch(value):
            return self._of_this_mode(value, "payment_key")
        text = _text(value, "payment_key", secrets_named=True)
        fault = None if text is None else payment_key_fault(text, own_keys=self._own_keys)
        if fault is not None:
            raise BadRow(f"payment_key {fault}{_OWN_KEYS if text and id_kind(text) is IdKind.UNKNOWN else ''}")
        return text

    def _of_this_mode(self, name: str | None, field: str) -> str | None:
        """A name as it is given. Errors: BadRow where it names a session of the other mode than the row's."""
        if name is not None and name.startswith("cs_test_" if self._livemode else "cs_live_"):
            raise BadRow(f"{field} is a session that is {_mode(not self._livemode)}, and its livemode says otherwise")
        return name

    def _class(self, kind: Any, currency: Any, package: Any, livemode: Any) -> _Class:
        """Kind, currency and package in our words, of a row of this ledger's mode."""
        words = (kind, currency, package, livemode if type(livemode) is str else repr(livemode))
        try:
            known = self._classes.get(words)
        except TypeError:  # a list or an object of JSON, which is none of our words
            return self._judged(kind, currency, package, livemode)
        if known is None:
            known = self._judged(kind, currency, package, livemode)
            # Texts only: other values may be equal without saying the same, as 1 and true are.
            if len(self._classes) < _MOST_REMEMBERED and all(word is None or type(word) is str for word in words):
                self._classes[words] = known
        return known

    def _judged(self, kind: Any, currency: Any, package: Any, livemode: Any) -> _Class:
        if _flag(livemode) is not self._livemode:
            raise OtherMode(f"its livemode is {livemode!s:.10}, and this ledger is {_mode(self._livemode)}")
        word = self._kinds.get(kind, kind) if isinstance(kind, str) else ""
        if word not in _SIGNS:
            raise BadRow(f"kind {shown(kind)} is none of {', '.join(_SIGNS)} (--map-kind THEIRS=ours translates)")
        return word, _currency(currency), _text(package, "package")

    def _number(self, value: Any, name: str) -> int:
        if type(value) is not str:
            return whole_number(value, name)
        known = self._numbers.get(value)
        if known is None:
            known = whole_number(value, name)
            if len(self._numbers) < _MOST_REMEMBERED:
                self._numbers[value] = known
        return known

    def _key(self, line: int | str, own_id: Any, own_key: Any) -> str:
        if self.row_field is None:
            return f"{self.key_prefix}{line}"
        row = _text(own_id if self.row_field == "id" else own_key, self.row_field)
        if row is None:
            raise BadRow(f"it has no {self.row_field}, which tells the rows of this source apart")
        if len(row) > _MAX_ROW_CHARACTERS:
            raise BadRow(f"its {self.row_field} is longer than {_MAX_ROW_CHARACTERS} characters")
        return self.key_prefix + row

    def _key_of(self, kind: str, row: str | None) -> str | None:
        return None if row is None else self.key_prefix + correctable(row, kind, self.row_field)

    def _note(self, note: Any, own_key: Any) -> str | None:
        """The note, and in it the application's own key where the entry's key has no place for it."""
        text = _text(note, "note")
        key = _id(own_key, "idempotency_key") if self.row_field == "id" else None
        if key is None:
            return text
        return f"application key {key}" if text is None else f"{text} (application key {key})"


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


def _moment(value: Any) -> int:
    """Unix seconds from a number, a time or its text; UTC where no offset is said."""
    if type(value) is str and value.isascii() and value.isdigit() and len(value) < _SECONDS_DIGITS:
        number = int(value)
        if number:
            return number
    return moment_of(value, "created").seconds


def _flag(value: Any) -> bool:
    known = _LIVEMODES.get(str(value).strip().lower())
    if known is None:
        raise BadRow(f"livemode {shown(value)} is neither true nor false")
    return known


def _mode(livemode: bool) -> str:
    return "live" if livemode else "of test mode"


def _check_signs(kind: str, credits: int, amount: int, currency: str | None) -> None:
    """Refuses what adds where it should take, or the other way round; the ledger's numbers are signed."""
    credits_sign, amount_sign = _SIGNS[kind]
    if kind == EntryKind.USAGE.value and amount > 0:
        raise BadRow(
            f"amount {amount} of a usage: using credits brings no money in; leave it empty, or is it a purchase?"
        )
    if credits * credits_sign < 0 or amount * amount_sign < 0:
        name, number, sign = ("credits", credits, credits_sign)
        if credits * credits_sign >= 0:
            name, number, sign = ("amount", amount, amount_sign)
        raise BadRow(f"{name} {number} of a {kind} should be {'positive' if sign > 0 else 'negative'}")
    if credits == 0 and kind == "purchase":
        raise BadRow("a purchase of no credits")
    if amount and currency is None:
        raise BadRow("an amount needs a currency")


def _currency(value: Any) -> str | None:
    text = _text(value, "currency")
    if text is not None and _CURRENCY.fullmatch(text) is None:
        raise BadRow(f"currency {shown(value)} is not a three-letter code")
    return None if text is None else text.lower()


def _user(value: Any) -> str:
    text = _text(value, "user_id")
    if text is None or not is_user_id(text):
        raise BadRow(f"user_id is not {USER_ID_WORDS}")
    return text


def _session(value: Any, payment_key: str | None) -> str | None:
    """The session of a row: as it says, else the payment key where that is a session's.

    Its webhook names the payment intent as the key; by the session both are known to be one purchase.
    """
    text = _id(value, "session_id")
    if text is not None and id_kind(text) is not IdKind.SESSION:
        raise BadRow("session_id is no Checkout session (cs_…)")
    return payment_key if text is None and payment_key is not None and payment_key.startswith("cs_") else text


def _id(value: Any, name: str) -> str | None:
    """An id, Stripe's or the application's, None where there is none."""
    text = None if value is None else _text(value, name)
    fault = None if text is None else id_length_fault(text)
    if fault is not None:
        raise BadRow(f"{name} {fault}")
    return text


def _text(value: Any, name: str, *, secrets_named: bool = False) -> str | None:
    """A text, None where there is none. Shape: with `secrets_named` the caller says what is wrong with a secret."""
    if type(value) is not str:
        if value is None:
            return None
        if isinstance(value, bytes | bytearray | memoryview | bool | float | dict | list):
            raise BadRow(f"{name} is not a text")
        value = str(value)
    fault = storage_fault(value)
    if fault is not None:
        raise BadRow(f"{name} {fault}")
    if not secrets_named and holds_secret(value):
        raise BadRow(f"{name} holds a client secret or a key, which must not stand in a ledger")
    return value or None
