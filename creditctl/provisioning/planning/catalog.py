"""Catalogue plan: a pure function from packages and observed products and prices to steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from creditctl.core.catalog import Catalog, Package
from creditctl.core.findings import Finding, Severity
from creditctl.core.metadata import MANAGED_BY
from creditctl.provisioning.planning.diff import all_new, differences, metadata_changes, update_params
from creditctl.provisioning.planning.listed import without_listed
from creditctl.provisioning.planning.price import (
    archive_price_step,
    current_price,
    existing_price_step,
    is_for,
    new_price_step,
    price_jump,
    related_prices,
    superseded_price,
)
from creditctl.provisioning.planning.steps import Action, Change, Step, StepKind
from creditctl.provisioning.state import Observed, PriceState, ProductState


@dataclass(frozen=True, slots=True)
class CatalogPlan:
    """Steps, findings and price jumps of the catalogue."""

    steps: tuple[Step, ...]
    findings: tuple[Finding, ...]
    jumps: tuple[str, ...]


@dataclass
class _Draft:
    everything: Observed
    """What was observed, the application's own objects too."""
    steps: list[Step] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    jumps: list[str] = field(default_factory=list)
    outdated: dict[str, tuple[str, PriceState]] = field(default_factory=dict)
    """Prices to archive, by id, with the package that does it."""
    sold_by: list[tuple[Package, ProductState | None, PriceState | None]] = field(default_factory=list)
    """Each package's product and current price, None where they are about to be made."""


def plan_catalog(
    catalog: Catalog, observed: Observed, *, adopt: Mapping[str, str] | None = None, prune: bool = False
) -> CatalogPlan:
    """Plans the steps that would make Stripe's products and prices match the packages.

    Shape: package by package: product, price, default price, archive; then the orphans. `adopt` maps a package's slug
           to the product that it takes over; `prune` archives orphans of ours, which are otherwise only reported.
    """
    draft = _Draft(observed)
    observed = without_listed(catalog, observed, set((adopt or {}).values()))
    chosen = choose_products(catalog, observed, adopt or {})
    slugs = {package.slug for package in catalog}
    for package in catalog:
        _plan_package(
            draft, package, chosen[package.slug], observed, slugs - {package.slug}, package.slug in (adopt or {})
        )
    _retire(draft, observed)
    kept = {product.id for product in chosen.values() if product is not None}
    _plan_orphans(draft, observed, kept, prune=prune)
    draft.findings += [_copied(price) for price in observed.prices if _is_copied(price, kept)]
    return CatalogPlan(tuple(draft.steps), tuple(draft.findings), tuple(draft.jumps))


def choose_products(catalog: Catalog, observed: Observed, adopt: Mapping[str, str]) -> dict[str, ProductState | None]:
    """Chooses the product that sells each package, None where one has to be created; none sells two packages."""
    reserved = {package.product_id for package in catalog} | set(adopt.values())
    return {
        package.slug: observed.product(adopt[package.slug])
        if package.slug in adopt
        else _choose_product(package, observed, reserved - {package.product_id})
        for package in catalog
    }


def _choose_product(package: Package, observed: Observed, reserved: set[str]) -> ProductState | None:
    """The one whose active price holds the lookup key; else the one with our id; else the first marked for it."""
    candidates = [
        product
        for product in observed.products
        if product.id not in reserved
        if product.id == package.product_id or (product.ours and is_for(product.metadata, package))
    ]
    holders = {price.product for price in observed.prices if price.active and price.lookup_key == package.lookup_key}
    preferred = [
        *[product for product in candidates if product.id in holders],
        *[product for product in candidates if product.id == package.product_id],
        *candidates,
    ]
    return preferred[0] if preferred else None


def _plan_package(
    draft: _Draft,
    package: Package,
    product: ProductState | None,
    observed: Observed,
    others: set[str],
    adopting: bool,
) -> None:
    product_id = package.product_id if product is None else product.id
    stranger = _lookup_key_stranger(package, product_id, draft.everything)
    if stranger is not None:
        draft.findings.append(_taken(package, stranger))
        return
    draft.steps.append(_product_step(package, product, adopting=adopting))
    related = related_prices(package, product_id, observed.prices)
    current = current_price(package, product_id, related, adopting=adopting)
    superseded = superseded_price(package, product_id, related)
    if current is None:
        draft.steps.append(new_price_step(package, product_id, related, superseded))
        draft.jumps += price_jump(package, superseded)
    else:
        draft.steps.append(existing_price_step(package, current, superseded, adopting=adopting))
        if superseded is not None and superseded.active and superseded is not current:
            draft.jumps += price_jump(package, superseded)
    draft.sold_by.append((package, product, current))
    draft.findings += _other_prices(package, product_id, current, related)
    draft.outdated |= {
        price.id: (package.slug, price)
        for price in related
        if price.ours and price.active and price is not current and price.metadata.get("package") not in others
    }


def _lookup_key_stranger(package: Package, product_id: str, observed: Observed) -> PriceState | None:
    """An active price that holds our lookup key although neither it nor its product is ours."""
    return next(
        (
            price
            for price in observed.prices
            if price.active and price.lookup_key == package.lookup_key and not price.ours
            if price.product not in (product_id, package.product_id)
        ),
        None,
    )


