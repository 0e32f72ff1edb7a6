"""Catalogue of packages: reads packages.toml, validates it, names products and lookup keys on Stripe."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from creditctl.core.currencies import amount_fault, currency_fault
from creditctl.core.deployment import UNNAMED, Deployment, id_prefix, managed_metadata
from creditctl.core.errors import ConfigurationError
from creditctl.core.listings import Listings, listing_faults, listings_of
from creditctl.core.project_file.faults import DocumentFaults, ended, parse_toml
from creditctl.core.project_file.packages import PackageSection, read_packages
from creditctl.core.project_file.project import ProjectFile
from creditctl.core.project_file.tables import TomlTable

_KEYS = ("currency", "package")
NO_LISTINGS = Listings()


_PRODUCT_ID = re.compile(r"creditctl(?:-([a-z0-9-]{1,30}))?_([a-z0-9][a-z0-9_-]{0,39})")


def lookup_key(slug: str, currency: str, deployment: str | None = None) -> str:
    """The lookup key that the current price of a package holds on Stripe."""
    return f"{id_prefix(deployment)}{slug}_{currency}"


def named_by_product(product_id: str) -> tuple[str | None, str] | None:
    """Deployment and package that a product's id says it was made for; None for an id that is not ours."""
    match = _PRODUCT_ID.fullmatch(product_id)
    return None if match is None else (match[1], match[2])


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
    deployment: str | None = None

    @property
    def product_id(self) -> str:
        """The id of its product on Stripe, the same in every account."""
        return f"{id_prefix(self.deployment)}{self.slug}"

    @property
    def lookup_key(self) -> str:
        """The lookup key that its current price holds on Stripe."""
        return lookup_key(self.slug, self.currency, self.deployment)

    @property
    def metadata(self) -> dict[str, str]:
        """What marks its product and prices as ours, and the sessions that sell it."""
        return {**managed_metadata(self.deployment), "package": self.slug, "credits": str(self.credits)}


