"""Actions on the emulator of buyer, bank and time (pay, decline, refund, dispute, …); each answers a flat report."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from creditctl.core.errors import UsageError
from creditctl.core.money import format_input, minor_units_per_major, parse_amount
from creditctl.emulator_client.client import SLOW_SECONDS, ControlAnswer, EmulatorControl

Report = dict[str, Any]


def pay(control: EmulatorControl, session_id: str, card: str | None, **buyer: object) -> Report:
    """Finishes an open session with a card by number or token, or by a bank debit whose result comes later.

    A card that asks for 3D Secure leaves the session waiting.

    Errors: StripeRefused with the decline's code where the card is declined.
    """
    number = None if card is None else card.replace(" ", "")
    session = control.control("POST", f"/sessions/{_id(session_id)}/pay", {"card": number, **buyer})
    return _session_report(control, session)


def decline(control: EmulatorControl, session_id: str, card: str | None, **answers: object) -> Report:
    """Tries to pay with a card that declines; the session stays open.

    Errors: StripeRefused where the card does not decline.
    """
    number = None if card is None else card.replace(" ", "")
    answer = control.control("POST", f"/sessions/{_id(session_id)}/decline", {"card": number, **answers})
    error = answer["error"]
    return {
        **_session_report(control, answer["session"]),
        "code": error.get("code"),
        "decline_code": error.get("decline_code"),
        "message": error.get("message"),
    }


def authenticate(control: EmulatorControl, object_id: str, *, passed: bool) -> Report:
    """Passes or fails the 3D Secure challenge of a session, a payment intent or a setup intent."""
    result = {"result": "pass" if passed else "fail"}
    if object_id.startswith("pi_"):
        intent = control.control("POST", f"/payment_intents/{_id(object_id)}/authenticate", result)
        return {"payment_intent": intent["id"], "status": intent["status"], "amount": intent["amount"]}
    if object_id.startswith("seti_"):
        setup = control.control("POST", f"/setup_intents/{_id(object_id)}/authenticate", result)
        return {"setup_intent": setup["id"], "status": setup["status"], "payment_method": setup["payment_method"]}
    return _session_report(control, control.control("POST", f"/sessions/{_id(object_id)}/authenticate", result))


def expire(control: EmulatorControl, session_id: str) -> Report:
    """Lets a session expire as if its time had come."""
    return _session_report(control, control.control("POST", f"/sessions/{_id(session_id)}/expire"))


def refund(control: EmulatorControl, object_id: str, *, amount: str | None, reason: str | None) -> Report:
    """Refunds a session, payment intent or charge, in full or in part. Units: amount as people write it, `5.00usd`."""
    target = _payment(control, object_id)
    minor = None if amount is None else _minor_units(control, target, amount)
    made = control.api("POST", "/v1/refunds", {**target, "amount": minor, "reason": reason})
    return _money_report("refund", made)


def dispute(control: EmulatorControl, object_id: str, kind: str, amount: str | None = None) -> Report:
    """Opens a dispute on a session, payment intent or charge, also a refunded one. Units: amount as in `refund`."""
    target = _payment(control, object_id)
    minor = None if amount is None else _minor_units(control, target, amount)
    made = control.control("POST", "/disputes", {**target, "kind": kind, "amount": minor})
    return _money_report("dispute", made)


def _minor_units(control: EmulatorControl, target: Mapping[str, str], text: str) -> int:
    """An amount that was typed, in the payment's minor units. Errors: UsageError for another currency, or none."""
    ((kind, payment_id),) = target.items()
    path = "/v1/charges/" if kind == "charge" else "/v1/payment_intents/"
    paid = control.api("GET", path + _id(payment_id))
    example = (
        f"Write it with the payment's currency, such as --amount {format_input(paid['amount'], paid['currency'])}."
    )
    # A point says that these are major units; a bare `500` might mean cents.
    bare = re.fullmatch(r"[0-9,]+(\.[0-9]+)?", text.strip())
    major = bare is not None and (bare[1] is not None or minor_units_per_major(paid["currency"]) == 1)
    try:
        amount, currency = parse_amount(f"{text}{paid['currency']}" if major else text)
    except ValueError as error:
        raise UsageError(f"{error}.", code="usage.amount", fix=example) from error
    if currency != paid["currency"] or not amount:
        said = f"The payment is in {paid['currency'].upper()}, not {currency.upper()}" if amount else "That is nothing"
        raise UsageError(f"{said}.", code="usage.amount", fix=example)
    return amount


def settle(control: EmulatorControl, dispute_id: str, status: str | None) -> Report:
    """Ends a dispute: won or lost, an inquiry warning_closed; None: won, or closed."""
    return _money_report("dispute", control.control("POST", f"/disputes/{_id(dispute_id)}/settle", {"status": status}))


