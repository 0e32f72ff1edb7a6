"""Guesses how many credits a price sold: by metadata, by its name, or by what the application booked for it. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from creditctl.core.text import plural
from creditctl.provisioning.scaffold.booked import NOTHING_BOOKED, Bookings, booked_for
from creditctl.provisioning.scaffold.periods import Period, periods_of, uncommon
from creditctl.provisioning.scaffold.sales import RecentSale

_KEY = re.compile(r"credit|token|coin|point|unit", re.IGNORECASE)
_MOST_CREDITS = 1_000_000_000
_NAMED = re.compile(
    r"(?P<number>\d{1,3}(?:[,. _\u202f\u00a0]\d{3})+|\d+)\s*(?P<thousands>k)?\s*(?:credits?|tokens?|coins?|points?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class CreditsGuess:
    """Guess of the credits.

    Shape: `key` is the session's metadata key that has them where they are not always the same, and `credits` then the
           usual number; with `periods` they changed, and `credits` is the latest. `reason` says why.
    """

    reason: str
    credits: int
    key: str | None = None
    periods: tuple[Period, ...] = ()

    @property
    def words(self) -> str:
        """The guess, as the project file writes it."""
        return str(self.credits) if self.key is None else f"metadata.{self.key}"

    @property
    def told(self) -> str:
        """The guess, for people."""
        return f"{self.credits} credits" if self.key is None else f"credits by {self.words}"

    def of(self, sale: RecentSale) -> int | None:
        """What it says of one unit of a sale."""
        if self.key is not None:
            return _count(sale.session_metadata.get(self.key))
        return next((each.credits for each in self.periods if each.holds(sale.created)), self.credits)


def guess_credits(
    sales: Sequence[RecentSale], product: Mapping[str, object], bookings: Bookings = NOTHING_BOOKED
) -> CreditsGuess | None:
    """The likely credits of one unit of a price.

    Shape: `sales` are all of that price; None where nothing says it. What Stripe says counts unless the application
           booked otherwise most of the time.
    """
    said = _by_words(sales, product)
    known = [(sale, booked.credits) for sale in sales if (booked := booked_for(sale.names, bookings)) is not None]
    by_rows = _by_rows(known)
    if by_rows is None or (said is not None and 2 * _explained(said, known) >= len(known)):
        return said
    return by_rows


def guess_quantity(sales: Sequence[RecentSale], guess: CreditsGuess | None, bookings: Bookings) -> str | None:
    """What a quantity above one meant, by what was booked: `multiply`, `one`; None where nothing says it."""
    votes: Counter[str] = Counter()
    for sale in sales:
        booked = booked_for(sale.names, bookings)
        unit = None if guess is None else guess.of(sale)
        if sale.quantity > 1 and booked is not None and unit:
            votes["multiply"] += booked.credits == unit * sale.quantity
            votes["one"] += booked.credits == unit
    if votes["multiply"] and votes["multiply"] >= votes["one"]:
        return "multiply"
    return "one" if votes["one"] else None


def credits_of_numbers(numbers: Sequence[int]) -> CreditsGuess | None:
    """The number that most of some bookings have; None where none is common."""
    given = [each for each in numbers if each > 0]
    if not given:
        return None
    (usual, count), *_ = Counter(given).most_common(1)
    if uncommon(count, len(given)):
        return None
    return CreditsGuess(f"the application booked that for {count} of {plural(len(given), 'sale')}", usual)


def credits_of_keys(metadata: Sequence[Mapping[str, str]], what: str) -> CreditsGuess | None:
    """A key that every one has: one number where it is always the same, else the key itself."""
    first, *rest = metadata
    keys = [key for key in first if _KEY.search(key) and all(_count(each.get(key)) for each in (first, *rest))]
    if len(keys) != 1:
        return None
    values = Counter(int(each[keys[0]]) for each in metadata)
    where, usual = f"the metadata {keys[0]} of every {what}", values.most_common(1)[0][0]
    if len(values) == 1:
        return CreditsGuess(f"{where} is {usual}", usual)
    return CreditsGuess(f"{where} is a number, and not always the same", usual, keys[0])


def _by_words(sales: Sequence[RecentSale], product: Mapping[str, object]) -> CreditsGuess | None:
    metadata = product.get("metadata")
    owned = metadata if isinstance(metadata, Mapping) else {}
    return (
        _by_metadata(sales[0].price_metadata, "the price's metadata")
        or _by_metadata({str(key): str(value) for key, value in owned.items()}, "the product's metadata")
        or credits_of_keys([sale.session_metadata for sale in sales], "session")
        or _by_name([sales[0].name, str(product.get("name") or ""), str(product.get("description") or "")])
    )


def _by_rows(known: Sequence[tuple[RecentSale, int]]) -> CreditsGuess | None:
    """What the application booked for most of the sales: one number, or one after the other."""
    units = [(sale.created, credits) for sale, credits in known if sale.quantity == 1 and credits > 0]
    units = units or [(s.created, credits // s.quantity) for s, credits in known if credits > 0]
    if not units:
        return None
    periods = periods_of(units)
    if len(periods) > 1:
        numbers = ", then ".join(f"{each.credits:,}" for each in periods)
        return CreditsGuess(f"the application booked {numbers}", periods[-1].credits, periods=periods)
    return credits_of_numbers([credits for _, credits in units])


def _explained(guess: CreditsGuess, known: Sequence[tuple[RecentSale, int]]) -> int:
    """How many of the bookings a guess explains."""
    return sum(credits in {unit, unit * sale.quantity} for sale, credits in known if (unit := guess.of(sale)))


def _by_metadata(metadata: Mapping[str, str], where: str) -> CreditsGuess | None:
    found = {key: count for key, value in metadata.items() if _KEY.search(key) and (count := _count(value))}
    if len(set(found.values())) != 1:
        return None
    key, count = next(iter(found.items()))
    return CreditsGuess(f"{where} says {key} = {count}", count)


def _by_name(names: Iterable[str]) -> CreditsGuess | None:
    for name in names:
        match = _NAMED.search(name)
        if match is not None:
            count = int(re.sub(r"\D", "", match["number"])) * (1000 if match["thousands"] else 1)
            if 1 <= count <= _MOST_CREDITS:
                return CreditsGuess(f"it is called {name!r}", count)
    return None


def _count(value: str | None) -> int | None:
    if value is None or not (value.isascii() and value.isdigit() and len(value) <= 9):
        return None
    return int(value) or None
