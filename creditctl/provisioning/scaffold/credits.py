"""Guesses how many credits a price sold: by metadata of price, product and sessions, or by its name. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from creditctl.provisioning.scaffold.sales import RecentSale

_KEY = re.compile(r"credit|token|coin|point|unit", re.IGNORECASE)
_MOST_CREDITS = 1_000_000_000
_NAMED = re.compile(
    r"(?P<number>\d{1,3}(?:[,. _\u202f\u00a0]\d{3})+|\d+)\s*(?P<thousands>k)?\s*(?:credits?|tokens?|coins?|points?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class CreditsGuess:
    """Guess of the credits. Shape: `key` is the session's metadata key that has them where they are not always the
    same, and `credits` then the usual number; `reason` says why.
    """

    reason: str
    credits: int
    key: str | None = None

    @property
    def words(self) -> str:
        """The guess, as the project file writes it."""
        return str(self.credits) if self.key is None else f"metadata.{self.key}"


def guess_credits(sales: Sequence[RecentSale], product: Mapping[str, object]) -> CreditsGuess | None:
    """The likely credits of one unit of a price. Shape: `sales` are all of that price; None where nothing says it."""
    metadata = product.get("metadata")
    owned = metadata if isinstance(metadata, Mapping) else {}
    return (
        _by_metadata(sales[0].price_metadata, "the price's metadata")
        or _by_metadata({str(key): str(value) for key, value in owned.items()}, "the product's metadata")
        or _by_sessions(sales)
        or _by_name([sales[0].name, str(product.get("name") or ""), str(product.get("description") or "")])
    )


def _by_metadata(metadata: Mapping[str, str], where: str) -> CreditsGuess | None:
    found = {key: count for key, value in metadata.items() if _KEY.search(key) and (count := _count(value))}
    if len(set(found.values())) != 1:
        return None
    key, count = next(iter(found.items()))
    return CreditsGuess(f"{where} says {key} = {count}", count)


def _by_sessions(sales: Sequence[RecentSale]) -> CreditsGuess | None:
    """A key that every session of the price has: one number where it is always the same, else the key itself."""
    first, *rest = (sale.session_metadata for sale in sales)
    keys = [key for key in first if _KEY.search(key) and all(_count(each.get(key)) for each in (first, *rest))]
    if len(keys) != 1:
        return None
    values = Counter(int(sale.session_metadata[keys[0]]) for sale in sales)
    where, usual = f"the metadata {keys[0]} of every session", values.most_common(1)[0][0]
    if len(values) == 1:
        return CreditsGuess(f"{where} is {usual}", usual)
    return CreditsGuess(f"{where} is a number, and not always the same", usual, keys[0])


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
