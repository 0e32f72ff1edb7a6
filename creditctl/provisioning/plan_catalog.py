"""The plan for products and prices: a pure function from packages and what is on Stripe to steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from creditctl.core.catalog import Catalog, Package
from creditctl.core.findings import Finding, Severity
from creditctl.core.money import format_amount
from creditctl.provisioning.state import MANAGED_BY, Observed, PriceState, ProductState, digest
from creditctl.provisioning.steps import Action, Change, Kind, Step

JUMP_BOUND_PERCENT = 50
"""By how much a price or its credits may change at once before somebody has to say that it is meant."""


@dataclass(frozen=True, slots=True)
class CatalogPlan:
    """The steps, findings and price jumps of the catalogue."""

    steps: tuple[Step, ...]
    findings: tuple[Finding, ...]
    jumps: tuple[str, ...]


@dataclass
class _Draft:
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
    """The steps that would make Stripe's products and prices match the packages.

    Shape: package by package: product, price, default price, archive; then the orphans. `adopt` maps a package's slug
           to the product that it takes over; `prune` archives orphans of ours, which are otherwise only reported.
    """
    draft = _Draft()
    chosen = choose_products(catalog, observed, adopt or {})
    slugs = {package.slug for package in catalog}
    for package in catalog:
        _plan_package(
            draft, package, chosen[package.slug], observed, slugs - {package.slug}, package.slug in (adopt or {})
        )
    _retire(draft, observed)
    kept = {product.id for product in chosen.values() if product is not None}
    _plan_orphans(draft, observed, kept, prune=prune)
    return CatalogPlan(tuple(draft.steps), tuple(draft.findings), tuple(draft.jumps))


def choose_products(catalog: Catalog, observed: Observed, adopt: Mapping[str, str]) -> dict[str, ProductState | None]:
    """The product that sells each package, or None where one has to be created; no product sells two packages."""
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
        if product.id == package.product_id or (product.ours and _is_for(product.metadata, package))
    ]
    holders = {price.product for price in observed.prices if price.active and price.lookup_key == package.lookup_key}
    preferred = [
        *[product for product in candidates if product.id in holders],
        *[product for product in candidates if product.id == package.product_id],
        *candidates,
    ]
    return preferred[0] if preferred else None


def _is_for(metadata: Mapping[str, str], package: Package) -> bool:
    return metadata.get("package") == package.slug


def _plan_package(
    draft: _Draft,
    package: Package,
    product: ProductState | None,
    observed: Observed,
    others: set[str],
    adopting: bool,
) -> None:
    product_id = package.product_id if product is None else product.id
    stranger = _lookup_key_stranger(package, product_id, observed)
    if stranger is not None:
        draft.findings.append(_taken(package, stranger))
        return
    draft.steps.append(_product_step(package, product, adopting=adopting))
    related = related_prices(package, product_id, observed.prices)
    current = current_price(package, product_id, related, adopting=adopting)
    superseded = _superseded(package, related)
    if current is None:
        draft.steps.append(_new_price(package, product_id, related, superseded))
        draft.jumps += _jump(package, superseded)
    else:
        draft.steps.append(_existing_price(package, current, adopting=adopting))
    draft.sold_by.append((package, product, current))
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
            Kind.PRODUCT,
            package.slug,
            params={"id": package.product_id, **wanted, "metadata": package.metadata},
            changes=(
                Change("id", None, package.product_id),
                *_all_new(wanted),
                *_metadata_changes({}, package.metadata),
            ),
            reason="it does not exist",
        )
    have = {"name": product.name, "description": product.description, "active": product.active}
    changes = (*_differences(have, wanted), *_metadata_changes(product.metadata, package.metadata))
    action, reason = _product_action(product, changes, adopting=adopting)
    return Step(action, Kind.PRODUCT, package.slug, product.id, changes, update_params(changes), reason)


def _product_action(product: ProductState, changes: Sequence[Change], *, adopting: bool) -> tuple[Action, str]:
    if not changes:
        return Action.KEEP, ""
    if adopting and not product.ours:
        return Action.ADOPT, "it was named by --adopt"
    if not product.active:
        return Action.RESTORE, "it was archived"
    return Action.UPDATE, "it differs"


def related_prices(package: Package, product_id: str, prices: Sequence[PriceState]) -> list[PriceState]:
    """The prices that have to do with the package, oldest first: marked for it, with its key, or on its product."""
    return [
        price
        for price in prices
        if (price.ours and _is_for(price.metadata, package))
        or price.lookup_key == package.lookup_key
        or price.product == product_id
    ]


def sells(price: PriceState, package: Package, product_id: str) -> bool:
    """Whether a price sells exactly what the package says; credits that are not written on it are not held against it.

    Source: Stripe API reference, "Update a price": amount, currency, product and recurrence never change. The credits
    could, but an archived price is the record of what older sessions sold.
    """
    return (
        price.product == product_id
        and price.currency == package.currency
        and price.unit_amount == package.amount
        and not price.recurring
        and price.metadata.get("credits", str(package.credits)) == str(package.credits)
    )


def current_price(
    package: Package, product_id: str, related: Sequence[PriceState], *, adopting: bool = False
) -> PriceState | None:
    """The price to go on with: active with the key, else archived with the key, else active and marked."""
    fitting = [price for price in related if sells(price, package, product_id)]
    keyed = [price for price in fitting if price.lookup_key == package.lookup_key]
    holder_active = any(price.active and price.lookup_key == package.lookup_key for price in related)
    choices = [
        *[price for price in keyed if price.active],
        *[price for price in reversed(keyed) if not price.active and not holder_active],
        *[price for price in fitting if price.active and (price.ours or adopting)],
    ]
    return choices[0] if choices else None


def _superseded(package: Package, related: Sequence[PriceState]) -> PriceState | None:
    """The price that a new one takes over from: the key's holder, else the newest of ours."""
    holders = [price for price in related if price.lookup_key == package.lookup_key]
    active = [price for price in holders if price.active] or [p for p in related if p.active and p.ours]
    return (active or holders or [None])[-1]  # type: ignore[list-item]


