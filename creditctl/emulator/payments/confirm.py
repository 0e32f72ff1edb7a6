"""Confirming a payment intent with a method: challenge, decline, success, or a bank that answers later.

Source: Stripe docs, "How PaymentIntents and SetupIntents work"; "Testing"; recorded event orders.
"""

import msgspec

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.payments import cards
from creditctl.emulator.payments.bank_debits import schedule_delayed_result
from creditctl.emulator.payments.cards import Card, Decline
from creditctl.emulator.payments.charge_bodies import AUTHORIZATION_SECONDS, checks, new_charge
from creditctl.emulator.payments.declines import FAILED_CHALLENGE, card_error, fail_intent
from creditctl.emulator.payments.methods import PaymentMethod, mark_used
from creditctl.emulator.payments.saved_methods import future_usage, keep_method
from creditctl.emulator.payments.settlement import after_success
from creditctl.emulator.protocol.errors import StripeError, invalid
from creditctl.emulator.storage.object_types import CHARGE, PAYMENT_INTENT, PAYMENT_METHOD, Body


class ConfirmOptions(msgspec.Struct):
    """How a payment is attempted."""

    off_session: bool = False
    authenticated: bool = False
    error_on_requires_action: bool = False
    return_url: str | None = None
    use_stripe_sdk: bool = False


def attempt_payment(context: RequestContext, intent: Body, method: PaymentMethod, options: ConfirmOptions) -> Body:
    """Try to take the money; the intent moves on, or a 402 is raised that keeps what happened."""
    intent["payment_method"] = method.body["id"]
    if method.delayed:
        return _submit_delayed(context, intent, method)
    card = method.card
    # Test cards never pay in live mode, nor real ones in test mode: judged before the card itself is.
    if card.real != context.scope.livemode:
        raise _decline(context, intent, method, cards.TEST_MODE if card.real else cards.LIVE_MODE)
    if card.challenge and not options.authenticated and _needs_challenge(intent, card, method, options):
        # Nobody is there to authenticate, or the caller wants an error instead of an action.
        if options.off_session or options.error_on_requires_action:
            raise _unauthenticated(context, intent, method)
        return _ask_for_action(context, intent, options)
    decline = card.after_challenge if options.authenticated and card.after_challenge else card.decline
    if decline is None and context.services.options.radar_strict:
        decline = _blocked_by_rule(checks(method, card))
    if decline is not None:
        raise _decline(context, intent, method, decline)
    return _succeed(context, intent, method, card, options)


def _needs_challenge(intent: Body, card: Card, method: PaymentMethod, options: ConfirmOptions) -> bool:
    if card.challenge == "requested":
        asked: Body = intent["payment_method_options"].get("card", {})
        return asked.get("request_three_d_secure") in ("any", "challenge")
    if card.challenge == "always":
        return True
    if card.challenge == "on_session":
        return not options.off_session
    return card.challenge == "unless_saved" and not method.extra.get("saved")


def _blocked_by_rule(found: Body) -> Decline | None:
    """What Radar's two common rules say to an approved payment: its CVC and its postal code were checked and differ."""
    if found["cvc_check"] == "fail":
        return cards.BLOCKED_CVC
    return cards.BLOCKED_POSTAL_CODE if found["address_postal_code_check"] == "fail" else None


def _ask_for_action(context: RequestContext, intent: Body, options: ConfirmOptions) -> Body:
    intent |= {
        "last_payment_error": None,
        "next_action": next_action(context, intent, None if options.use_stripe_sdk else options.return_url),
        "status": "requires_action",
    }
    return context.save(PAYMENT_INTENT, intent, event="payment_intent.requires_action")


def next_action(context: RequestContext, intent: Body, return_url: str | None) -> Body:
    """The `next_action` of a challenge: a redirect where there is a `return_url`, else a matter for Stripe.js."""
    page = f"{context.base_url}/_challenge/{intent['id']}"
    if return_url:
        return {"type": "redirect_to_url", "redirect_to_url": {"return_url": return_url, "url": page}}
    source = context.new_id("src_")
    return {
        "type": "use_stripe_sdk",
        "use_stripe_sdk": {"source": source, "stripe_js": page, "type": "three_d_secure_redirect"},
    }


