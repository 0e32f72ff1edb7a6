"""Proposal of packages from sales: prices grouped by product, inline prices by a metadata key, fees apart. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from creditctl.provisioning.scaffold.credits import CreditsGuess, guess_credits
from creditctl.provisioning.scaffold.sales import RecentSale, SalesLook

_FEE = re.compile(r"\b(?:fee|fees|surcharge|handling|processing|service charge|shipping|tip)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PriceProposal:
    """One thing that was sold: a price, or an inline price told by a metadata key.

    Shape:  `mark` is key and value of the session's metadata for an inline one. `key` names it for a person.
    Units:  `amount` in minor units of `currency`.
    """

    key: str
    name: str
    amount: int | None
    currency: str
    count: int
    quantities: bool
    guess: CreditsGuess | None
    mark: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class PackageProposal:
    """One package: what one product, or one inline price, sold. Shape: `product` is None for an inline price."""

    slug: str
    name: str
    product: str | None
    prices: tuple[PriceProposal, ...]


@dataclass(frozen=True, slots=True)
class SalesProposal:
    """What the latest sessions suggest. Shape: `ours` counts lines of prices that creditctl made."""

    packages: tuple[PackageProposal, ...] = ()
    fees: tuple[tuple[str, str], ...] = ()
    ours: int = 0


def propose_packages(look: SalesLook) -> SalesProposal:
    """Groups what was sold into packages, the most sold first."""
    foreign = [sale for sale in look.sales if not sale.managed]
    fees = {sale.price: sale.name for sale in foreign if sale.lines > 1 and _FEE.search(sale.name)}
    sold = [sale for sale in foreign if sale.price not in fees]
    inline, listed = _apart(sold)
    packages = [*_of_products(listed, look.products), *_of_inline(inline, listed)]
    packages.sort(key=lambda package: -sum(price.count for price in package.prices))
    return SalesProposal(_with_slugs(packages), tuple(fees.items()), len(look.sales) - len(foreign))


def _apart(sales: Sequence[RecentSale]) -> tuple[list[list[RecentSale]], list[RecentSale]]:
    """Inline prices in groups, and the sales of prices that are sold again: inline ones have a price for each sale."""
    groups: defaultdict[tuple[str, int | None, str], list[RecentSale]] = defaultdict(list)
    for sale in sales:
        groups[sale.name, sale.unit_amount, sale.currency].append(sale)
    inline, listed = [], []
    for group in groups.values():
        if len(group) > 1 and len({sale.price for sale in group}) == len(group):
            inline.append(group)
        else:
            listed += group
    return inline, listed


def _of_products(sales: Iterable[RecentSale], products: Mapping[str, Mapping[str, object]]) -> list[PackageProposal]:
    by_product: defaultdict[str, defaultdict[str, list[RecentSale]]] = defaultdict(lambda: defaultdict(list))
    for sale in sales:
        by_product[sale.product][sale.price].append(sale)
    return [_of_product(product, prices, products.get(product, {})) for product, prices in by_product.items()]


def _of_product(name: str, prices: Mapping[str, list[RecentSale]], product: Mapping[str, object]) -> PackageProposal:
    called = str(product.get("name") or next(iter(prices.values()))[0].name)
    proposed = tuple(_price(price, sold, guess_credits(sold, product)) for price, sold in prices.items())
    return PackageProposal("", called, name, proposed)


def _of_inline(groups: Sequence[list[RecentSale]], listed: list[RecentSale]) -> list[PackageProposal]:
    """A package for each group. Shape: what the sales of other prices say as well (a region) is the second choice."""
    return [_of_group(group, _mark(group, [*groups, listed]) or _mark(group, groups)) for group in groups]


def _of_group(group: Sequence[RecentSale], mark: tuple[str, str] | None) -> PackageProposal:
    name = group[0].name
    return PackageProposal("", name, None, (_price(name, group, guess_credits(group, {}), mark),))


def _mark(group: Sequence[RecentSale], groups: Sequence[Sequence[RecentSale]]) -> tuple[str, str] | None:
    """The metadata key that all sessions of a group carry with one value, and those of no other group with the same."""
    for key, value in group[0].session_metadata.items():
        if any(sale.session_metadata.get(key) != value for sale in group):
            continue
        others = (sale for each in groups if each is not group for sale in each)
        if all(sale.session_metadata.get(key) != value for sale in others):
            return key, value
    return None


def _price(
    key: str, sales: Sequence[RecentSale], guess: CreditsGuess | None, mark: tuple[str, str] | None = None
) -> PriceProposal:
    newest = max(sales, key=lambda sale: sale.created)
    quantities = any(sale.quantity > 1 for sale in sales)
    return PriceProposal(key, newest.name, newest.unit_amount, newest.currency, len(sales), quantities, guess, mark)


def _with_slugs(packages: Sequence[PackageProposal]) -> tuple[PackageProposal, ...]:
    """The packages with a slug each, made of the name; a number is added where two would have the same."""
    used: Counter[str] = Counter()
    named = []
    for package in packages:
        plain = re.sub(r"[^a-z0-9]+", "-", package.name.lower()).strip("-")[:30].strip("-") or "package"
        used[plain] += 1
        slug = plain if used[plain] == 1 else f"{plain}-{used[plain]}"
        named.append(PackageProposal(slug, package.name, package.product, package.prices))
    return tuple(named)