@dataclass(frozen=True, slots=True)
class Catalog:
    """Catalogue: the packages in order of their number, as one deployment sells them, and how its sales are read.

    Shape: `packages` are those that set-up makes prices for; `listings` what the application's own prices sold, with
           packages of their own too. `user` says where the application's sessions carry the buyer.
    """

    packages: tuple[Package, ...]
    deployment: Deployment = UNNAMED
    listings: Listings = NO_LISTINGS
    user: tuple[str, ...] = ()

    def read_by(self, project: ProjectFile) -> Catalog:
        """The same catalogue, its sales read as a project file says: fees, and where sessions carry the buyer.

        Errors: ConfigurationError for a price that is both a package's and a fee.
        """
        listings = replace(self.listings, fees=frozenset(project.fees.prices))
        faults = list(listing_faults(listings))
        if faults:
            raise _invalid(f"in {project.path}", "; ".join(faults))
        return replace(self, listings=listings, user=project.user)

    def sold_by(self, deployment: Deployment) -> Catalog:
        """The same packages as a deployment sells them: under ids of its own, with its mark."""
        packages = tuple(replace(package, deployment=deployment.name) for package in self.packages)
        return replace(self, packages=packages, deployment=deployment)

    def named_since(self, moment: int | None) -> Catalog:
        """The same catalogue, its deployment named since a moment. Units: Unix seconds, None where it always was."""
        return replace(self, deployment=replace(self.deployment, named_since=moment))

    def __iter__(self) -> Iterator[Package]:
        return iter(self.packages)

    def __len__(self) -> int:
        return len(self.packages)

    def by_number(self, number: int) -> Package | None:
        """The package with this number, or None."""
        return next((package for package in self.packages if package.number == number), None)

    def by_slug(self, slug: str) -> Package | None:
        """The package with this slug, or None."""
        for package in self.packages:  # asked for each payment of a run: a generator takes three times as long
            if package.slug == slug:
                return package
        return None

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

    Shape:  `currency`, and one `[[package]]` each, as in `creditctl.toml`; no other key.
    Errors: ConfigurationError with every fault found, not just the first; also for what Stripe would refuse.
    """
    try:
        document = parse_toml(text)
    except ValueError as error:
        raise _invalid(source, f"it is not TOML: {error}") from None
    faults = DocumentFaults(text)
    table = TomlTable(document, faults)
    table.refuse_unknown(_KEYS)
    return catalog_of(read_packages(table), faults, source=source)


def catalog_of_project(project: ProjectFile, *, another: Path | None = None) -> Catalog | None:
    """The catalogue that stands in `creditctl.toml`; None where it has no packages.

    Shape:  `another` is a file that an option or the environment names.
    Errors: ConfigurationError where there are two catalogues, or this one is not valid.
    """
    if not project.packages:
        return None
    if another is not None:
        raise ConfigurationError(
            f"There are two catalogues: the packages in {project.path}, and {another}.",
            code="catalog.two",
            fix="Keep one: take the packages out of one of them, or leave --catalog and CREDITCTL_CATALOG away.",
        )
    return catalog_of(project.packages, DocumentFaults(), source=f"in {project.path}")


def catalog_of(sections: Sequence[PackageSection], faults: DocumentFaults, *, source: str) -> Catalog:
    """Makes the catalogue of packages that were read, after it has judged them together.

    Shape:  `faults` are those found while they were read.
    Errors: ConfigurationError with every fault found; also for what Stripe would refuse.
    """
    if not sections and not faults:
        faults.add((), "it has no [[package]]")
    if not faults:
        _judge_money(sections, faults)
    listings = listings_of(sections)
    priced = [section for section in sections if section.amount is not None]
    packages = tuple(sorted((_package(section) for section in priced), key=lambda package: package.number))
    if not faults:
        for fault in (*_catalog_faults(sections, packages), *listing_faults(listings)):
            faults.add((), fault)
    if faults:
        raise _invalid(source, str(faults))
    return Catalog(packages, listings=listings)


def _package(section: PackageSection) -> Package:
    return Package(
        number=section.number,
        slug=section.slug,
        name=section.name,
        credits=section.credits,
        amount=section.amount or 0,
        currency=section.currency or "",
    )


def _judge_money(sections: Sequence[PackageSection], faults: DocumentFaults) -> None:
    for place, section in enumerate(sections):
        for fault in _money_faults(section):
            faults.add(("package", place), f"package {section.slug}: {fault}")


def _money_faults(section: PackageSection) -> list[str]:
    """What Stripe would refuse when the price is made, or when somebody pays it.

    A package that only the application's own prices sell has no price for set-up to make.
    """
    if section.amount is None and section.sold:
        return []
    if section.currency is None:
        return ["currency must be a three-letter code in lower case"]
    unknown = currency_fault(section.currency)
    if unknown is not None:
        return [unknown]
    if section.amount is None:
        return ["amount is missing, and so is sold: neither set-up nor the application has a price for it"]
    refused = amount_fault(section.amount, section.currency)
    return [] if refused is None else [refused]


def _catalog_faults(sections: Sequence[PackageSection], packages: tuple[Package, ...]) -> list[str]:
    faults = [
        f"{what} {value!r} is used twice"
        for what in ("number", "slug")
        for value in sorted({getattr(section, what) for section in sections})
        if sum(getattr(section, what) == value for section in sections) > 1
    ]
    # Where an application has prices of its own, what they cost is its business and no slip in this file.
    return faults if any(section.sold for section in sections) else faults + _price_rises(packages)


def _price_rises(packages: tuple[Package, ...]) -> list[str]:
    """Where a larger package costs more per credit than a smaller one: surely a typing error."""
    by_size = sorted(packages, key=lambda package: (package.currency, package.credits))
    return [
        f"{larger.slug} costs more per credit than {smaller.slug}"
        for smaller, larger in itertools.pairwise(by_size)
        if smaller.currency == larger.currency and larger.amount * smaller.credits > smaller.amount * larger.credits
    ]


def _invalid(source: str, faults: str) -> ConfigurationError:
    return ConfigurationError(
        f"The catalogue {source} is not valid: {ended(faults)}",
        code="catalog.invalid",
        fix="Correct it, or leave it out to use the five packages that come with creditctl.",
    )
