"""Payment methods in the payment flow: load, create, use once; each with its test card or bank account."""

import hashlib
from functools import lru_cache
from typing import Any

import msgspec

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.updates import billing_details, given_metadata
from creditctl.emulator.payments.banks import BANKS, UNVERIFIED_ACCOUNTS, is_iban
from creditctl.emulator.payments.cards import BY_NUMBER, Card, card_by_number, card_by_token
from creditctl.emulator.payments.raw_cards import read_raw_card
from creditctl.emulator.protocol.errors import bad_parameter, invalid, missing_parameter, not_acted_on
from creditctl.emulator.storage.object_types import PAYMENT_METHOD, Body


class PaymentMethod(msgspec.Struct):
    """A payment method in use."""

    body: Body
    extra: dict[str, Any]

    @property
    def card(self) -> Card:
        """The test card behind it."""
        number = self.extra["card"]
        return BY_NUMBER.get(number) or card_by_number(number) or Card(number)

    @property
    def delayed(self) -> bool:
        """Whether the result comes later."""
        return self.body["type"] in BANKS


def payment_types(currency: str) -> list[str]:
    """The methods that a payment in a currency can be made with here."""
    return [*_payment_types(currency)]


@lru_cache(maxsize=256)
def _payment_types(currency: str) -> tuple[str, ...]:
    return ("card", *(name for name, bank in BANKS.items() if bank.currency == currency))


def load_method(context: RequestContext, name: str, param: str = "payment_method", status: int = 400) -> PaymentMethod:
    """A stored method, or a fresh one where an alias such as `pm_card_visa` names a test card."""
    if name.startswith("pm_card_"):
        card = card_by_token(name)
        if card is not None:
            return store_card(context, card, {})
    row = context.find(name, PAYMENT_METHOD)
    if row is None:
        raise context.missing(PAYMENT_METHOD, name, param, status)
    return PaymentMethod(row.decoded(), row.hidden())


def given_method(context: RequestContext) -> PaymentMethod | None:
    """The method that a call names or describes, None where it does neither; both is not acted on here."""
    name, data = context.params.get("payment_method"), context.params.get("payment_method_data")
    if name and data:
        raise not_acted_on("payment_method_data", "`payment_method` names a method already")
    if name:
        return load_method(context, name)
    return make_method(context, data, "payment_method_data") if data else None


def make_method(context: RequestContext, params: Body, prefix: str = "", card_id: str | None = None) -> PaymentMethod:
    """A new payment method from the parameters of its create call; a customer's card has an id of its own kind."""
    type_ = params.get("type") or "card"
    details, name = params.get(type_), f"{prefix}[{type_}]" if prefix else type_
    if details is None:
        raise missing_parameter(name)
    if type_ == "card":
        return _make_card(context, details, params | ({"id": card_id} if card_id else {}), name)
    return _store_bank(context, type_, details, params, name)


def _make_card(context: RequestContext, details: Body, params: Body, param: str) -> PaymentMethod:
    """A card from a token, or from its number where that is allowed."""
    if "token" in details:
        beside = next((name for name in ("number", "exp_month", "exp_year", "cvc") if name in details), None)
        if beside:
            raise not_acted_on(f"{param}[{beside}]", "the token stands for the whole card")
        card = card_by_token(details["token"])
        if card is None:
            raise invalid(
                f"No such token: '{details['token']}'", code="resource_missing", param=f"{param}[token]", status=400
            )
        return store_card(context, card, params)
    if "number" not in details:
        raise missing_parameter(f"{param}[number]")
    card, expiry = read_raw_card(context, details, param)
    return store_card(context, card, params, expiry)


def store_card(
    context: RequestContext, card: Card, params: Body, expiry: tuple[int, int] | None = None
) -> PaymentMethod:
    """Store a card as a new payment method."""
    body, extra = card_body(context, card, params, expiry), {"card": card.number}
    context.add(PAYMENT_METHOD, body, extra=extra)
    return PaymentMethod(body, extra)


def card_body(context: RequestContext, card: Card, params: Body, expiry: tuple[int, int] | None) -> Body:
    """The body of a card's payment method."""
    body = _new_method(context, "card", params)
    shown = body["card"] = _plain_card(
        context.scope.account, card.number, card.brand, card.country, card.funding
    ).copy()
    shown["checks"] = _fresh_checks(params.get("billing_details") or {})
    if expiry is not None:
        shown["exp_month"], shown["exp_year"] = expiry
    shown["networks"] = {"available": [card.brand], "preferred": _preferred_network(params) if params else None}
    shown["three_d_secure_usage"] = {"supported": card.brand != "amex"}
    return body


