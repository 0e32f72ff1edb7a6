"""Price plan of one package: the price that stays, the new or archived one, and jumps that look like a slip."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from creditctl.core.catalog import Package
from creditctl.core.entitlement.prices import SUPERSEDES_KEY
from creditctl.core.money import format_amount
from creditctl.provisioning.planning.diff import all_new, differences, metadata_changes, update_params
from creditctl.provisioning.planning.steps import Action, Change, Step, StepKind
from creditctl.provisioning.state import PriceState, digest

_MOST_SUPERSEDED = 10

JUMP_BOUND_PERCENT = 50
"""By how much a price or its credits may change at once before somebody has to say that it is meant."""


def is_for(metadata: Mapping[str, str], package: Package) -> bool:
    """Whether metadata mark something for the package."""
    return metadata.get("package") == package.slug


def related_prices(package: Package, product_id: str, prices: Sequence[PriceState]) -> list[PriceState]:
    """Finds the package's prices, oldest first: marked for it, with its lookup key, or on its product."""
    return [
        price
        for price in prices
        if (price.ours and is_for(price.metadata, package))
        or price.lookup_key == package.lookup_key
        or price.product == product_id
    ]


def sells(price: PriceState, package: Package, product_id: str) -> bool:
    """Whether a price sells exactly what the package says; credits that are not written on it are not held against it.

    An amount of its own in another currency, which Checkout shows to buyers there, sells something else.

    Source: Stripe API reference, "Update a price": amount, currency, product and recurrence never change. The credits
    could, but an archived price is the record of what older sessions sold.
    """
    return (
        price.product == product_id
        and price.currency == package.currency
        and price.unit_amount == package.amount
        and not price.recurring
        and not price.other_currencies
        and not price.divides
        and price.metadata.get("credits", str(package.credits)) == str(package.credits)
    )


def current_price(
    package: Package, product_id: str, related: Sequence[PriceState], *, adopting: bool = False
) -> PriceState | None:
    """Chooses the price to go on with: active with the key, else archived with it, else active and marked, else active.

    An active price on the package's own product that sells exactly the package is taken over even without our marks:
    a second one beside it would be two prices for one thing. One that somebody finds by another key stays theirs.
    """
    fitting = [price for price in related if sells(price, package, product_id)]
    keyed = [price for price in fitting if price.lookup_key == package.lookup_key]
    holder_active = any(price.active and price.lookup_key == package.lookup_key for price in related)
    choices = [
        *[price for price in keyed if price.active],
        *[price for price in reversed(keyed) if not price.active and not holder_active],
        *[price for price in fitting if price.active and price.ours],
        *[price for price in fitting if price.active and (adopting or price.lookup_key is None)],
    ]
    return choices[0] if choices else None


def superseded_price(package: Package, product_id: str, related: Sequence[PriceState]) -> PriceState | None:
    """Chooses the price that a new one takes over from: the key's holder, else our newest; never a stranger's."""
    own = [price for price in related if price.ours or price.product == product_id]
    holders = [price for price in own if price.lookup_key == package.lookup_key]
    active = [price for price in holders if price.active] or [p for p in related if p.active and p.ours]
    candidates = active or holders
    return candidates[-1] if candidates else None


def new_price_step(package: Package, product_id: str, related: Sequence[PriceState], old: PriceState | None) -> Step:
    """The step that creates a price, which takes the lookup key over and says which one it supersedes."""
    supersedes = {} if old is None else {SUPERSEDES_KEY: old.id}
    metadata = {**package.metadata, **supersedes}
    sold = {"product": product_id, "currency": package.currency, "unit_amount": package.amount}
    return Step(
        Action.CREATE if old is None else Action.REPLACE,
        StepKind.PRICE,
        package.slug,
        None if old is None else old.id,
        changes=_price_changes(package, product_id, old),
        params={**sold, "lookup_key": package.lookup_key, "transfer_lookup_key": True, "metadata": metadata},
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
        return all_new(wanted)
    have = {
        "product": old.product,
        "currency": old.currency,
        "unit_amount": old.unit_amount,
        "credits": old.metadata.get("credits"),
        "lookup_key": old.lookup_key,
    }
    return (*differences(have, wanted), *_terms_dropped(old))


def _terms_dropped(old: PriceState) -> Iterator[Change]:
    """What an old price asks besides its amount, and the new one does not."""
    if old.other_currencies:
        yield Change("currency_options", ", ".join(old.other_currencies), None)
    if old.divides:
        yield Change("transform_quantity", "set", None)


def price_jump(package: Package, old: PriceState | None) -> list[str]:
    """Price jumps: changes so far that they may be a slipped decimal, in words; empty where there is none.

    Another currency is one whatever the numbers say: without the day's rate nobody can tell them apart.
    """
    if old is None:
        return []
    jumps = []
    other = old.currency != package.currency
    if old.unit_amount is not None and (other or _is_jump(old.unit_amount, package.amount)):
        before, after = format_amount(old.unit_amount, old.currency), format_amount(package.amount, package.currency)
        jumps.append(f"{package.slug}: the price goes from {before} to {after}{', another currency' if other else ''}")
    credits = old.metadata.get("credits", "")
    if credits.isascii() and credits.isdigit() and _is_jump(int(credits), package.credits):
        jumps.append(f"{package.slug}: the credits go from {int(credits):,} to {package.credits:,}")
    return jumps


def _is_jump(old: int, new: int) -> bool:
    return abs(new - old) * 100 > old * JUMP_BOUND_PERCENT


def existing_price_step(package: Package, price: PriceState, old: PriceState | None, *, adopting: bool) -> Step:
    """The step for the price that stays: `keep`, or what it lacks (to be active, its key, its marks, its past).

    Shape: `old` is the price that it takes over from, which loses the key: what that one sold is history by this mark.
    """
    wanted = {**package.metadata, **_history(price, old)}
    changes = (
        *differences(
            {"active": price.active, "lookup_key": price.lookup_key},
            {"active": True, "lookup_key": package.lookup_key},
        ),
        *metadata_changes(price.metadata, wanted),
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
    return Step(action, StepKind.PRICE, package.slug, price.id, changes, params, reason)


def _history(price: PriceState, old: PriceState | None) -> dict[str, str]:
    """The mark of the prices that a price took over from; the oldest give way where they are too many.

    Source: Stripe API reference, "Metadata": values up to 500 characters.
    """
    known = price.metadata.get(SUPERSEDES_KEY, "").split()
    if old is None or old.id == price.id or old.id in known:
        return {}
    return {SUPERSEDES_KEY: " ".join([*known, old.id][-_MOST_SUPERSEDED:])}


def archive_price_step(subject: str, price: PriceState, reason: str) -> Step:
    """The step that archives a price; it stays readable, as the record of what it sold."""
    return Step(
        Action.ARCHIVE, StepKind.PRICE, subject, price.id, (Change("active", True, False),), {"active": False}, reason
    )
