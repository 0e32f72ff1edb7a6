"""Catalogue of packages: reads packages.toml, validates it, names products and lookup keys on Stripe."""

from __future__ import annotations

import difflib
import itertools
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from creditctl.core.currencies import amount_fault, currency_fault
from creditctl.core.errors import ConfigurationError
from creditctl.core.metadata import MANAGED_BY, MANAGED_BY_KEY

_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_CURRENCY = re.compile(r"[a-z]{3}")
_MAX_AMOUNT = 99_999_999
_MAX_CREDITS = 1_000_000_000
_KEYS = ("currency", "package")
_PACKAGE_KEYS = ("number", "slug", "name", "credits", "amount", "currency")


@dataclass(frozen=True, slots=True)
class Package:
    """Package: credits sold for money, once.

    Units: `amount` in minor units of `currency`; `credits` a count.
    """

    number: int
    slug: str
    name: str
    credits: int
    amount: int
    currency: str

    @property
    def product_id(self) -> str:
        """The id of its product on Stripe, the same in every account."""
        return f"creditctl_{self.slug}"

    @property
    def lookup_key(self) -> str:
        """The lookup key that its current price holds on Stripe."""
        return f"creditctl_{self.slug}_{self.currency}"

    @property
    def metadata(self) -> dict[str, str]:
        """What marks its product and prices as ours."""
        return {MANAGED_BY_KEY: MANAGED_BY, "package": self.slug, "credits": str(self.credits)}


@dataclass(frozen=True, slots=True)
class Catalog:
    """Catalogue: the packages in order of their number."""

    packages: tuple[Package, ...]

    def __iter__(self) -> Iterator[Package]:
        return iter(self.packages)

    def __len__(self) -> int:
        return len(self.packages)

    def by_number(self, number: int) -> Package | None:
        """The package with this number, or None."""
        return next((package for package in self.packages if package.number == number), None)

    def by_slug(self, slug: str) -> Package | None:
        """The package with this slug, or None."""
        return next((package for package in self.packages if package.slug == slug), None)

    def find(self, name: str) -> Package:
        """The package that a person means by a number or a slug.

        Errors: ConfigurationError naming the ones there are.
        """
        found = self.by_number(int(name)) if name.isascii() and name.isdigit() else self.by_slug(name.lower())
        if found is None:
            known = ", ".join(f"{package.number} {package.slug}" for package in self.packages)
            raise ConfigurationError(
                f"There is no package {name!r}.", code="catalog.unknown_package", fix=f"Use one of: {known}."
            )
        return found


def parse_catalog(text: str, *, source: str = "packages.toml") -> Catalog:
    """Parses a catalogue from TOML text, and validates it as a whole.

    Shape:  `currency`, and one `[[package]]` each: number, slug, name, credits, amount, optionally currency;
            no other key.
    Errors: ConfigurationError with every fault found, not just the first; also for what Stripe would refuse.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _invalid(source, [f"it is not TOML: {error}"]) from None
    faults = _unknown_keys(document, _KEYS, "")
    rows = document.get("package")
    if not isinstance(rows, list) or not rows:
        raise _invalid(source, [*faults, "it has no [[package]]"])
    faults += [fault for row in rows for fault in _row_faults(row, document)]
    if faults:
        raise _invalid(source, faults)
    packages = tuple(sorted((_package(row, document) for row in rows), key=lambda package: package.number))
    faults = _catalog_faults(packages)
    if faults:
        raise _invalid(source, faults)
    return Catalog(packages)


def _package(row: Mapping[str, Any], document: Mapping[str, Any]) -> Package:
    return Package(
        number=row["number"],
        slug=row["slug"],
        name=row["name"],
        credits=row["credits"],
        amount=row["amount"],
        currency=row.get("currency", document.get("currency")),
    )


def _row_faults(row: object, document: Mapping[str, Any]) -> list[str]:
    if not isinstance(row, dict):
        return ["a [[package]] is not a table"]
    label = f"package {row.get('slug', row.get('number', '?'))}"
    faults = _unknown_keys(row, _PACKAGE_KEYS, f"{label}: ")
    faults += [
        f"{label}: {key} must be a whole number from 1 to {most}, not {row.get(key)!r}"
        for key, most in (("number", 99), ("credits", _MAX_CREDITS), ("amount", _MAX_AMOUNT))
        if not _whole(row.get(key), most)
    ]
    if not _matches(_SLUG, row.get("slug")):
        faults.append(f"{label}: slug must be 1 to 40 of a-z, 0-9, - and _, not {row.get('slug')!r}")
    if not (isinstance(row.get("name"), str) and row["name"].strip()):
        faults.append(f"{label}: name is missing")
    return faults + [f"{label}: {fault}" for fault in _money_faults(row, document)]


def _money_faults(row: Mapping[str, Any], document: Mapping[str, Any]) -> list[str]:
    """What Stripe would refuse when the price is made, or when somebody pays it."""
    currency, amount = row.get("currency", document.get("currency")), row.get("amount")
    if not isinstance(currency, str) or _CURRENCY.fullmatch(currency) is None:
        return ["currency must be a three-letter code in lower case"]
    unknown = currency_fault(currency)
    if unknown is not None:
        return [unknown]
    refused = amount_fault(amount, currency) if isinstance(amount, int) and _whole(amount, _MAX_AMOUNT) else None
    return [] if refused is None else [refused]


def _unknown_keys(table: Mapping[str, Any], known: Collection[str], label: str) -> list[str]:
    """Keys that nothing reads, each with the one that was probably meant; a slip must not sell in another currency."""
    return [f"{label}unknown key {key!r}{_nearest(key, known)}" for key in table if key not in known]


def _nearest(key: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(key.lower(), known, n=1, cutoff=0.5)
    return f", did you mean {close[0]!r}?" if close else f" (there are: {', '.join(known)})"


def _whole(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _catalog_faults(packages: tuple[Package, ...]) -> list[str]:
    faults = [
        f"{what} {value!r} is used twice"
        for what in ("number", "slug")
        for value in sorted({getattr(package, what) for package in packages})
        if sum(getattr(package, what) == value for package in packages) > 1
    ]
    return faults + _price_rises(packages)


def _price_rises(packages: tuple[Package, ...]) -> list[str]:
    """Where a larger package costs more per credit than a smaller one: surely a typing error."""
    by_size = sorted(packages, key=lambda package: (package.currency, package.credits))
    return [
        f"{larger.slug} costs more per credit than {smaller.slug}"
        for smaller, larger in itertools.pairwise(by_size)
        if smaller.currency == larger.currency and larger.amount * smaller.credits > smaller.amount * larger.credits
    ]


def _invalid(source: str, faults: list[str]) -> ConfigurationError:
    return ConfigurationError(
        f"The catalogue {source} is not valid: {'; '.join(faults)}.",
        code="catalog.invalid",
        fix="Correct it, or run without --catalog to use the five packages that come with creditctl.",
    )
