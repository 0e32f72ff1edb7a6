"""Entitlement decision: whether a checkout session gives credits, to whom, how many, and what stands against it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from creditctl.core.catalog import Catalog
from creditctl.core.entitlement.deployment import (
    DeploymentUnclear,
    PriceClaim,
    session_decides,
    whose_by_prices,
    whose_by_session,
)
from creditctl.core.entitlement.facts import SessionFacts
from creditctl.core.entitlement.prices import (
    LineItem,
    PriceFacts,
    PriceTerms,
    needs_history,
    needs_product,
    positive_count,
    price_terms,
)
from creditctl.core.entitlement.settlement import Purchase, credits_to_take
from creditctl.core.entitlement.user_ids import USER_ID_WORDS, is_user_id
from creditctl.core.findings import Finding, Severity
from creditctl.core.money import format_amount
from creditctl.core.text import plural

_PAID_STATUSES = frozenset(("paid", "no_payment_required"))
_OWNER_CODES = frozenset(("fulfilment.owner_conflict", "fulfilment.owner_missing", "fulfilment.owner_unusable"))


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a disputed payment would give if a person decided so; None where a person has to say it."""

    payment_key: str
    session_id: str | None
    user_id: str | None
    credits: int | None
    amount: int
    currency: str
    package: str | None
    created: int

    def as_dict(self) -> dict[str, Any]:
        """The proposal as it is stored beside its finding."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Grants:
    """The session is worth this purchase."""

    purchase: Purchase


@dataclass(frozen=True, slots=True)
class Waits:
    """Nothing yet: the money has not come."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotOurs:
    """The session sells nothing of ours."""

    reason: str


@dataclass(frozen=True, slots=True)
class NeedsLineItems:
    """Only the price that was sold can decide; read the session's line items and ask again."""


@dataclass(frozen=True, slots=True)
class NeedsPrices:
    """Only the product of a price, or the prices after it, can decide; complete the line items and ask again."""


@dataclass(frozen=True, slots=True)
class Disagrees:
    """Paid, but what was paid and what was promised differ; a person decides."""

    finding: Finding
    proposal: Proposal


Decision = Grants | Waits | NotOurs | NeedsLineItems | NeedsPrices | Disagrees


def decide(session: SessionFacts, catalog: Catalog, items: Sequence[LineItem] | None = None) -> Decision:
    """What a checkout session is worth.

    Shape:  without `items` the answer may be NeedsLineItems; with them NeedsPrices, until their prices are complete.
    Source: Stripe documentation, "Fulfill orders": only `paid` and `no_payment_required` are fulfilled, at
            `checkout.session.completed` or later at `checkout.session.async_payment_succeeded`.
    """
    if session.mode != "payment":
        return NotOurs(f"a {session.mode} session sells no package")
    stranger = whose_by_session(session, catalog.deployment)
    if stranger is not None:
        return NotOurs(stranger.reason)
    if session.status != "complete" or session.payment_status not in _PAID_STATUSES:
        return Waits(f"status {session.status}, payment_status {session.payment_status}")
    promised = _promised(session, catalog) if session_decides(session, catalog.deployment) else None
    if promised is not None:
        return _owned(session, *promised)
    if items is None:
        return NeedsLineItems()
    prices = [item.price for item in items if item.price is not None]
    if any(needs_product(price) for price in prices):
        return NeedsPrices()
    others = _of_others(session, items, catalog)
    if not isinstance(others, NotOurs) and any(needs_history(price, catalog) for price in prices):
        return NeedsPrices()
    return others or _by_price(session, items, catalog)


def _of_others(session: SessionFacts, items: Sequence[LineItem], catalog: Catalog) -> Decision | None:
    """What another deployment's session is, and one that does not say whose it is; None for this deployment's."""
    prices = [item.price for item in items if item.price is not None and item.price.ours]
    if not prices and not session.managed:
        return None
    claims = [PriceClaim(managed=True, name=price.deployment) for price in prices]
    whose = whose_by_prices(session, catalog.deployment, claims)
    if isinstance(whose, DeploymentUnclear):
        price = prices[0] if prices and len(items) == 1 else None
        terms = None if price is None else price_terms(price, catalog)
        credits = None if price is None else _explained_credits(session, items[0], terms)
        package = None if price is None else price.package
        return _disagrees(session, whose.code, whose.message, package=package, credits=credits)
    return None if whose is None else NotOurs(whose.reason)


def limited_to(decision: Decision, captured: int, currency: str) -> Decision:
    """The decision where less was captured than was sold: a person decides, and the credits of that are proposed.

    Units:  `captured` in minor units of `currency`.
    Source: Stripe documentation, "Place a hold on a payment method": a part can be captured, the rest is released.
    """
    if isinstance(decision, Grants):
        proposal = _proposal_of(decision.purchase)
    elif isinstance(decision, Disagrees):
        proposal = decision.proposal
    else:
        return decision
    if currency != proposal.currency or captured >= proposal.amount:
        return decision
    credits = None if proposal.credits is None else credits_to_take(proposal.credits, proposal.amount, captured)
    part = replace(proposal, credits=credits or None, amount=captured)
    if isinstance(decision, Disagrees):
        return replace(decision, proposal=part)
    sold = f"{format_amount(proposal.amount, currency)} were to be paid"
    return _finding_of(part, "fulfilment.partial_capture", f"{sold}, and less was captured.")


def _proposal_of(purchase: Purchase) -> Proposal:
    return Proposal(
        payment_key=purchase.payment_key,
        session_id=purchase.session_id,
        user_id=purchase.user_id,
        credits=purchase.credits,
        amount=purchase.amount,
        currency=purchase.currency,
        package=purchase.package,
        created=purchase.created,
    )


