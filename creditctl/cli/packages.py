"""`creditctl packages`: what is sold, what one credit costs, and what the markup leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from creditctl.cli.command import Answer, Session, command
from creditctl.cli.options import CatalogOption
from creditctl.core.money import cost_per_credit, format_amount, usage_covered

if TYPE_CHECKING:
    from creditctl.cli.console import Console
    from creditctl.core.catalog import Package


@command()
def packages(session: Session, catalog: CatalogOption = None) -> Answer:
    """Show the packages: price, effective cost per credit, and the model cost that the price covers."""
    rows = [package_row(package) for package in session.catalog(catalog)]
    return Answer({"packages": rows}, human=lambda console: _show(console, rows))


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


def _show(console: Console, rows: list[dict[str, Any]]) -> None:
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
    console.print("The price carries a 15 % markup on model cost. Next: `creditctl setup --dry-run`")