def fail(control: EmulatorControl, object_id: str, reason: str | None) -> Report:
    """Fails a refund or a payout, as a bank does that returns it. Errors: UsageError for the id of anything else."""
    if object_id.startswith(("re_", "pyr_")):
        return _money_report("refund", control.control("POST", f"/refunds/{_id(object_id)}/fail", {"reason": reason}))
    if object_id.startswith("po_"):
        return _money_report("payout", control.control("POST", f"/payouts/{_id(object_id)}/fail", {"code": reason}))
    raise UsageError(
        f"{object_id} is neither a refund (re_…) nor a payout (po_…).",
        code="usage.object",
        fix="Only refunds and payouts can be returned by a bank; `creditctl emulator decline` refuses a payment.",
    )


def status(control: EmulatorControl) -> Report:
    """Reads the emulator's status: version, clock, objects, waiting deliveries, faults."""
    info, health = control.prove(), control.control("GET", "/health")
    return {
        "url": control.url,
        "api_version": info["api_version"],
        "livemode": info["livemode"],
        **control.control("GET", "/clock"),
        "objects": health["objects"],
        "pending_deliveries": health["pending_deliveries"],
        "faults": len(control.control("GET", "/faults")["data"]),
    }


def seed(control: EmulatorControl, params: Mapping[str, Any]) -> Report:
    """Seeds many past payments at once, and reports what is true of them."""
    return control.control("POST", "/seed", params, timeout_seconds=SLOW_SECONDS)


def _session_report(control: EmulatorControl, session: ControlAnswer) -> Report:
    intent = session.get("payment_intent")
    waiting = False
    if session["status"] == "open" and intent:
        waiting = control.api("GET", f"/v1/payment_intents/{intent}")["status"] == "requires_action"
    return {
        "session": session["id"],
        "status": session["status"],
        "payment_status": session["payment_status"],
        "needs_authentication": waiting,
        "amount_total": session["amount_total"],
        "currency": session["currency"],
        "payment_intent": intent,
        "client_reference_id": session["client_reference_id"],
    }


def _money_report(kind: str, body: ControlAnswer) -> Report:
    wanted = ("status", "amount", "currency", "reason", "charge", "payment_intent", "failure_reason", "failure_code")
    return {kind: body["id"], **{name: body[name] for name in wanted if name in body}}


def _payment(control: EmulatorControl, object_id: str) -> dict[str, str]:
    """The parameter that names a payment. Errors: UsageError for an id of anything else, or a session without one."""
    if object_id.startswith(("ch_", "py_")):
        return {"charge": object_id}
    if object_id.startswith("pi_"):
        return {"payment_intent": object_id}
    if not object_id.startswith("cs_"):
        raise UsageError(
            f"{object_id} is no payment.",
            code="usage.object",
            fix="Name a checkout session (cs_…), a payment intent (pi_…) or a charge (ch_…).",
        )
    intent = control.api("GET", f"/v1/checkout/sessions/{_id(object_id)}").get("payment_intent")
    if intent is None:
        raise UsageError(
            f"The session {object_id} has no payment: nothing was charged.",
            code="usage.no_payment",
            fix=f"Pay it first: creditctl emulator pay {object_id}",
        )
    return {"payment_intent": str(intent)}


def _id(text: str) -> str:
    """An id as part of a path. Errors: UsageError for what is none, which might reach another control."""
    if text and text.isascii() and text.replace("_", "").isalnum():
        return text
    raise UsageError(
        f"{text!r} is no id of an object.",
        code="usage.object",
        fix="Copy the id as Stripe prints it, such as cs_test_…",
    )


def read_shares(texts: list[str], names: tuple[str, ...]) -> dict[str, str]:
    """Parses shares as they were typed, `refunded=0.1`, into what the emulator takes.

    Shape:  decimal fractions as text, together at most 1.
    Errors: UsageError for what cannot be read, or is more than all.
    """
    shares: dict[str, str] = {}
    total = Decimal(0)
    for text in texts:
        name, _, number = text.partition("=")
        if name not in names or re.fullmatch(r"[01](\.[0-9]{1,6})?|\.[0-9]{1,6}", number) is None:
            raise UsageError(
                f"{text!r} is no share.",
                code="usage.share",
                fix=f"Write refunded=0.1; the fates are {', '.join(names)}.",
            )
        shares[name] = number
        total += Decimal(number)
    if total > 1:
        raise UsageError("The shares are more than all.", code="usage.share", fix="Let them add up to 1 at most.")
    return shares
