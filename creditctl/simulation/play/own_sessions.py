"""Sessions of our own making: what is changed against the backend's, and which credits such a payment may give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from creditctl.simulation.play.state import Bench
from creditctl.simulation.play.worth import Bought
from creditctl.simulation.policy import DiscountPolicy, OfferPolicy
from creditctl.simulation.results import ScenarioNotTried
from creditctl.simulation.stripe_side.access import StripeAccess, StripeObject
from creditctl.simulation.stripe_side.checkout import line_item, make_coupon, make_price, make_tax_rate

_HALF, _ALL = 50, 100
_TAX_PERCENT = 19


@dataclass(frozen=True)
class SessionChange:
    """One change: the parameters that differ, and the credits that may come of it.

    Shape: `gives` is asked with the bench, the model and its session; `metadata` whether the model's is copied.
    """

    params: Callable[[StripeAccess, StripeObject], Mapping[str, Any]]
    gives: Callable[[Bench, Bought, StripeObject], frozenset[int]]
    metadata: bool = True


def _nothing(_stripe: StripeAccess, _session: StripeObject) -> Mapping[str, Any]:
    return {}


def _all_or_none(_bench: Bench, model: Bought, _session: StripeObject) -> frozenset[int]:
    """A backend may know only the sessions that it made itself."""
    return frozenset({0, model.package.credits})


def _none(_bench: Bench, _model: Bought, _session: StripeObject) -> frozenset[int]:
    return frozenset({0})


def _coupon(percent: int) -> Callable[[StripeAccess, StripeObject], Mapping[str, Any]]:
    return lambda stripe, _session: {"discounts[0][coupon]": make_coupon(stripe, percent)}


def _discounted(percent: int) -> Callable[[Bench, Bought, StripeObject], frozenset[int]]:
    def gives(bench: Bench, model: Bought, session: StripeObject) -> frozenset[int]:
        full, share = model.package.credits, model.package.credits * (_ALL - percent) // _ALL
        policy = bench.policy.discounts
        if policy is DiscountPolicy.UNSAID and session.get("allow_promotion_codes"):
            policy = DiscountPolicy.FULL
        return {
            DiscountPolicy.FULL: frozenset({full}),
            DiscountPolicy.PROPORTIONAL: frozenset({share}),
            DiscountPolicy.REFUSED: frozenset({0}),
        }.get(policy, frozenset({0, share, full}))

    return gives


def _twice(bench: Bench, model: Bought, _session: StripeObject) -> frozenset[int]:
    if bench.policy.quantity is OfferPolicy.NOT_OFFERED:
        raise ScenarioNotTried("the policy says that quantities are not offered")
    if bench.policy.quantity is OfferPolicy.OFFERED:
        return frozenset({2 * model.package.credits})
    return frozenset({0, 2 * model.package.credits})


def quantity_is_offered(bench: Bench, session_id: str) -> bool:
    """Whether buyers can change the quantity on the backend's own page, or the policy says so."""
    adjustable = line_item(bench.stripe, session_id).get("adjustable_quantity") or {}
    return bench.policy.quantity is OfferPolicy.OFFERED or bool(adjustable.get("enabled"))


def _euros(stripe: StripeAccess, session: StripeObject) -> Mapping[str, Any]:
    currency = "eur" if session["currency"] != "eur" else "usd"
    return {"line_items[0][price]": make_price(stripe, session["amount_total"], currency, "Another currency")}


def _taxed(*, inclusive: bool) -> Callable[[StripeAccess, StripeObject], Mapping[str, Any]]:
    return lambda stripe, _session: {
        "line_items[0][tax_rates][0]": make_tax_rate(stripe, _TAX_PERCENT, inclusive=inclusive)
    }


def _other_product(stripe: StripeAccess, session: StripeObject) -> Mapping[str, Any]:
    return {"line_items[0][price]": make_price(stripe, session["amount_total"], session["currency"], "A T-shirt")}


def _same_price_elsewhere(stripe: StripeAccess, session: StripeObject) -> Mapping[str, Any]:
    return {**_other_product(stripe, session), "metadata[kind]": "shop", "payment_intent_data[metadata][kind]": "shop"}


CHANGES: dict[str, SessionChange] = {
    "plain": SessionChange(_nothing, _all_or_none),
    "half_off": SessionChange(_coupon(_HALF), _discounted(_HALF)),
    "free": SessionChange(_coupon(_ALL), _discounted(_ALL)),
    "twice": SessionChange(lambda _stripe, _session: {"line_items[0][quantity]": 2}, _twice),
    "euro": SessionChange(_euros, _all_or_none),
    "tax_added": SessionChange(_taxed(inclusive=False), _all_or_none),
    "tax_included": SessionChange(_taxed(inclusive=True), _all_or_none),
    "other_product": SessionChange(_other_product, _none, metadata=False),
    "shop": SessionChange(_same_price_elsewhere, _none, metadata=False),
    "nobody": SessionChange(lambda _stripe, _session: {"client_reference_id": None}, _none, metadata=False),
    "invoice": SessionChange(lambda _stripe, _session: {"invoice_creation[enabled]": "true"}, _all_or_none),
}
"""What can be changed, by name."""
