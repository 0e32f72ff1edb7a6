"""Discounts: from a coupon or promotion code to the cents that come off.

Source: Stripe API reference, "Coupons", "Promotion Codes"; Stripe docs, "Add discounts" (Checkout).
"""

import msgspec

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.payments.discount_validity import check_first_time, coupon_holds, end_codes, is_past
from creditctl.emulator.protocol.currencies import written
from creditctl.emulator.protocol.errors import invalid
from creditctl.emulator.storage.object_types import COUPON, PROMOTION_CODE, Body


class Discount(msgspec.Struct):
    """What a session was given: a coupon, perhaps through a promotion code."""

    coupon: Body
    promotion_code: Body | None = None
    products: list[str] | None = None
    """The products that it is for; None means all."""
    options: dict[str, int] = {}
    """What it takes off in other currencies than its own."""
    minimums: dict[str, int] = {}
    """The smallest order in each currency, where the promotion code sets one."""

    def shown(self) -> Body:
        """The entry of a session's `discounts`."""
        return {
            "coupon": None if self.promotion_code else self.coupon["id"],
            "promotion_code": self.promotion_code["id"] if self.promotion_code else None,
        }

    def check_minimum(self, subtotal: int, currency: str) -> None:
        """Refuse a promotion code whose minimum the order does not reach."""
        if not self.minimums or subtotal >= self.minimums.get(currency, subtotal + 1):
            return
        known, least = next(iter(self.minimums.items()))
        shown = written(self.minimums.get(currency, least), currency if currency in self.minimums else known)
        raise invalid(
            f"This promotion code cannot be redeemed because the order does not meet its minimum amount ({shown}).",
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
    if not coupon_holds(context, coupon):
        raise invalid(f"Coupon expired: {coupon['id']}", code="coupon_expired", param=f"{param}[coupon]")
    return _discount(context, coupon)


def promotion_discount(context: RequestContext, code: Body, param: str, customer: str | None = None) -> Discount:
    """The discount behind a promotion code."""
    if code["customer"] not in (None, customer):
        raise invalid("This promotion code is limited to another customer.", param=param)
    found = context.find(code["promotion"]["coupon"], COUPON)
    coupon = found.decoded() if found is not None else None
    if coupon is None or not (code["active"] and coupon_holds(context, coupon)) or is_past(context, code["expires_at"]):
        raise invalid("This promotion code is no longer valid.", code="promotion_code_expired", param=param)
    check_first_time(context, code, customer, param)
    return _discount(context, coupon, code)


def _discount(context: RequestContext, coupon: Body, code: Body | None = None) -> Discount:
    hidden = context.fetch_row(COUPON, coupon["id"]).hidden()
    minimums = minimum_amounts(context, code) if code else {}
    return Discount(coupon, code, hidden.get("products"), hidden.get("options") or {}, minimums)


def minimum_amounts(context: RequestContext, code: Body) -> dict[str, int]:
    """The smallest order that a promotion code is good for, by currency."""
    limits = code["restrictions"]
    own = {limits["minimum_amount_currency"]: limits["minimum_amount"]} if limits["minimum_amount"] is not None else {}
    return {**own, **(context.fetch_row(PROMOTION_CODE, code["id"]).hidden().get("minimums") or {})}


def amount_off(discount: Discount, subtotal: int, currency: str) -> int:
    """What a coupon takes off a subtotal: never more than all of it, per cent rounded half up."""
    coupon = discount.coupon
    if coupon["amount_off"] is not None:
        if currency in discount.options:
            return min(discount.options[currency], subtotal)
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
    """Count one use of a discount; a coupon that is used up is valid no longer, nor is any code of it."""
    coupon_id = discount_shown["coupon"]
    if discount_shown["promotion_code"]:
        code = context.fetch(PROMOTION_CODE, discount_shown["promotion_code"])
        code["times_redeemed"] += 1
        most = code["max_redemptions"]
        code["active"] = code["active"] and (most is None or code["times_redeemed"] < most)
        context.save(PROMOTION_CODE, code)
        coupon_id = code["promotion"]["coupon"]
    row = context.find(coupon_id, COUPON)
    # A coupon that was deleted since the session was made is still redeemed there, and counts no more.
    if row is None:
        return
    coupon = row.decoded()
    coupon["times_redeemed"] += 1
    most = coupon["max_redemptions"]
    coupon["valid"] = coupon["valid"] and (most is None or coupon["times_redeemed"] < most)
    context.save(COUPON, coupon)
    if not coupon["valid"]:
        end_codes(context, coupon_id)


def discount_id(session: Body) -> str:
    """The id of the one discount that a Checkout session can have."""
    return "di_1" + str(session["id"])[-23:]


def applied_discount(context: RequestContext, session: Body, entry: Body) -> Body:
    """The Discount behind an entry of a session's `discounts`; a coupon that was deleted since is still named."""
    code = context.services.store.get(context.scope.id, entry["promotion_code"]) if entry["promotion_code"] else None
    coupon = code.decoded()["promotion"]["coupon"] if code else entry["coupon"]
    return {
        "id": discount_id(session),
        "object": "discount",
        "checkout_session": session["id"],
        "customer": session["customer"],
        "end": None,
        "invoice": None,
        "invoice_item": None,
        "promotion_code": entry["promotion_code"],
        "source": {"coupon": coupon, "type": "coupon"},
        "start": session["created"],
        "subscription": None,
        "subscription_item": None,
    }
