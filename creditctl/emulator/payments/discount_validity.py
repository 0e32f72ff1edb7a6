"""Validity of coupons and promotion codes: when it ends by time, use or deletion, and who may still redeem one.

Source: Stripe docs, "Add discounts" (Checkout), "Inactive promotions": codes become inactive for good once their coupon
is invalid, or at their own `max_redemptions` or `expires_at`. Whether an event tells of such an end is unconfirmed:
none does here.
"""

from typing import Any

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.protocol.errors import StripeError, bad_parameter, invalid
from creditctl.emulator.storage.object_types import CHARGE, COUPON, INVOICE, PROMOTION_CODE, Body
from creditctl.emulator.storage.store import body_value, column


def is_past(context: RequestContext, moment: int | None) -> bool:
    """Whether a last moment has come."""
    return moment is not None and moment <= context.now


def coupon_holds(context: RequestContext, coupon: Body) -> bool:
    """Whether a coupon can still be applied."""
    return bool(coupon["valid"]) and not is_past(context, coupon["redeem_by"])


def end_codes(context: RequestContext, coupon_id: str) -> None:
    """Switch off the promotion codes of a coupon that can be applied no longer."""
    for row in context.services.store.select(
        context.scope.id, PROMOTION_CODE, body_value("$.promotion.coupon", coupon_id), body_value("$.active", 1)
    ):
        context.save(PROMOTION_CODE, row.decoded() | {"active": False})


def coupon_expires(context: RequestContext, subject: str, _: dict[str, Any]) -> None:
    """The scheduled end of a coupon, at its `redeem_by`."""
    row = context.find(subject, COUPON)
    if row is not None:
        context.save(COUPON, row.decoded() | {"valid": False})
        end_codes(context, subject)


def code_expires(context: RequestContext, subject: str, _: dict[str, Any]) -> None:
    """The scheduled end of a promotion code, at its `expires_at`."""
    row = context.find(subject, PROMOTION_CODE)
    if row is not None:
        context.save(PROMOTION_CODE, row.decoded() | {"active": False})


def active_codes(context: RequestContext, text: str) -> list[Body]:
    """The active promotion codes with this text, in any case: different customers may have the same one."""
    rows = context.services.store.select(context.scope.id, PROMOTION_CODE, ("label = ? COLLATE NOCASE", (text,)))
    return [body for body in (row.decoded() for row in rows) if body["active"]]


def refuse_taken(context: RequestContext, text: str, customer: str | None) -> None:
    """A text is unique among the active codes that one customer could redeem.

    Source: Stripe docs, "Add discounts" (Checkout): codes of different customers may have the same text, none of theirs
    that of a code for any customer; recorded refusal.
    """
    for code in active_codes(context, text):
        if customer is None or code["customer"] in (None, customer):
            raise invalid(f"An active promotion code with `code: {text}` already exists.")


def check_reactivation(context: RequestContext, code: Body) -> None:
    """Refuse to switch on a promotion code that could not be redeemed; the wording is ours."""
    coupon = context.find(code["promotion"]["coupon"], COUPON)
    most = code["max_redemptions"]
    if coupon is None or not coupon_holds(context, coupon.decoded()):
        raise _not_again("its coupon is no longer valid")
    if is_past(context, code["expires_at"]):
        raise _not_again("it has expired")
    if most is not None and code["times_redeemed"] >= most:
        raise _not_again("it has been redeemed as often as it can be")
    refuse_taken(context, code["code"], code["customer"])


def _not_again(why: str) -> StripeError:
    return bad_parameter(f"This promotion code cannot be reactivated because {why}.", "active")


def check_first_time(context: RequestContext, code: Body, customer: str | None, param: str) -> None:
    """Refuse a code for first orders to a customer who has paid before.

    Source: Stripe docs, "Add discounts" (Checkout): a first order is one without `customer`, or of one with "no prior
    payments or non-void invoices"; stripe/stripe-node#2349 has the words.
    """
    if not code["restrictions"]["first_time_transaction"] or customer is None:
        return
    store, scope, owner = context.services.store, context.scope.id, column("owner", customer)
    if store.select(scope, CHARGE, owner, body_value("$.status", "succeeded")) or store.select(
        scope, INVOICE, owner, ("label <> ?", ("void",))
    ):
        message = "This promotion code cannot be redeemed because the associated customer has prior transactions."
        raise invalid(message, param=param)
