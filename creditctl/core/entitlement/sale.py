"""Sale: what one line of a checkout session sells, by a price of ours or by one that the catalogue lists. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from creditctl.core.catalog import Catalog
from creditctl.core.entitlement.facts import SessionFacts
from creditctl.core.entitlement.prices import (
    LineItem,
    PriceFacts,
    needs_history,
    needs_itself,
    needs_product,
    positive_count,
    price_terms,
)
from creditctl.core.listings import Listed, PriceListing, SaleFacts
from creditctl.core.money import format_amount
from creditctl.core.project_file.packages import SoldQuantity
from creditctl.core.text import plural

CLOSE_SECONDS = 600
"""How soon after a payment the same user may have paid for the same package without meaning to."""

Fault = tuple[str, str]
"""Code and sentence of what is wrong with a sale."""


@dataclass(frozen=True, slots=True)
class Sale:
    """One line that sells a package.

    Shape: `credits` are those of the whole line, None where nobody can say. `listing` is the application's own price;
           a price of ours has none.
    """

    item: LineItem
    price: PriceFacts
    package: str | None
    credits: int | None
    fault: Fault | None = None
    listing: PriceListing | None = None


@dataclass(frozen=True, slots=True)
class SoldLines:
    """The lines of a session by what they are: packages, declared fees, and what the catalogue does not know."""

    sales: tuple[Sale, ...]
    fees: tuple[LineItem, ...]
    others: tuple[LineItem, ...]


def sold_lines(session: SessionFacts, items: Sequence[LineItem], catalog: Catalog) -> SoldLines:
    """Sorts the lines of a session by what they are."""
    fees = tuple(item for item in items if item.price is not None and item.price.id in catalog.listings.fees)
    rest = [item for item in items if item not in fees]
    found = [(item, _sale_of(session, item, catalog)) for item in rest]
    return SoldLines(
        tuple(sale for _, sale in found if sale is not None),
        fees,
        tuple(item for item, sale in found if sale is None),
    )


def lacks_product(item: LineItem, catalog: Catalog) -> bool:
    """Whether its price, or that one's product, has to be read before anybody can say whose it is."""
    price = item.price
    return price is not None and not _is_listed(price, catalog) and (needs_itself(price) or needs_product(price))


def lacks_history(item: LineItem, catalog: Catalog) -> bool:
    """Whether the prices after its own have to be read before that can be judged."""
    return item.price is not None and not _is_listed(item.price, catalog) and needs_history(item.price, catalog)


def _is_listed(price: PriceFacts, catalog: Catalog) -> bool:
    return catalog.listings.names(price.id, price.product)


def unknown_words(lines: SoldLines) -> str:
    """What a session sold that the catalogue does not know, by the ids that could name it there."""
    prices = [item.price for item in lines.others if item.price is not None]
    if not prices:
        return "no managed_by=creditctl, and no line item is a price of ours"
    first = prices[0]
    more = f" and {len(prices) - 1} more" if len(prices) > 1 else ""
    return f"not a package: the catalogue does not know price {first.id} of product {first.product}{more}"


@dataclass(frozen=True, slots=True)
class BrokenPromise:
    """What a session of ours says that it sells, and does not come to. Shape: `credits` None where nobody can say."""

    package: str
    credits: int | None
    fault: Fault


def broken_promise(session: SessionFacts, lines: SoldLines, catalog: Catalog) -> BrokenPromise | None:
    """The package that the metadata of a session of ours name, where its one line is no price that anybody knows and
    asks another amount, currency or quantity; None where another rule has to judge."""
    package = catalog.by_slug(session.metadata.get("package", "")) if session.managed else None
    if lines.sales or len(lines.others) != 1 or package is None or package.amount is None:
        return None
    times, said = lines.others[0].quantity, f"The session says that it sells package {package.slug}"
    if times > 1 and (session.amount_subtotal, session.currency) == (package.amount * times, package.currency):
        text = f"{said}, and it was sold {times} times; one is expected."
        return BrokenPromise(package.slug, package.credits * times, ("fulfilment.quantity", text))
    asked, paid = (
        format_amount(package.amount, package.currency),
        format_amount(session.amount_subtotal, session.currency),
    )
    if asked == paid:
        return None
    text = f"{said} for {asked}, and it comes to {paid}."
    return BrokenPromise(package.slug, None, ("fulfilment.price_mismatch", text))