def _promised(session: SessionFacts, catalog: Catalog) -> tuple[str, int] | None:
    """Package and credits by the metadata, where the current catalogue and the amount bear it out."""
    package = catalog.by_slug(session.metadata.get("package", "")) if session.managed else None
    if package is None or positive_count(session.metadata.get("credits")) != package.credits:
        return None
    if (session.amount_subtotal, session.currency) != (package.amount, package.currency):
        return None
    return package.slug, package.credits


def _by_price(session: SessionFacts, items: Sequence[LineItem], catalog: Catalog) -> Decision:
    """The judgement of the price that was sold, current or archived."""
    ours = [(item, item.price) for item in items if item.price is not None and item.price.ours]
    if not ours and not session.managed:
        return NotOurs("no managed_by=creditctl, and no line item is a price of ours")
    if len(ours) != 1 or len(items) != 1:
        what = f"{len(items)} line items, {len(ours)} of them a price of ours"
        return _disagrees(session, "fulfilment.line_items", f"The session has {what}; it should have one.")
    item, price = ours[0]
    terms = price_terms(price, catalog)
    fault = _price_fault(session, item, price, terms)
    if fault is not None:
        return _disagrees(session, *fault, package=price.package, credits=_explained_credits(session, item, terms))
    assert terms is not None
    return _owned(session, terms.package, terms.credits)


def _price_fault(
    session: SessionFacts, item: LineItem, price: PriceFacts, terms: PriceTerms | None
) -> tuple[str, str] | None:
    """Code and sentence of what is wrong with the one line that was sold."""
    if terms is None and (price.credits is None or price.package is None):
        return "fulfilment.price_metadata", f"Price {price.id} does not say which package and credits it sells."
    if terms is None:
        asked = "another amount" if price.unit_amount is None else format_amount(price.unit_amount, price.currency)
        said = f"Price {price.id} says {plural(price.credits or 0, 'credit')} of package {price.package} for {asked}"
        return "fulfilment.price_terms", f"{said}, which are not the package's terms, now or in the price's history."
    if item.quantity != 1:
        return "fulfilment.quantity", f"Price {price.id} was sold {item.quantity} times; one is expected."
    if (session.amount_subtotal, session.currency) != (price.unit_amount, price.currency):
        paid = format_amount(session.amount_subtotal, session.currency)
        return "fulfilment.price_mismatch", f"The session comes to {paid}, which is not what price {price.id} asks."
    return None


def _explained_credits(session: SessionFacts, item: LineItem, terms: PriceTerms | None) -> int | None:
    """The credits that a payment is worth where one package explains it, times its quantity; else nobody can say."""
    price = item.price
    if terms is None or price is None or price.unit_amount is None or item.quantity < 1:
        return None
    asked = price.unit_amount * item.quantity
    explains = (session.amount_subtotal, session.currency) == (asked, price.currency)
    return terms.credits * item.quantity if explains else None


def _owned(session: SessionFacts, package: str | None, credits: int) -> Decision:
    """The purchase for its owner; the two places that name the owner must agree."""
    named = {
        name for name in (session.client_reference_id, session.metadata.get("user_id") or None) if name is not None
    }
    if len(named) > 1:
        text = "client_reference_id and metadata user_id name different users."
        return _disagrees(session, "fulfilment.owner_conflict", text, package=package, credits=credits)
    if not named:
        text = "Neither client_reference_id nor metadata user_id names a user; an owner is never guessed."
        return _disagrees(session, "fulfilment.owner_missing", text, package=package, credits=credits)
    (user_id,) = named
    if not is_user_id(user_id):
        text = f"The user id is not {USER_ID_WORDS}; an owner is never guessed."
        return _disagrees(session, "fulfilment.owner_unusable", text, package=package, credits=credits)
    return Grants(
        Purchase(
            user_id=user_id,
            credits=credits,
            amount=session.amount_total,
            currency=session.currency,
            payment_key=session.payment_key,
            session_id=session.id,
            package=package,
            created=session.created,
        )
    )


def _disagrees(
    session: SessionFacts, code: str, message: str, *, package: str | None = None, credits: int | None = None
) -> Disagrees:
    owner = session.client_reference_id or session.metadata.get("user_id") or None
    proposal = Proposal(
        payment_key=session.payment_key,
        session_id=session.id,
        user_id=None if code in _OWNER_CODES or owner is None or not is_user_id(owner) else owner,
        credits=credits,
        amount=session.amount_total,
        currency=session.currency,
        package=package,
        created=session.created,
    )
    return _finding_of(proposal, code, message)


def _finding_of(proposal: Proposal, code: str, message: str) -> Disagrees:
    """The finding that names user, credits and amount of what it proposes."""
    paid = format_amount(proposal.amount, proposal.currency)
    text = f"{message} Paid: {paid}; nothing was credited. {_proposed(proposal)}"
    return Disagrees(Finding(code, Severity.HIGH, proposal.payment_key, text, _fix(proposal)), proposal)


def _proposed(proposal: Proposal) -> str:
    """What would be credited, as far as the payment says it."""
    user = "the buyer" if proposal.user_id is None else f"user {proposal.user_id}"
    if proposal.credits is None:
        return f"No package explains it: how many credits {user} is due, a person has to say."
    return f"It is worth {plural(proposal.credits, 'credit')} for {user}."


def _fix(proposal: Proposal) -> str:
    """The ready command, which names user and credits; what only a person knows stands in capitals."""
    user = "USER_ID" if proposal.user_id is None else shlex.quote(proposal.user_id)
    credits = "N" if proposal.credits is None else proposal.credits
    credit = f"creditctl ledger resolve {{id}} --credit --user {user} --credits {credits} --reason TEXT"
    return f"`{credit}`, or refund the payment and `creditctl ledger resolve {{id}} --dismiss --reason TEXT`"