def _new_price(package: Package, product_id: str, related: Sequence[PriceState], old: PriceState | None) -> Step:
    supersedes = {} if old is None else {"supersedes": old.id}
    metadata = {**package.metadata, **supersedes}
    terms = {"product": product_id, "currency": package.currency, "unit_amount": package.amount}
    return Step(
        Action.CREATE if old is None else Action.REPLACE,
        Kind.PRICE,
        package.slug,
        None if old is None else old.id,
        changes=_price_changes(package, product_id, old),
        params={**terms, "lookup_key": package.lookup_key, "transfer_lookup_key": True, "metadata": metadata},
        reason="it does not exist" if old is None else "amount, currency, product and credits never change on a price",
        seed=digest([supersedes, sorted(price.id for price in related)]),
    )


def _price_changes(package: Package, product_id: str, old: PriceState | None) -> tuple[Change, ...]:
    wanted = {
        "product": product_id,
        "currency": package.currency,
        "unit_amount": package.amount,
        "credits": str(package.credits),
        "lookup_key": package.lookup_key,
    }
    if old is None:
        return _all_new(wanted)
    have = {
        "product": old.product,
        "currency": old.currency,
        "unit_amount": old.unit_amount,
        "credits": old.metadata.get("credits"),
        "lookup_key": old.lookup_key,
    }
    return _differences(have, wanted)


def _jump(package: Package, old: PriceState | None) -> list[str]:
    """Why the package's price changes suspiciously far, such as by a slipped decimal; empty where it does not."""
    if old is None or old.currency != package.currency:
        return []
    told = []
    if old.unit_amount is not None and _is_jump(old.unit_amount, package.amount):
        before, after = (format_amount(amount, package.currency) for amount in (old.unit_amount, package.amount))
        told.append(f"{package.slug}: the price goes from {before} to {after}")
    credits = old.metadata.get("credits", "")
    if credits.isascii() and credits.isdigit() and _is_jump(int(credits), package.credits):
        told.append(f"{package.slug}: the credits go from {int(credits):,} to {package.credits:,}")
    return told


