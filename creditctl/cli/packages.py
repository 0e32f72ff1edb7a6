"""`creditctl packages`: what is sold, what one credit costs, and what the markup leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from creditctl.cli.command import Answer, Session, command
from creditctl.cli.options import CatalogOption
from creditctl.core.money import cost_per_credit, format_amount, usage_covered

if TYPE_CHECKING:
    from creditctl.cli.console import Console
    from creditctl.core.catalog import Package
    from creditctl.core.listings import PriceListing


@command()
def packages(session: Session, catalog: CatalogOption = None) -> Answer:
    """Show the packages: price, effective cost per credit, and the model cost that the price covers."""
    found = session.catalog(catalog)
    rows, own = [package_row(package) for package in found], [listing_row(each) for each in found.listings.entries]
    return Answer({"packages": rows, "own_prices": own}, human=lambda console: _show(console, rows, own))


def listing_row(listing: PriceListing) -> dict[str, Any]:
    """What a price of the application's own sold, as data. Units: times in Unix seconds."""
    entry = listing.entry
    return {
        "package": listing.package,
        "credits": listing.credits if listing.credits_key is None else f"metadata.{listing.credits_key}",
        "sold_on": entry.price or entry.product or " ".join(f"{key}={value}" for key, value in entry.metadata),
        "since": entry.since,
        "until": entry.until,
        "quantity": None if entry.quantity is None else str(entry.quantity),
    }


def package_row(package: Package) -> dict[str, Any]:
    """One package as data. Units: amounts in minor units, `cost_per_credit` in major units with three decimals."""
    return {
        "number": package.number,
        "slug": package.slug,
        "name": package.name,
        "credits": package.credits,
        "amount": package.amount,
        "currency": package.currency,
        "cost_per_credit": cost_per_credit(package.amount, package.credits, package.currency),
        "usage_covered": usage_covered(package.amount),
        "markup": package.amount - usage_covered(package.amount),
        "lookup_key": package.lookup_key,
    }


def _show(console: Console, rows: list[dict[str, Any]], own: list[dict[str, Any]]) -> None:
    if rows:
        _show_packages(console, rows)
    if own:
        _show_listings(console, own)
    if rows:
        console.print("The price carries a 15 % markup on model cost. Next: `creditctl setup --dry-run`")
    else:
        console.print("Set-up makes no price for them. Next: `creditctl status`")


def _show_listings(console: Console, own: list[dict[str, Any]]) -> None:
    from creditctl.cli.render.table import Table, show_table
    from creditctl.core.when import iso_time

    table = Table(("Package", "Credits", "Sold on", "From", "Until"), title="The application's own prices")
    for row in own:
        since, until = ("" if row[key] is None else iso_time(row[key]) for key in ("since", "until"))
        table.add(row["package"], str(row["credits"]), row["sold_on"], since, until)
    show_table(console, table)


def _show_packages(console: Console, rows: list[dict[str, Any]]) -> None:
    from creditctl.cli.render.table import Table, show_table

    numbers = ("Credits", "Price", "Per credit", "Covers usage of", "Markup")
    table = Table(("#", "Package", *numbers), right=frozenset(numbers), title="Credit packages")
    for row in rows:
        price, covered, markup = (
            format_amount(row[key], row["currency"]) for key in ("amount", "usage_covered", "markup")
        )
        credits = f"{row['credits']:,}"
        table.add(str(row["number"]), row["name"], credits, price, row["cost_per_credit"], covered, markup)
    show_table(console, table)