def _other_prices(
    package: Package, product_id: str, current: PriceState | None, related: Sequence[PriceState]
) -> list[Finding]:
    """Active prices on the package's product that are not ours: reported, and left alone."""
    return [
        Finding(
            "setup.other_price",
            Severity.INFO,
            price.id,
            f"The product of the package {package.slug} has another active price, {price.id}, that creditctl does not "
            "manage.",
            "Archive it in the Dashboard if nothing uses it.",
        )
        for price in related
        if price.active and not price.ours and price.product == product_id and price is not current
    ]


def _is_copied(price: PriceState, kept: set[str]) -> bool:
    return price.active and price.copied_mark and price.product not in kept


def _copied(price: PriceState) -> Finding:
    return Finding(
        "setup.copied_mark",
        Severity.LOW,
        price.id,
        f"The price {price.id} is marked {MANAGED_BY}, but its product {price.product} is not ours: nothing that is "
        "sold on it is credited.",
        "Take the mark off in the Dashboard, or archive the price; `--adopt SLUG=PRODUCT` takes its product over.",
    )


def _taken(package: Package, price: PriceState) -> Finding:
    return Finding(
        "setup.lookup_key_taken",
        Severity.HIGH,
        price.id,
        f"The lookup key {package.lookup_key} belongs to a price that creditctl does not manage; "
        f"the package {package.slug} was left alone.",
        f"Run setup with --adopt {package.slug}={price.product}, or give that price another lookup key.",
    )


def _product_step(package: Package, product: ProductState | None, *, adopting: bool) -> Step:
    wanted = {"name": package.name, "description": f"{package.credits:,} credits", "active": True}
    if product is None:
        return Step(
            Action.CREATE,
            StepKind.PRODUCT,
            package.slug,
            params={"id": package.product_id, **wanted, "metadata": package.metadata},
            changes=(
                Change("id", None, package.product_id),
                *all_new(wanted),
                *metadata_changes({}, package.metadata),
            ),
            reason="it does not exist",
        )
    have = {"name": product.name, "description": product.description, "active": product.active}
    changes = (*differences(have, wanted), *metadata_changes(product.metadata, package.metadata))
    action, reason = _product_action(product, changes, adopting=adopting)
    return Step(action, StepKind.PRODUCT, package.slug, product.id, changes, update_params(changes), reason)


def _product_action(product: ProductState, changes: Sequence[Change], *, adopting: bool) -> tuple[Action, str]:
    if not changes:
        return Action.KEEP, ""
    if adopting and not product.ours:
        return Action.ADOPT, "it was named by --adopt"
    if not product.active:
        return Action.RESTORE, "it was archived"
    return Action.UPDATE, "it differs"


def _retire(draft: _Draft, observed: Observed) -> None:
    """Moves default prices off the outdated ones, then archives these: in this order, or Stripe refuses.

    Source: Stripe refuses to archive a product's default price, as seen in public reports.
    """
    for _, _, current in draft.sold_by:
        if current is not None:
            draft.outdated.pop(current.id, None)
    for package, product, current in draft.sold_by:
        if product is None or product.default_price not in draft.outdated:
            continue
        new = f"@price:{package.slug}" if current is None else current.id
        change = Change("default_price", product.default_price, new)
        reason = "its default price is about to be archived"
        draft.steps.append(
            Step(Action.UPDATE, StepKind.PRODUCT, package.slug, product.id, (change,), {"default_price": new}, reason)
        )
    moved = {product.id for _, product, _ in draft.sold_by if product is not None}
    stuck = {product.default_price for product in observed.products if product.id not in moved}
    for slug, price in draft.outdated.values():
        if price.id in stuck:
            draft.findings.append(_stuck(price))
        else:
            draft.steps.append(archive_price_step(slug, price, "a newer price took over"))


def _stuck(price: PriceState) -> Finding:
    return Finding(
        "setup.default_elsewhere",
        Severity.INFO,
        price.id,
        f"The outdated price {price.id} is the default price of {price.product}, which sells no package; it stays.",
        "Archive that product (`creditctl setup --prune` where it is ours), or give it another default price.",
    )


def _plan_orphans(draft: _Draft, observed: Observed, kept: set[str], *, prune: bool) -> None:
    for product in observed.products:
        if not product.ours or not product.active or product.id in kept:
            continue
        subject = product.metadata.get("package", product.id)
        if not prune:
            draft.findings.append(_orphan(product))
            continue
        draft.steps += [
            archive_price_step(subject, price, "its product is an orphan")
            for price in observed.prices
            if price.product == product.id and price.ours and price.active and price.id != product.default_price
            if not any(step.id == price.id and step.action is Action.ARCHIVE for step in draft.steps)
        ]
        change = Change("active", True, False)
        draft.steps.append(
            Step(Action.ARCHIVE, StepKind.PRODUCT, subject, product.id, (change,), {"active": False}, "it is an orphan")
        )


def _orphan(product: ProductState) -> Finding:
    return Finding(
        "setup.orphan",
        Severity.INFO,
        product.id,
        f"The product {product.id} ({product.name}) is marked {MANAGED_BY}, but no package is sold by it.",
        "Archive it with `creditctl setup --prune`, or leave it as it is.",
    )
