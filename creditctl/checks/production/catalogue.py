"""Checklist items about the catalogue: what Stripe sells is what the packages say, and only that is in use."""

from __future__ import annotations

import re
from collections.abc import Iterator

from creditctl.checks.answers import CheckAnswer, failed, findings_to_answer, passed, warned
from creditctl.checks.context import Context
from creditctl.checks.env.model import Setting
from creditctl.core.catalog import Catalog
from creditctl.core.text import plural
from creditctl.provisioning.planning.plan import make_plan
from creditctl.provisioning.state import PriceState

_SETUP = "`creditctl setup --dry-run` shows what would put it in order."
_PRICE = re.compile(r"price_[A-Za-z0-9]{8,}")
_MOST_NAMED = 5


def catalogue_on_stripe(context: Context) -> CheckAnswer:
    """Products and prices on Stripe are those of the packages: set-up has nothing to change there."""
    planned = make_plan(context.catalog, None, context.shelf)
    if planned.changes:
        named = "; ".join(step.title for step in planned.changes[:_MOST_NAMED])
        more = " …" if len(planned.changes) > _MOST_NAMED else ""
        text = f"{plural(len(planned.changes), 'thing')} on Stripe differ from the packages: {named}{more}."
        return failed(text, _SETUP)
    text = _in_order(context.catalog)
    return findings_to_answer(list(planned.findings), text)


def _in_order(catalog: Catalog) -> str:
    """What set-up looked after; an application's own prices are none of its business."""
    if len(catalog):
        return f"The products and active prices of {plural(len(catalog), 'package')} are as the packages say."
    sold = len({entry.package for entry in catalog.listings.entries})
    that = "that is for sale has" if sold == 1 else "that are for sale have"
    return f"The {plural(sold, 'package')} {that} prices of the application's own: set-up makes none."


def prices_in_use(context: Context) -> CheckAnswer:
    """No setting names a price that is archived, of another account or mode, or of something that is no package."""
    named = list(_price_settings(context))
    shelf = {price.id: price for price in context.shelf.prices}
    faults = [(setting, _fault(context, setting, shelf.get(setting.value.strip()))) for setting in named]
    wrong = [(setting, fault) for setting, fault in faults if fault]
    if not wrong:
        text = f"The {plural(len(named), 'price')} that settings name are active."
        return passed(text if named else "No setting names a price of Stripe's.")
    text = "; ".join(f"{each.name} ({each.where}) names {each.value.strip()}, {fault}" for each, fault in wrong)
    fix = "Write the current prices there: `creditctl setup` prints them by name; then restart the backend."
    sells = any(_names_package(context, setting) for setting, _ in wrong)
    return failed(f"{text}.", fix) if sells else warned(f"{text}.", fix)


def _price_settings(context: Context) -> Iterator[Setting]:
    seen = set[tuple[str, str]]()
    for setting in context.env.written():
        if _PRICE.fullmatch(setting.value.strip()) and (setting.name, setting.value) not in seen:
            seen.add((setting.name, setting.value))
            yield setting


def _fault(context: Context, setting: Setting, price: PriceState | None) -> str:
    """What is wrong with a price that a setting names; empty where nothing is."""
    if price is None:
        return f"which Stripe does not know in this account in {context.mode_words}"
    if not price.active:
        newer = (other.id for other in context.shelf.prices if other.metadata.get("supersedes") == price.id)
        return "which is archived" + "".join(f" and was replaced by {name}" for name in newer)
    if _names_package(context, setting) and not (price.ours or context.catalog.listings.names(price.id, price.product)):
        return "which no package sells: it would be paid, and grant no credits"
    return ""


def _names_package(context: Context, setting: Setting) -> bool:
    """Whether a setting is about the packages, by its name; an application may sell other things, too."""
    words = set(setting.name.lower().split("_"))
    slugs = {part for package in context.catalog for part in package.slug.lower().split("_")}
    return bool(words & (slugs | {"credit", "credits", "pack", "package"}))
