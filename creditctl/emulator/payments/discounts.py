"""Discounts: from a coupon or promotion code to the cents that come off.

Source: Stripe API reference, "Coupons", "Promotion Codes"; Stripe docs, "Add discounts" (Checkout).
"""

import msgspec

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.protocol.currencies import written
from creditctl.emulator.protocol.errors import invalid
from creditctl.emulator.storage.object_types import COUPON, PROMOTION_CODE, Body


class Discount(msgspec.Struct):
    """What a session was given: a coupon, perhaps through a promotion code."""

    coupon: Body
    promotion_code: Body | None = None
    products: list[str] | None = None
    """The products that it is for; None means all."""

    def shown(self) -> Body:
        """The entry of a session's `discounts`."""
        return {
            "coupon": None if self.promotion_code else self.coupon["id"],
            "promotion_code": self.promotion_code["id"] if self.promotion_code else None,
        }

    def check_minimum(self, subtotal: int, currency: str) -> None:
        """Refuse a promotion code whose minimum the order does not reach."""
        limits = (self.promotion_code or {}).get("restrictions") or {}
        least = limits.get("minimum_amount")
        if least is None:
            return
        if limits["minimum_amount_currency"] != currency or subtotal < least:
            raise invalid(
                "This promotion code cannot be redeemed because the order does not meet its minimum amount "
                f"({written(least, limits['minimum_amount_currency'])}).",
                param="discounts",
            )


def read_discount(context: RequestContext, given: Body, param: str = "discounts[0]") -> Discount:
    """The discount that a parameter names; refuses one that no longer holds."""
    if given.get("promotion_code"):
        code = context.refer(PROMOTION_CODE, given["promotion_code"], f"{param}[promotion_code]")
        return promotion_discount(context, code, f"{param}[promotion_code]", context.params.get("customer"))
    if not given.get("coupon"):
        raise invalid(
            "Missing required param: discounts[0][coupon].", code="parameter_missing", param=f"{param}[coupon]"
        )
    coupon = context.refer(COUPON, given["coupon"], f"{param}[coupon]")
    if not coupon["valid"] or _expired(context, coupon["redeem_by"]):
        raise invalid(f"Coupon expired: {coupon['id']}", code="coupon_expired", param=f"{param}[coupon]")
    return Discount(coupon, products=products_of(context, coupon["id"]))


def promotion_discount(context: RequestContext, code: Body, param: str, customer: str | None = None) -> Discount:
    """The discount behind a promotion code."""
    if code["customer"] not in (None, customer):
        raise invalid("This promotion code is limited to another customer.", param=param)
    coupon = context.fetch(COUPON, code["promotion"]["coupon"])
    if not code["active"] or _expired(context, code["expires_at"]) or not coupon["valid"]:
        raise invalid("This promotion code is no longer valid.", code="promotion_code_expired", param=param)
    return Discount(coupon, code, products_of(context, coupon["id"]))


def products_of(context: RequestContext, coupon_id: str) -> list[str] | None:
    """The products that a coupon is for."""
    found: list[str] | None = context.fetch_row(COUPON, coupon_id).hidden().get("products")
    return found


def _expired(context: RequestContext, moment: int | None) -> bool:
    return moment is not None and moment <= context.now


def amount_off(coupon: Body, subtotal: int, currency: str) -> int:
    """What a coupon takes off a subtotal: never more than all of it, per cent rounded half up."""
    if coupon["amount_off"] is not None:
        if coupon["currency"] != currency:
            raise invalid(
                f"The coupon {coupon['id']} is in {coupon['currency']} and can't be applied to {currency}.",
                param="discounts",
            )
        return min(int(coupon["amount_off"]), subtotal)
    # Thousandths of a per cent keep the sum in whole numbers; half a cent rounds up.
    per_mille = round(float(coupon["percent_off"]) * 1000)
    return min((subtotal * per_mille + 50_000) // 100_000, subtotal)


def redeem(context: RequestContext, discount_shown: Body) -> None:
    """Count one use of a discount; a coupon that is used up is valid no longer."""
    coupon_id = discount_shown["coupon"]
    if discount_shown["promotion_code"]:
        code = context.fetch(PROMOTION_CODE, discount_shown["promotion_code"])
        code["times_redeemed"] += 1
        most = code["max_redemptions"]
        code["active"] = code["active"] and (most is None or code["times_redeemed"] < most)
        context.save(PROMOTION_CODE, code)
        coupon_id = code["promotion"]["coupon"]
    coupon = context.fetch(COUPON, coupon_id)
    coupon["times_redeemed"] += 1
    most = coupon["max_redemptions"]
    coupon["valid"] = coupon["valid"] and (most is None or coupon["times_redeemed"] < most)
    context.save(COUPON, coupon)
