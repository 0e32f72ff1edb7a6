"""Row mapper: turns one row of an application into a source row by the settings of `[source]`. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from creditctl.core.entitlement.settlement import EntryKind
from creditctl.core.limits import MAX_MAGNITUDE
from creditctl.core.project_file.source import AmountUnit, OtherRows, RowStatus, SourceSection
from creditctl.ledger.archive.source_models import DONE, SourceRow
from creditctl.sources.mapping.columns import FirstFilled, RawColumns, is_optional, optional, reference, references
from creditctl.sources.mapping.conditions import Condition, parse_condition
from creditctl.sources.mapping.flag import parse_flag
from creditctl.sources.mapping.payment_names import key_texts, payment_names
from creditctl.sources.mapping.places import Places
from creditctl.sources.mapping.signs import GIVES, TAKES, Outside
from creditctl.sources.mapping.users import UserNames
from creditctl.sources.mapping.words import UnknownWord, Words
from creditctl.sources.values.amounts import minor_units
from creditctl.sources.values.bad_value import BadRow, shown
from creditctl.sources.values.numbers import decimal_of, whole_units
from creditctl.sources.values.texts import id_of, is_empty, text_of
from creditctl.sources.values.times import moment_of

_CURRENCY_LETTERS = 3
_TRUE = Condition()


@dataclass(frozen=True)
class Habits:
    """How the columns of a file write what could be read in two ways; a database's types leave nothing open.

    Shape: `marks` are the decimal marks of `credits` and `amount`.
    """

    marks: Mapping[str, str | None] = field(default_factory=dict)
    month_first: bool = False


@dataclass(frozen=True)
class _Rule:
    when: Condition
    kind: str
    amount: FirstFilled | None


class RowMapper:
    """Turns rows of one source into source rows.

    Shape:  `available` are its columns, None where they are not known before they are read; `doubtful` counts times in
            an hour that a clock had twice.
    Errors: ConfigurationError where a column is not there, or nothing says what a row's kind is.
    """

    def __init__(
        self,
        section: SourceSection,
        available: Collection[str] | None,
        *,
        zone: tzinfo = UTC,
        users: UserNames | None = None,
        habits: Habits | None = None,
    ) -> None:
        self._section = section
        self._zone = zone
        self._users = users or UserNames()
        self._habits = habits or Habits()
        self.places = Places.of(section, available)
        self._where = parse_condition(section.where, available, zone) if section.where else _TRUE
        self._rules = tuple(self._rule(number, available) for number in range(len(section.rules)))
        self._kinds = Words("kind", section.kind, [str(kind) for kind in EntryKind])
        self._statuses = Words("status", {k: str(v) for k, v in section.status.items()}, [str(s) for s in RowStatus])
        self._decimals = section.credit_decimals or 0
        said = section.columns.get("livemode")
        texts = [text for text in said or () if _is_there(text, available)]
        texts = texts or list(() if said == () else Places.own("livemode", available))
        self._livemode = parse_flag("livemode", next(iter(texts), "").removesuffix("?") or None, available, zone)
        updated = references((section.updated,) if section.updated else (), available)
        self.updated = next(iter(updated.places), None)
        self.doubtful = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are needed, so that nothing else is read of the application."""
        conditions = (self._where, *(rule.when for rule in self._rules))
        found = [each.place.column for condition in conditions for each in condition.comparisons]
        found += self._livemode.columns
        found += [place.column for rule in self._rules if rule.amount for place in rule.amount.places]
        found += [self.updated.column] if self.updated else []
        return tuple(dict.fromkeys((*self.places.columns, *found)))

    @property
    def by_line(self) -> bool:
        """Whether nothing but their line tells its rows apart."""
        return self.places.id is None

    def name_of(self, raw: RawColumns) -> str:
        """What a person finds a row by, also one that cannot be read."""
        value = None if self.places.id is None else self.places.id.value(raw)
        return f"row {value}" if value is not None else "a row without an id"

    def balance(self, user: object, credits: object) -> tuple[str, int]:
        """A cached balance: the user as Stripe has them, and the credits. Errors: BadRow."""
        owner = id_of(user, "user_id")
        number = None if is_empty(credits) else whole_units(decimal_of(credits, "balance"), self._decimals)
        if number is None and not is_empty(credits):
            raise BadRow(f"balance {shown(credits)} has more than {self._decimals} decimals")
        return self._users.on_stripe(owner or ""), number or 0

    def __call__(self, raw: RawColumns, line: int | None = None) -> SourceRow | Outside:
        """What a row says. Errors: BadRow; UnknownWord where no kind or status fits."""
        row_id = self._row_id(raw, line)
        if not self._where.holds(raw):
            return Outside(row_id)
        try:
            kind, amounts = self._kind(raw)
        except UnknownWord:
            if self._section.other is OtherRows.IGNORE:
                return Outside(row_id)
            raise
        return self._row(raw, row_id, kind, amounts)

    def _row(self, raw: RawColumns, row_id: str, kind: str, amounts: FirstFilled) -> SourceRow:
        status = self._status(raw)
        credits, contrary = _signed(self._credits(raw, status), kind)
        currency = self._currency(raw)
        names = payment_names(self._keys(raw))
        owner = id_of(self.places.user_id.value(raw), "user_id")
        return SourceRow(
            row_id=row_id,
            created=self._created(raw),
            owner=owner,
            user_id=None if owner is None else self._users.on_stripe(owner),
            kind=kind,
            status=status,
            credits=credits,
            contrary=contrary,
            amount=self._amount(amounts.value(raw), kind, currency),
            currency=currency,
            payment_key=names.payment,
            object_id=names.returned,
            livemode=self._livemode.value(raw),
            corrects=id_of(self.places.corrects.value(raw), "corrects"),
        )

    def _row_id(self, raw: RawColumns, line: int | None) -> str:
        if self.places.id is None:
            return f"line {line}"
        found = id_of(self.places.id.value(raw), "id")
        if found is None:
            raise BadRow("it has no id, which tells the rows of the source apart")
        return found

    def _rule(self, number: int, available: Collection[str] | None) -> _Rule:
        rule = self._section.rules[number]
        amount = None if rule.amount is None else FirstFilled((reference(rule.amount, available),))
        return _Rule(parse_condition(rule.when, available, self._zone), rule.kind, amount)

    def _kind(self, raw: RawColumns) -> tuple[str, FirstFilled]:
        """Kind of a row, and where its amount stands."""
        for rule in self._rules:
            if rule.when.holds(raw):
                return rule.kind, rule.amount or self.places.amount
        word = text_of(self.places.kind.value(raw), "kind")
        return self._kinds.meaning(word), self.places.amount

    def _status(self, raw: RawColumns) -> str:
        if not self.places.status.places:
            return DONE
        return self._statuses.meaning(text_of(self.places.status.value(raw), "status"))

    def _created(self, raw: RawColumns) -> int:
        value = self.places.created.value(raw)
        moment = moment_of(value, "created", self._zone, month_first=self._habits.month_first)
        self.doubtful += moment.doubtful
        return moment.seconds

    def _credits(self, raw: RawColumns, status: str) -> int:
        value = self.places.credits.value(raw)
        if is_empty(value) and status != DONE:
            return 0
        number = whole_units(decimal_of(value, "credits", self._habits.marks.get("credits")), self._decimals)
        if number is None:
            more = "credit_decimals in [source] says how many decimals credits have"
            raise BadRow(f"credits {shown(value)} has more than {self._decimals} decimals ({more})")
        return _bounded(number, "credits")

    def _amount(self, value: object, kind: str, currency: str | None) -> int | None:
        if is_empty(value) or kind == EntryKind.USAGE:
            return None
        major = self._section.amounts is AmountUnit.MAJOR
        amount = minor_units(value, currency, major=major, mark=self._habits.marks.get("amount"))
        if amount is None:
            unit = "" if major else ' (amounts = "major" in [source] says that they are dollars, not cents)'
            raise BadRow(f"amount {shown(value)} is no whole number of minor units{unit}")
        sign = -1 if kind in TAKES else 1
        return _bounded(amount if kind == EntryKind.ADJUSTMENT else sign * abs(amount), "amount")

    def _currency(self, raw: RawColumns) -> str | None:
        text = text_of(self.places.currency.value(raw), "currency")
        if text is not None and not (len(text) == _CURRENCY_LETTERS and text.isascii() and text.isalpha()):
            raise BadRow(f"currency {shown(text)} is not a three-letter code")
        return None if text is None else text.lower()

    def _keys(self, raw: RawColumns) -> Iterator[str]:
        for value in self.places.payment_key.values(raw):
            yield from key_texts(value)


def _is_there(text: str, available: Collection[str] | None) -> bool:
    return not is_optional(text) or optional(text, available) is not None


def _signed(credits: int, kind: str) -> tuple[int, bool]:
    """The credits with the sign of their kind, and whether the row had the opposite one."""
    sign = 1 if kind in GIVES else -1 if kind in TAKES else 0
    if sign == 0:
        return credits, False
    return sign * abs(credits), credits * sign < 0


def _bounded(number: int, name: str) -> int:
    if abs(number) > MAX_MAGNITUDE:
        raise BadRow(f"{name} {number} is out of range")
    return number
