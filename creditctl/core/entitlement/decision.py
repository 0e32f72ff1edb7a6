"""Entitlement decision: whether a checkout session gives credits, to whom, how many, and what stands against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from creditctl.core.catalog import Catalog
from creditctl.core.entitlement.facts import LineItem, PriceFacts, SessionFacts, positive_count
from creditctl.core.entitlement.settlement import Purchase
from creditctl.core.entitlement.user_ids import USER_ID_WORDS, is_user_id
from creditctl.core.findings import Finding, Severity
from creditctl.core.money import format_amount

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
class Disagrees:
    """Paid, but what was paid and what was promised differ; a person decides."""

    finding: Finding
    proposal: Proposal


Decision = Grants | Waits | NotOurs | NeedsLineItems | Disagrees


def decide(session: SessionFacts, catalog: Catalog, items: Sequence[LineItem] | None = None) -> Decision:
    """What a checkout session is worth.

    Shape:  without `items` the answer may be NeedsLineItems; with them it never is.
    Source: Stripe documentation, "Fulfill orders": only `paid` and `no_payment_required` are fulfilled, at
            `checkout.session.completed` or later at `checkout.session.async_payment_succeeded`.
    """
    if session.mode != "payment":
        return NotOurs(f"a {session.mode} session sells no package")
    if session.status != "complete" or session.payment_status not in _PAID_STATUSES:
        return Waits(f"status {session.status}, payment_status {session.payment_status}")
    promised = _promised(session, catalog)
    if promised is not None:
        return _owned(session, *promised)
    if items is None:
        return NeedsLineItems()
    return _by_price(session, items)


def _promised(session: SessionFacts, catalog: Catalog) -> tuple[str, int] | None:
    """Package and credits by the metadata, where the current catalogue and the amount bear it out."""
    package = catalog.by_slug(session.metadata.get("package", "")) if session.managed else None
    if package is None or positive_count(session.metadata.get("credits")) != package.credits:
        return None
    if (session.amount_subtotal, session.currency) != (package.amount, package.currency):
        return None
    return package.slug, package.credits


def _by_price(session: SessionFacts, items: Sequence[LineItem]) -> Decision:
    """The judgement of the price that was sold, current or archived."""
    ours = [(item, item.price) for item in items if item.price is not None and item.price.ours]
    if not ours and not session.managed:
        return NotOurs("no managed_by=creditctl, and no line item is a price of ours")
    if len(ours) != 1 or len(items) != 1:
        what = f"{len(items)} line items, {len(ours)} of them a price of ours"
        return _disagrees(session, "fulfilment.line_items", f"The session has {what}; it should have one.")
    item, price = ours[0]
    fault = _price_fault(session, item, price)
    if fault is not None:
        return _disagrees(session, *fault, price=price)
    assert price.credits is not None
    return _owned(session, price.package, price.credits)


def _price_fault(session: SessionFacts, item: LineItem, price: PriceFacts) -> tuple[str, str] | None:
    """Code and sentence of what is wrong with the one line that was sold."""
    if item.quantity != 1:
        return "fulfilment.quantity", f"Price {price.id} was sold {item.quantity} times; one is expected."
    if price.credits is None or price.package is None:
        return "fulfilment.price_metadata", f"Price {price.id} does not say which package and credits it sells."
    if (session.amount_subtotal, session.currency) != (price.unit_amount, price.currency):
        paid = format_amount(session.amount_subtotal, session.currency)
        return "fulfilment.price_mismatch", f"The session comes to {paid}, which is not what price {price.id} asks."
    return None


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
    session: SessionFacts,
    code: str,
    message: str,
    *,
    price: PriceFacts | None = None,
    package: str | None = None,
    credits: int | None = None,
) -> Disagrees:
    owner = session.client_reference_id or session.metadata.get("user_id") or None
    proposal = Proposal(
        payment_key=session.payment_key,
        session_id=session.id,
        user_id=None if code in _OWNER_CODES or owner is None or not is_user_id(owner) else owner,
        credits=price.credits if price else credits,
        amount=session.amount_total,
        currency=session.currency,
        package=price.package if price else package,
        created=session.created,
    )
    text = f"{message} Paid: {format_amount(session.amount_total, session.currency)}; nothing was credited."
    finding = Finding(code, Severity.HIGH, session.payment_key, text, _fix(proposal))
    return Disagrees(finding, proposal)


def _fix(proposal: Proposal) -> str:
    """The ready command; what only a person knows stands in capitals."""
    options = ["--credit"]
    if proposal.user_id is None:
        options.append("--user USER_ID")
    if proposal.credits is None:
        options.append("--credits N")
    credit = f"creditctl ledger resolve {{id}} {' '.join(options)} --reason TEXT"
    return f"`{credit}`, or refund the payment and `creditctl ledger resolve {{id}} --dismiss --reason TEXT`"
