"""Listings: what an application's own prices sold, now and before, as the catalogue says it. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from creditctl.core.project_file.packages import PackageSection, SoldEntry, SoldQuantity

_NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class PriceListing:
    """One entry of `sold`: an application's price, all prices of its product, or a rule, and the package it sold.

    Shape: `credits` are those of one unit, unless the sale's metadata say them under `credits_key`.
    """

    package: str
    credits: int
    entry: SoldEntry
    exclusive: bool = False

    @property
    def credits_key(self) -> str | None:
        """The metadata key in which the application wrote the credits."""
        return self.entry.credits_key

    @property
    def quantity(self) -> SoldQuantity | None:
        """What a quantity above one means; None where the catalogue does not say."""
        return self.entry.quantity

    def covers(self, moment: int) -> bool:
        """Whether a session that was created then is within its period, which is half-open. Units: Unix seconds."""
        since, until = self.entry.since, self.entry.until
        return (since is None or since <= moment) and (until is None or moment < until)

    def is_about(self, sale: SaleFacts) -> bool:
        """Whether it is about what was sold, whenever that was."""
        entry = self.entry
        if entry.price is not None:
            return entry.price == sale.price
        if entry.product is not None:
            return entry.product == sale.product
        money = (entry.amount, entry.currency) == (sale.unit_amount, sale.currency)
        return money and all(sale.metadata.get(key) == value for key, value in entry.metadata)


@dataclass(frozen=True, slots=True)
class SaleFacts:
    """What a listing is matched with: one line of a session. Units: `unit_amount` in minor units of `currency`."""

    price: str
    product: str
    unit_amount: int | None
    currency: str
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Listed:
    """What the catalogue says of a sale. Shape: `listing` is None for a sale outside every period of its price."""

    listing: PriceListing | None


@dataclass(frozen=True, slots=True)
class Listings:
    """All listings of a catalogue, and the prices that are fees."""

    entries: tuple[PriceListing, ...] = ()
    fees: frozenset[str] = frozenset()

    def find(self, sale: SaleFacts, moment: int) -> Listed | None:
        """What the catalogue says of a sale at a moment; None where it knows nothing of it.

        Shape: a price that is listed itself goes before its product, and that before a rule.
        """
        about = [each for each in sorted(self.entries, key=_rank) if each.is_about(sale)]
        if not about:
            return None
        return Listed(next((each for each in about if each.covers(moment)), None))

    def names(self, price: str, product: str) -> bool:
        """Whether a price is named as the application's own, by itself or by its product, or as a fee."""
        own = frozenset(each.entry.price for each in self.entries if each.entry.price is not None)
        return price in own or product in self.products or price in self.fees

    @property
    def products(self) -> frozenset[str]:
        """The products whose prices are all the application's own."""
        return frozenset(each.entry.product for each in self.entries if each.entry.product is not None)


def listings_of(sections: Sequence[PackageSection], fees: Sequence[str] = ()) -> Listings:
    """The listings of packages as they were read."""
    entries = (
        PriceListing(
            section.slug, section.credits if entry.credits is None else entry.credits, entry, section.exclusive
        )
        for section in sections
        for entry in section.sold
    )
    return Listings(tuple(entries), frozenset(fees))


def listing_faults(listings: Listings) -> Iterator[str]:
    """What cannot be: two listings of one thing at one time, and a fee that is a package."""
    by_subject = sorted(listings.entries, key=lambda each: (repr(_subject(each)), each.entry.since or -_NEVER))
    for earlier, later in itertools.pairwise(by_subject):
        if _subject(earlier) == _subject(later) and _end(earlier) > (later.entry.since or -_NEVER):
            yield f"{_words(earlier)} is sold twice at one time, in {earlier.package} and {later.package}"
    for price in sorted(listings.fees):
        if any(each.entry.price == price for each in listings.entries):
            yield f"price {price} is both a package's and a fee"


def _rank(listing: PriceListing) -> int:
    return 0 if listing.entry.price is not None else 1 if listing.entry.product is not None else 2


def _end(listing: PriceListing) -> float:
    return _NEVER if listing.entry.until is None else listing.entry.until


def _subject(listing: PriceListing) -> tuple[object, ...]:
    entry = listing.entry
    return (entry.price, entry.product, tuple(sorted(entry.metadata)), entry.amount, entry.currency)


def _words(listing: PriceListing) -> str:
    entry = listing.entry
    if entry.price is not None:
        return f"price {entry.price}"
    if entry.product is not None:
        return f"product {entry.product}"
    return "the rule " + ", ".join(f"{key}={value}" for key, value in entry.metadata)
