"""`creditctl packages`: what is sold, what one credit costs, and what the markup leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from creditctl.cli.options import CatalogOption, EnvFileOption, JsonOption
from creditctl.cli.output import start
from creditctl.core.money import cost_per_credit, format_amount, usage_covered

if TYPE_CHECKING:
    from rich.console import Console

    from creditctl.core.catalog import Package


def packages(
    ctx: typer.Context,
    catalog: CatalogOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the packages: price, effective cost per credit, and the model cost that the price covers."""
    run = start(ctx, as_json=as_json)
    path = catalog or run.wiring.settings(env_file).catalog_path
    rows = [package_row(package) for package in run.wiring.catalog(path)]

    def human(console: Console) -> None:
        console.print(_table(rows))
        console.print("The price carries a 15 % markup on model cost. Next: `creditctl setup --dry-run`")

    run.finish({"packages": rows}, human=human)


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


def _table(rows: list[dict[str, Any]]) -> Any:
    from rich.table import Table

    table = Table("#", "Package", title="Credit packages")
    for heading in ("Credits", "Price", "Per credit", "Covers usage of", "Markup"):
        table.add_column(heading, justify="right")
    for row in rows:
        money = [format_amount(row[key], row["currency"]) for key in ("amount", "usage_covered", "markup")]
        table.add_row(
            str(row["number"]),
            row["name"],
            f"{row['credits']:,}",
            money[0],
            row["cost_per_credit"],
            *money[1:],
        )
    return table
