"""Proposal of packages from sales: prices grouped by product, inline prices by a metadata key, fees apart. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from creditctl.core.money import format_amount
from creditctl.provisioning.scaffold.booked import NOTHING_BOOKED, Bookings, booked_for
from creditctl.provisioning.scaffold.credits import CreditsGuess, guess_credits, guess_quantity
from creditctl.provisioning.scaffold.marks import mark_of
from creditctl.provisioning.scaffold.sales import RecentSale, SalesLook

_FEE = re.compile(r"\b(?:fee|fees|surcharge|handling|processing|service charge|shipping|tip)\b", re.IGNORECASE)
_MOST_BOOKED = 5


@dataclass(frozen=True, slots=True)
class PriceProposal:
    """One thing that was sold: a price, or an inline price told by a metadata key.

    Shape:  `mark` is key and value of the session's metadata for an inline one. `key` names it for a person. `quantity`
            is what quantities above one meant, where bookings say it. `booked` are the different numbers of credits
            that the application booked for its sales, oldest first.
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
    quantity: str | None = None
    booked: tuple[int, ...] = ()

    @property
    def unsaid(self) -> str:
        """Why nobody knows how many credits it sells, where there is no guess."""
        if len(self.booked) < 2:
            return "nothing says how many credits it sells"
        more = ", …" if len(self.booked) > _MOST_BOOKED else ""
        numbers = ", ".join(map(str, self.booked[:_MOST_BOOKED]))
        return f"the application booked different credits for it ({numbers}{more}), and nothing says which are right"


@dataclass(frozen=True, slots=True)
class PackageProposal:
    """One package: what one product, or one inline price, sold.

    Shape: `product` is None for an inline price, and where inline prices were made of the product as well.
    """

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


def propose_packages(look: SalesLook, bookings: Bookings = NOTHING_BOOKED) -> SalesProposal:
    """Groups what was sold into packages, the most sold first."""
    foreign = [sale for sale in look.sales if not sale.managed]
    fees = {sale.price: sale.name for sale in foreign if sale.lines > 1 and _FEE.search(sale.name)}
    sold = [sale for sale in foreign if sale.price not in fees]
    inline, listed = _apart(sold)
    shared = {sale.product for group in inline for sale in group}
    packages = [*_of_products(listed, look.products, bookings), *_of_inline(inline, listed, bookings)]
    # What a product sells is said of its inline prices too: beside these each of its own has to be named.
    packages = [replace(each, product=None) if each.product in shared else each for each in packages]
    packages.sort(key=lambda package: -sum(price.count for price in package.prices))
    return SalesProposal(_with_slugs(packages), tuple(fees.items()), len(look.sales) - len(foreign))


def with_more(sales: SalesProposal, packages: Sequence[PackageProposal]) -> SalesProposal:
    """A proposal with more packages at its end, each with a slug of its own."""
    return replace(sales, packages=_with_slugs([*sales.packages, *packages]))


def _apart(sales: Sequence[RecentSale]) -> tuple[list[list[RecentSale]], list[RecentSale]]:
    """Inline prices in groups, and the sales of prices that are sold again: inline ones have a price for each sale."""
    standing = {sale.price for sale in sales if sale.stood}
    groups: defaultdict[tuple[str, int | None, str], list[RecentSale]] = defaultdict(list)
    for sale in sales:
        if sale.price not in standing:
            groups[sale.name, sale.unit_amount, sale.currency].append(sale)
    inline, listed = [], [sale for sale in sales if sale.price in standing]
    for group in groups.values():
        each_its_own = len(group) > 1 and len({sale.price for sale in group}) == len(group)
        if each_its_own or all(sale.made_for_it for sale in group):
            inline.append(group)
        else:
            listed += group
    return inline, listed


def _of_products(
    sales: Iterable[RecentSale], products: Mapping[str, Mapping[str, object]], bookings: Bookings
) -> list[PackageProposal]:
    by_product: defaultdict[str, defaultdict[str, list[RecentSale]]] = defaultdict(lambda: defaultdict(list))
    for sale in sales:
        by_product[sale.product][sale.price].append(sale)
    return [_of_product(product, prices, products.get(product, {}), bookings) for product, prices in by_product.items()]


def _of_product(
    name: str, prices: Mapping[str, list[RecentSale]], product: Mapping[str, object], bookings: Bookings
) -> PackageProposal:
    called = str(product.get("name") or next(iter(prices.values()))[0].name)
    proposed = tuple(
        _price(price, sold, guess_credits(sold, product, bookings), bookings) for price, sold in prices.items()
    )
    return PackageProposal("", called, name, proposed)


def _of_inline(
    groups: Sequence[list[RecentSale]], listed: list[RecentSale], bookings: Bookings
) -> list[PackageProposal]:
    """A package for each group. Shape: groups of one name are called by their amount as well."""
    called = Counter(group[0].name for group in groups)
    found = []
    for group in groups:
        sale = group[0]
        alone = called[sale.name] == 1 or sale.unit_amount is None
        key = sale.name if alone else f"{sale.name} at {format_amount(sale.unit_amount or 0, sale.currency)}"
        mark = _mark(group, groups, listed)
        price = replace(_price(key, group, guess_credits(group, {}, bookings), bookings), mark=mark)
        found.append(PackageProposal("", sale.name, None, (price,)))
    return found


def _mark(
    group: Sequence[RecentSale], groups: Sequence[Sequence[RecentSale]], listed: Sequence[RecentSale]
) -> tuple[str, str] | None:
    """What tells a group from the other inline prices; listed prices go before a rule, so that they are no rivals."""
    one = group[0]
    inline = [sale for each in groups if each is not group for sale in each]
    rivals = [sale for sale in inline if (sale.unit_amount, sale.currency) == (one.unit_amount, one.currency)]
    own, against, others = (
        [sale.session_metadata for sale in each] for each in (group, rivals, [*inline, *listed])
    )  # fmt: skip
    return mark_of(own, against, others)


def _price(key: str, sales: Sequence[RecentSale], guess: CreditsGuess | None, bookings: Bookings) -> PriceProposal:
    newest = max(sales, key=lambda sale: sale.created)
    quantities = any(sale.quantity > 1 for sale in sales)
    quantity = guess_quantity(sales, guess, bookings) if quantities else None
    amount, currency = newest.unit_amount, newest.currency
    price = PriceProposal(key, newest.name, amount, currency, len(sales), quantities, guess, quantity=quantity)
    return replace(price, booked=_different(sales, bookings))


def _different(sales: Sequence[RecentSale], bookings: Bookings) -> tuple[int, ...]:
    """The numbers of credits that were booked for the sales, each once, oldest first."""
    found = (booked_for(sale.names, bookings) for sale in sorted(sales, key=lambda sale: sale.created))
    return tuple(dict.fromkeys(each.credits for each in found if each is not None))


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