def _is_jump(old: int, new: int) -> bool:
    return abs(new - old) * 100 > old * JUMP_BOUND_PERCENT


def _existing_price(package: Package, price: PriceState, *, adopting: bool) -> Step:
    changes = (
        *_differences(
            {"active": price.active, "lookup_key": price.lookup_key},
            {"active": True, "lookup_key": package.lookup_key},
        ),
        *_metadata_changes(price.metadata, package.metadata),
    )
    params = update_params(changes)
    if "lookup_key" in params or "active" in params:
        params = {**params, "lookup_key": package.lookup_key, "transfer_lookup_key": True}
    if not changes:
        action, reason = Action.KEEP, ""
    elif adopting and not price.ours:
        action, reason = Action.ADOPT, "its product was named by --adopt"
    elif not price.active:
        action, reason = Action.RESTORE, "it was archived"
    else:
        action, reason = Action.UPDATE, "it differs"
    return Step(action, Kind.PRICE, package.slug, price.id, changes, params, reason)


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
            Step(Action.UPDATE, Kind.PRODUCT, package.slug, product.id, (change,), {"default_price": new}, reason)
        )
    moved = {product.id for _, product, _ in draft.sold_by if product is not None}
    stuck = {product.default_price for product in observed.products if product.id not in moved}
    for slug, price in draft.outdated.values():
        if price.id in stuck:
            draft.findings.append(_stuck(price))
        else:
            draft.steps.append(_archive_price(slug, price, "a newer price took over"))


def _stuck(price: PriceState) -> Finding:
    return Finding(
        "setup.default_elsewhere",
        Severity.INFO,
        price.id,
        f"The outdated price {price.id} is the default price of {price.product}, which sells no package; it stays.",
        "Archive that product (`creditctl setup --prune` where it is ours), or give it another default price.",
    )


def _archive_price(subject: str, price: PriceState, reason: str) -> Step:
    return Step(
        Action.ARCHIVE, Kind.PRICE, subject, price.id, (Change("active", True, False),), {"active": False}, reason
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
            _archive_price(subject, price, "its product is an orphan")
            for price in observed.prices
            if price.product == product.id and price.ours and price.active and price.id != product.default_price
            if not any(step.id == price.id and step.action is Action.ARCHIVE for step in draft.steps)
        ]
        change = Change("active", True, False)
        draft.steps.append(
            Step(Action.ARCHIVE, Kind.PRODUCT, subject, product.id, (change,), {"active": False}, "it is an orphan")
        )


def _orphan(product: ProductState) -> Finding:
    return Finding(
        "setup.orphan",
        Severity.INFO,
        product.id,
        f"The product {product.id} ({product.name}) is marked {MANAGED_BY}, but no package is sold by it.",
        "Archive it with `creditctl setup --prune`, or leave it as it is.",
    )


def _differences(have: Mapping[str, object], want: Mapping[str, object]) -> tuple[Change, ...]:
    return tuple(Change(name, have[name], want[name]) for name in want if have[name] != want[name])


def _all_new(want: Mapping[str, object]) -> tuple[Change, ...]:
    return tuple(Change(name, None, value) for name, value in want.items())


def _metadata_changes(have: Mapping[str, str], want: Mapping[str, str]) -> tuple[Change, ...]:
    """Only our own keys are compared; what others wrote stays."""
    return tuple(
        Change(f"metadata.{name}", have.get(name), want[name]) for name in want if have.get(name) != want[name]
    )


def update_params(changes: Sequence[Change]) -> dict[str, object]:
    """The request that makes these changes. Source: Stripe API reference, "Metadata": an update merges keys."""
    params: dict[str, object] = {change.field: change.new for change in changes if "." not in change.field}
    metadata = {change.field.partition(".")[2]: change.new for change in changes if "." in change.field}
    return {**params, "metadata": metadata} if metadata else params