@lru_cache(maxsize=256)
def _plain_card(account: str, number: str, brand: str, country: str, funding: str) -> Body:
    """What the methods of one card have in common; each fills a copy."""
    return {
        "brand": brand,
        "checks": None,
        "country": country,
        "display_brand": brand,
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": _fingerprint(account, number),
        "funding": funding,
        "generated_from": None,
        "last4": number[-4:],
        "networks": None,
        "regulated_status": "unregulated",
        "three_d_secure_usage": None,
        "wallet": None,
    }


def _preferred_network(params: Body) -> str | None:
    preferred: str | None = ((params.get("card") or {}).get("networks") or {}).get("preferred")
    return preferred


def _fresh_checks(billing: Body) -> Body:
    address = billing.get("address") or {}
    return {
        "address_line1_check": "unchecked" if address.get("line1") else None,
        "address_postal_code_check": "unchecked" if address.get("postal_code") else None,
        "cvc_check": "unchecked",
    }


def fingerprint(context: RequestContext, number: str) -> str:
    """Sixteen characters that stay the same for a number within an account."""
    return _fingerprint(context.scope.account, number)


@lru_cache(maxsize=256)
def _fingerprint(account: str, number: str) -> str:
    return hashlib.sha256(f"{account}:{number}".encode()).hexdigest()[:16]


def _store_bank(context: RequestContext, type_: str, details: Body, params: Body, param: str) -> PaymentMethod:
    bank, body = BANKS[type_], _new_method(context, type_, params)
    for name in (bank.account, *bank.routing):
        _require(str(details.get(name) or ""), f"{param}[{name}]")
    account = str(details[bank.account]).replace(" ", "").upper()
    if bank.account == "iban" and not is_iban(account):
        # Source: the code is the one that Stripe's own mobile SDKs know; its words are unconfirmed.
        raise invalid("The IBAN you entered is invalid.", code="invalid_bank_account_iban", param=f"{param}[iban]")
    if account in UNVERIFIED_ACCOUNTS:
        raise not_acted_on(f"{param}[{bank.account}]", f"{account} fails the check by small deposits")
    body[type_] = {**bank.shown(account, details), "fingerprint": fingerprint(context, account)}
    extra = {"account": account}
    context.add(PAYMENT_METHOD, body, extra=extra)
    return PaymentMethod(body, extra)


def _require(value: str, param: str) -> None:
    if not value:
        raise bad_parameter(f"Missing required param: {param}.", param, "parameter_missing")


def _new_method(context: RequestContext, type_: str, params: Body) -> Body:
    return {
        "id": params.get("id") or context.new_id("pm_"),
        "object": "payment_method",
        "allow_redisplay": params.get("allow_redisplay") or "unspecified",
        "billing_details": billing_details(params.get("billing_details")),
        "created": context.now,
        "customer": None,
        "customer_account": None,
        "livemode": context.scope.livemode,
        "metadata": given_metadata(params),
        "shared_payment_granted_token": None,
        "type": type_,
    }


def refuse_reuse(method: PaymentMethod, customer: str | None) -> None:
    """A method that is not saved is used once; a saved one is used with its customer.

    Source: Stripe API reference, "PaymentMethods"; messages quoted in public issues and recorded in test mode.
    """
    owner = method.body["customer"]
    if owner is None and method.extra.get("used"):
        raise invalid(
            "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared "
            "with a connected account without Customer attachment, or was detached from a Customer. It may not be "
            "used again. To use a PaymentMethod multiple times, you must attach it to a Customer first."
        )
    if owner is not None and customer is None:
        raise invalid(
            f"The `payment_method` parameter supplied {method.body['id']} belongs to the Customer {owner}. Please "
            "include the Customer in the `customer` parameter on the PaymentIntent.",
            code="parameter_missing",
            param="source",
        )
    if owner is not None and owner != customer:
        raise invalid(
            f"The PaymentMethod {method.body['id']} does not belong to the Customer you supplied {customer}. Please "
            "use this PaymentMethod with the Customer that it belongs to instead.",
            param="payment_method",
        )


def refuse_type(method: PaymentMethod, intent: Body, what: str) -> None:
    """A method of a type that an intent may not use; `what` is the intent's kind.

    Source: a refusal quoted in Automattic/woocommerce-payments, issue 10574 (of a setup intent).
    """
    type_, types = method.body["type"], intent["payment_method_types"]
    if type_ in types:
        return
    raise invalid(
        f"The PaymentMethod provided ({type_}) is not allowed for this {what}. Please attach a PaymentMethod of one of "
        f"the following types: {', '.join(types)}. Alternatively update the allowed payment_method_types for this "
        f'{what} to include "{type_}".',
        code=f"{intent['object']}_invalid_parameter",
    )


def mark_used(context: RequestContext, method: PaymentMethod, *, saved: bool = False) -> None:
    """Remember that a method paid, and whether it was set up for later."""
    method.extra["used"] = True
    if saved:
        method.extra["saved"] = True
    context.services.store.save_extra(context.scope.id, method.body["id"], method.extra)