def _sale_of(session: SessionFacts, item: LineItem, catalog: Catalog) -> Sale | None:
    price = item.price
    if price is None:
        return None
    facts = SaleFacts(price.id, price.product, price.unit_amount, price.currency, session.metadata)
    listed = catalog.listings.find(facts, session.created)
    if listed is not None:
        return _listed_sale(session, item, price, listed)
    return _our_sale(item, price, catalog) if price.ours else None


def _listed_sale(session: SessionFacts, item: LineItem, price: PriceFacts, listed: Listed) -> Sale:
    """A sale on a price of the application's: name, amount and currency of it are Stripe's, credits the catalogue's."""
    listing = listed.listing
    if listing is None:
        text = f"Price {price.id} is in the catalogue, but not for the time at which the session was made."
        return Sale(item, price, None, None, ("fulfilment.outside_period", text))
    each = listing.credits
    if listing.credits_key is not None:
        said = _said_credits(session, price, listing.credits_key)
        if said is None:
            text = f"The metadata {listing.credits_key} of the session does not say how many credits were bought."
            return Sale(item, price, listing.package, None, ("fulfilment.credits_unsaid", text), listing)
        each = said
    fault = None
    if item.quantity < 1 or (item.quantity > 1 and listing.quantity is None):
        text = f"Price {price.id} was sold {item.quantity} times, and the catalogue does not say what a quantity means."
        fault = ("fulfilment.quantity", text)
    times = 1 if listing.quantity is SoldQuantity.ONE else item.quantity
    return Sale(item, price, listing.package, each * times or None, fault, listing)


def _said_credits(session: SessionFacts, price: PriceFacts, key: str) -> int | None:
    """The credits that an application wrote beside a sale: on the session, else on the price."""
    return positive_count(session.metadata.get(key, price.metadata.get(key)))


def _our_sale(item: LineItem, price: PriceFacts, catalog: Catalog) -> Sale:
    terms = price_terms(price, catalog)
    if terms is None:
        return Sale(item, price, price.package, None, _unvouched(price))
    credits = terms.credits * item.quantity or None
    if item.quantity != 1:
        text = f"Price {price.id} was sold {item.quantity} times; one is expected."
        return Sale(item, price, terms.package, credits, ("fulfilment.quantity", text))
    return Sale(item, price, terms.package, credits)


def _unvouched(price: PriceFacts) -> Fault:
    if price.credits is None or price.package is None:
        return "fulfilment.price_metadata", f"Price {price.id} does not say which package and credits it sells."
    asked = "another amount" if price.unit_amount is None else format_amount(price.unit_amount, price.currency)
    said = f"Price {price.id} says {plural(price.credits, 'credit')} of package {price.package} for {asked}"
    return "fulfilment.price_terms", f"{said}, which are not the package's terms, now or in the price's history."


def price_fault(session: SessionFacts, lines: SoldLines, sale: Sale) -> Fault | None:
    """What is wrong with the money of the one package that was sold: a price of ours asks just its amount, and fees
    and quantity explain the rest. Of a listed price the amount is Stripe's."""
    price, item = sale.price, sale.item
    if sale.listing is not None:
        return None
    asked = None if price.unit_amount is None else price.unit_amount * item.quantity
    rest = session.amount_subtotal - sum(fee.amount_subtotal for fee in lines.fees)
    if (rest, session.currency) == (asked, price.currency):
        return None
    paid = format_amount(session.amount_subtotal, session.currency)
    return "fulfilment.price_mismatch", f"The session comes to {paid}, which is not what price {price.id} asks."
