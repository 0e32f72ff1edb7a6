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
from creditctl.core.entitlement.owner import OwnerFault, owner_of
from creditctl.core.entitlement.prices import LineItem, positive_count
from creditctl.core.entitlement.sale import (
    Sale,
    SoldLines,
    broken_promise,
    lacks_history,
    lacks_product,
    price_fault,
    sold_lines,
    unknown_words,
)
from creditctl.core.entitlement.settlement import Purchase, credits_to_take
from creditctl.core.findings import Finding, Severity, Stake
from creditctl.core.money import format_amount
from creditctl.core.text import plural

_PAID_STATUSES = frozenset(("paid", "no_payment_required"))


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

    @property
    def stake(self) -> Stake:
        """What is at stake until somebody decides."""
        return Stake(self.credits or 0, self.amount, self.currency)

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
    """Paid, but what was paid and what was promised differ; a person decides.

    Shape: `fault` is the finding's first sentence, what differs, without what is proposed.
    """

    finding: Finding
    proposal: Proposal
    fault: str


Decision = Grants | Waits | NotOurs | NeedsLineItems | NeedsPrices | Disagrees


def decide(session: SessionFacts, catalog: Catalog, items: Sequence[LineItem] | None = None) -> Decision:
    """What a checkout session is worth.

    Shape:  without `items` the answer may be NeedsLineItems; with them NeedsPrices, until their prices are complete.
    Source: Stripe documentation, "Fulfill orders": only `paid` and `no_payment_required` are fulfilled, at
            `checkout.session.completed` or later at `checkout.session.async_payment_succeeded`.
    """
    early = _without_items(session, catalog)
    if early is not None:
        return early if isinstance(early, NotOurs | Waits) else _owned(session, catalog, *early, session.amount_total)
    if items is None:
        return NeedsLineItems()
    if any(lacks_product(item, catalog) for item in items):
        return NeedsPrices()
    lines = sold_lines(session, items, catalog)
    others = _of_others(session, lines, catalog)
    if not isinstance(others, NotOurs) and any(lacks_history(item, catalog) for item in items):
        return NeedsPrices()
    return others or _by_price(session, lines, catalog)


def needs_line_items(session: SessionFacts, catalog: Catalog) -> bool:
    """Whether only its line items can say what a session is worth: `decide` answers NeedsLineItems without them."""
    return _without_items(session, catalog) is None


def _without_items(session: SessionFacts, catalog: Catalog) -> NotOurs | Waits | tuple[str, int] | None:
    """What a session says by itself: nothing due, or package and credits; None where its line items have to."""
    if session.mode != "payment":
        return NotOurs(f"a {session.mode} session sells no package")
    if (stranger := whose_by_session(session, catalog.deployment)) is not None:
        return NotOurs(stranger.reason)
    if session.status != "complete" or session.payment_status not in _PAID_STATUSES:
        return Waits(f"status {session.status}, payment_status {session.payment_status}")
    return _promised(session, catalog) if session_decides(session, catalog.deployment) else None


def _of_others(session: SessionFacts, lines: SoldLines, catalog: Catalog) -> Decision | None:
    """What another deployment's session is, and one that does not say whose it is; None for this deployment's."""
    if not lines.sales and not session.managed:
        return None
    whose = whose_by_prices(session, catalog.deployment, [_claim_of(sale) for sale in lines.sales])
    if not isinstance(whose, DeploymentUnclear):
        return None if whose is None else NotOurs(whose.reason)
    alone = lines.sales[0] if len(lines.sales) == 1 and not lines.others else None
    credits, package = (None, None) if alone is None else (alone.credits, alone.package)
    return _disagrees(session, catalog, whose.code, whose.message, package=package, credits=credits)


def _claim_of(sale: Sale) -> PriceClaim:
    """What the price of a sale says of its deployment: an application's own price names none."""
    if sale.listing is not None or not sale.price.ours:
        return PriceClaim(managed=False, exclusive=sale.listing is not None and sale.listing.exclusive)
    return PriceClaim(managed=True, name=sale.price.deployment)


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
    sold = f"{format_amount(proposal.amount, currency)} were to be paid, and less was captured."
    if isinstance(decision, Disagrees):
        return _finding_of(part, decision.finding.code, f"{decision.fault} {sold}")
    return _finding_of(part, "fulfilment.partial_capture", sold)


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


def _by_price(session: SessionFacts, lines: SoldLines, catalog: Catalog) -> Decision:
    """The judgement of the price that was sold: of ours, current or archived, or one that the catalogue lists.

    Shape: of a price that is nobody's, as one made for a single sale is, the session's own promise is the judge.
    """
    promised = None if lines.sales else _promised(session, catalog)
    if promised is not None:
        return _owned(session, catalog, *promised, session.amount_total)
    if not lines.sales and not session.managed:
        return NotOurs(unknown_words(lines))
    broken = broken_promise(session, lines, catalog)
    if broken is not None:
        return _disagrees(session, catalog, *broken.fault, package=broken.package, credits=broken.credits)
    if len(lines.sales) != 1 or lines.others:
        count = len(lines.sales) + len(lines.others)
        what = f"{plural(count, 'line item')}, {len(lines.sales)} of them a package"
        return _disagrees(session, catalog, "fulfilment.line_items", f"The session has {what}; it should have one.")
    (sale,) = lines.sales
    off = price_fault(session, lines, sale)
    credits = None if off is not None else sale.credits
    paid = sale.item.amount_total if lines.fees else session.amount_total
    fault = sale.fault or off
    if fault is not None:
        return _disagrees(session, catalog, *fault, package=sale.package, credits=credits, amount=paid)
    assert credits is not None
    return _owned(session, catalog, sale.package, credits, paid)


def _owned(session: SessionFacts, catalog: Catalog, package: str | None, credits: int, amount: int) -> Decision:
    """The purchase for its owner; two places that name the owner must agree, unless the catalogue ranks them."""
    owner = owner_of(session, catalog.user)
    if isinstance(owner, OwnerFault):
        return _disagrees(session, catalog, owner.code, owner.message, package=package, credits=credits, amount=amount)
    return Grants(
        Purchase(
            user_id=owner,
            credits=credits,
            amount=amount,
            currency=session.currency,
            payment_key=session.payment_key,
            session_id=session.id,
            package=package,
            created=session.created,
        )
    )


def _disagrees(
    session: SessionFacts,
    catalog: Catalog,
    code: str,
    message: str,
    *,
    package: str | None = None,
    credits: int | None = None,
    amount: int | None = None,
) -> Disagrees:
    owner = owner_of(session, catalog.user)
    proposal = Proposal(
        payment_key=session.payment_key,
        session_id=session.id,
        user_id=None if isinstance(owner, OwnerFault) else owner,
        credits=credits,
        amount=session.amount_total if amount is None else amount,
        currency=session.currency,
        package=package,
        created=session.created,
    )
    return _finding_of(proposal, code, message)


def _finding_of(proposal: Proposal, code: str, message: str) -> Disagrees:
    """The finding that names user, credits and amount of what it proposes."""
    paid = format_amount(proposal.amount, proposal.currency)
    text = f"{message} Paid: {paid}; nothing was credited. {_proposed(proposal)}"
    return Disagrees(Finding(code, Severity.HIGH, proposal.payment_key, text, _fix(proposal)), proposal, message)


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