def _succeed(context: RequestContext, intent: Body, method: PaymentMethod, card: Card, options: ConfirmOptions) -> Body:
    charge = new_charge(context, intent, method, "succeeded", None, options.authenticated)
    # The charge before its intent. Source: recorded event order of direct payments and of Checkout.
    context.add(CHARGE, charge, event="charge.succeeded")
    intent["last_payment_error"] = intent["next_action"] = None
    intent["latest_charge"] = charge["id"]
    if intent["capture_method"] == "manual":
        intent |= {"amount_capturable": intent["amount"], "status": "requires_capture"}
        context.save(PAYMENT_INTENT, intent, event="payment_intent.amount_capturable_updated")
        context.schedule(AUTHORIZATION_SECONDS, "expire_authorization", intent["id"])
    else:
        intent["amount_received"], intent["status"] = intent["amount"], "succeeded"
        context.save(PAYMENT_INTENT, intent, event="payment_intent.succeeded")
    _remember_use(context, intent, method)
    after_success(context, intent, charge, card)
    return intent


def _remember_use(context: RequestContext, intent: Body, method: PaymentMethod) -> None:
    keep_method(context, method, intent["customer"], future_usage(intent, method.body["type"]))


def _submit_delayed(context: RequestContext, intent: Body, method: PaymentMethod) -> Body:
    charge = new_charge(context, intent, method, "pending", None, False)
    context.add(CHARGE, charge, event="charge.pending")
    intent |= {
        "last_payment_error": None,
        "latest_charge": charge["id"],
        "next_action": None,
        "status": "processing",
    }
    context.save(PAYMENT_INTENT, intent, event="payment_intent.processing")
    _remember_use(context, intent, method)
    schedule_delayed_result(context, intent, method.extra["account"])
    return intent


def _decline(context: RequestContext, intent: Body, method: PaymentMethod, decline: Decline) -> StripeError:
    """Record the failed attempt and make the refusal that reports it; its method shows what the issuer checked."""
    # An unchecked CVC or address is checked by the attempt, even where the bank declines.
    method.body["card"] = {**method.body["card"], "checks": checks(method, method.card)}
    context.save(PAYMENT_METHOD, method.body)
    # A method without a customer is used up by a decline too. Source: a recorded refusal in a new intent.
    if method.body["customer"] is None:
        mark_used(context, method)
    charge = new_charge(context, intent, method, "failed", decline, False)
    context.add(CHARGE, charge, event="charge.failed")
    intent["latest_charge"] = charge["id"]
    fail_intent(context, intent, method.body, decline, charge["id"])
    return card_error(decline, charge=charge["id"], intent=intent, method=method.body)


def _unauthenticated(context: RequestContext, intent: Body, method: PaymentMethod) -> StripeError:
    """The refusal of a payment that nobody is there to authenticate."""
    decline = cards.AUTHENTICATION_REQUIRED
    if not method.card.asks_first:
        return _decline(context, intent, method, decline)
    fail_intent(context, intent, method.body, decline, None)
    return card_error(decline, intent=intent, method=method.body)


def finish_challenge(context: RequestContext, intent: Body, method: PaymentMethod, passed: bool) -> Body:
    """End a 3D Secure challenge: passed, the payment is tried again; failed, the intent needs another method."""
    if intent["status"] != "requires_action":
        raise invalid(f"This PaymentIntent's status is {intent['status']}: there is nothing to authenticate.")
    if not passed:
        return fail_intent(context, intent, method.body, FAILED_CHALLENGE, None)
    if intent["confirmation_method"] == "manual":
        return _wait_for_server(context, intent)
    return attempt_payment(context, intent, method, ConfirmOptions(authenticated=True))


def _wait_for_server(context: RequestContext, intent: Body) -> Body:
    """Authenticated, but only the server may take the money.

    Source: stripe-python 16.1, `confirm`: with `confirmation_method` manual the intent returns to
    `requires_confirmation` once its actions are done, and is confirmed again explicitly. No event tells of it: ours.
    """
    hidden = context.fetch_row(PAYMENT_INTENT, intent["id"]).hidden()
    context.services.store.save_extra(
        context.scope.id, intent["id"], {**hidden, "authenticated": intent["payment_method"]}
    )
    return context.save(PAYMENT_INTENT, intent | {"next_action": None, "status": "requires_confirmation"})


def was_authenticated(context: RequestContext, intent: Body, method: PaymentMethod) -> bool:
    """Whether the buyer has already authenticated this payment by this method; it counts for one attempt."""
    if intent["confirmation_method"] != "manual":
        return False
    hidden = context.fetch_row(PAYMENT_INTENT, intent["id"]).hidden()
    known = hidden.pop("authenticated", None)
    if known is not None:
        context.services.store.save_extra(context.scope.id, intent["id"], hidden)
    return bool(known == method.body["id"])
