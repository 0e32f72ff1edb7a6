"""Test accounts of bank debits do what Stripe's own documentation says of their numbers.

Source: Stripe docs, the test sections of ACH, BECS and SEPA Direct Debit and of pre-authorized debit in Canada.
"""

from __future__ import annotations

from typing import Any

import pytest

from creditctl.emulator.payments.bank_debits import LATE_SECONDS, SOON_SECONDS
from tests.emulator.world import Inside

ACH = "usd", "us_bank_account", "account_number", "&payment_method_data[us_bank_account][routing_number]=110000000"
ACSS = (
    "cad",
    "acss_debit",
    "account_number",
    "&payment_method_data[acss_debit][institution_number]=000&payment_method_data[acss_debit][transit_number]=11000",
)
BECS = "aud", "au_becs_debit", "account_number", "&payment_method_data[au_becs_debit][bsb_number]=000000"
SEPA = "eur", "sepa_debit", "iban", ""
Kind = tuple[str, str, str, str]
FAILURES = [
    (ACH, "000111111113", SOON_SECONDS, "account_closed"),
    (ACH, "000111111116", SOON_SECONDS, "no_account"),
    (ACH, "000222222227", SOON_SECONDS, "insufficient_funds"),
    (ACH, "000333333335", SOON_SECONDS, "debit_not_authorized"),
    (ACH, "000444444440", SOON_SECONDS, "invalid_currency"),
    (BECS, "111111113", SOON_SECONDS, "account_closed"),
    (BECS, "111111116", SOON_SECONDS, "no_account"),
    (BECS, "222222227", SOON_SECONDS, "refer_to_customer"),
    (BECS, "922222227", LATE_SECONDS, "refer_to_customer"),
    (BECS, "333333335", SOON_SECONDS, "debit_not_authorized"),
    (BECS, "343434343", SOON_SECONDS, "charge_exceeds_source_limit"),
    (BECS, "121212121", SOON_SECONDS, "charge_exceeds_transaction_limit"),
    (ACSS, "000222222227", SOON_SECONDS, "insufficient_funds"),
    (ACSS, "900222222227", LATE_SECONDS, "insufficient_funds"),
    (SEPA, "AT981904300002222227", SOON_SECONDS, "insufficient_funds"),
]


def debit(ask: Inside, kind: Kind, account: str) -> tuple[int, Any]:
    """A payment by a debit from this account: status and body."""
    currency, type_, field, routing = kind
    method = (
        f"payment_method_data[type]={type_}&payment_method_data[{type_}][{field}]={account}{routing}"
        "&payment_method_data[billing_details][name]=A&payment_method_data[billing_details][email]=a@b.example"
    )
    form = f"amount=5000&currency={currency}&confirm=true&return_url=https://a.example&{method}"
    status, body, _ = ask("POST", "/v1/payment_intents", form)
    return status, body


def later(ask: Inside, intent: Any, seconds: int) -> Any:
    """The intent so many seconds on."""
    ask.control("/clock", advance=seconds)
    return ask("GET", f"/v1/payment_intents/{intent['id']}")[1]


@pytest.mark.parametrize(("kind", "account", "seconds", "code"), FAILURES)
def test_a_debit_fails_for_the_documented_reason_and_not_before_its_time(
    ask: Inside, kind: Kind, account: str, seconds: int, code: str
) -> None:
    status, intent = debit(ask, kind, account)
    assert (status, intent["status"]) == (200, "processing")
    assert later(ask, intent, seconds - 1)["status"] == "processing"
    failed = later(ask, intent, 1)
    assert failed["status"] == "requires_payment_method"
    charge = ask("GET", f"/v1/charges/{failed['latest_charge']}")[1]
    assert (charge["status"], charge["failure_code"]) == ("failed", failed["last_payment_error"]["code"])
    assert code in (failed["last_payment_error"]["code"], failed["last_payment_error"].get("decline_code"))


@pytest.mark.parametrize(
    ("kind", "account", "seconds"),
    [
        (ACH, "000123456789", SOON_SECONDS),
        (BECS, "000123456", SOON_SECONDS),
        (BECS, "900123456", LATE_SECONDS),
        (ACSS, "000123456789", SOON_SECONDS),
        (ACSS, "900123456789", LATE_SECONDS),
    ],
)
def test_a_debit_succeeds_when_its_time_has_come(ask: Inside, kind: Kind, account: str, seconds: int) -> None:
    intent = debit(ask, kind, account)[1]
    assert later(ask, intent, seconds - 1)["status"] == "processing"
    assert later(ask, intent, 1)["status"] == "succeeded"


@pytest.mark.parametrize(
    ("kind", "account"), [(ACH, "000555555559"), (BECS, "666666660"), (SEPA, "AT591904300235473203")]
)
def test_a_disputed_debit_succeeds_first(ask: Inside, kind: Kind, account: str) -> None:
    intent = debit(ask, kind, account)[1]
    assert later(ask, intent, LATE_SECONDS)["status"] == "succeeded"
    [dispute] = ask("GET", "/v1/disputes")[1]["data"]
    assert dispute["payment_intent"] == intent["id"]


def test_one_account_never_answers_and_its_payment_can_be_canceled(ask: Inside) -> None:
    intent = debit(ask, ACH, "000000000009")[1]
    assert later(ask, intent, 30 * 86_400)["status"] == "processing"
    assert ask("POST", f"/v1/payment_intents/{intent['id']}/cancel")[1]["status"] == "canceled"


def test_a_debit_elsewhere_can_not_be_called_back(ask: Inside) -> None:
    """Source: Stripe docs, "Refund and cancel payments": `processing` only for a US bank account."""
    intent = debit(ask, SEPA, "AT611904300234573201")[1]
    status, body, _ = ask("POST", f"/v1/payment_intents/{intent['id']}/cancel")
    assert (status, body["error"]["code"]) == (400, "payment_intent_unexpected_state")
    assert later(ask, intent, LATE_SECONDS)["status"] == "succeeded"


def test_an_account_that_waits_for_small_deposits_is_refused(ask: Inside) -> None:
    status, body = debit(ask, ACSS, "000666666661")
    assert (status, body["error"]["param"]) == (400, "payment_method_data[acss_debit][account_number]")
    assert "emulator" in body["error"]["message"]


@pytest.mark.parametrize("iban", ["AT611904300234573202", "xx", "123", "AT61", "ÄT611904300234573201"])
def test_what_is_no_iban_is_refused(ask: Inside, iban: str) -> None:
    status, body, _ = ask("POST", "/v1/payment_methods", f"type=sepa_debit&sepa_debit[iban]={iban}")

    assert status == 400
    assert (body["error"]["code"], body["error"]["param"]) == ("invalid_bank_account_iban", "sepa_debit[iban]")


def test_an_iban_may_be_typed_in_groups(ask: Inside) -> None:
    status, body, _ = ask("POST", "/v1/payment_methods", "type=sepa_debit&sepa_debit[iban]=at61 1904 3002 3457 3201")

    assert (status, body["sepa_debit"]["last4"]) == (200, "3201")


@pytest.mark.parametrize(
    ("account", "reason", "moved"),
    [("AT861904300235473202", "unknown", []), ("AT321904300235473204", None, [-5000, 5000])],
)
def test_a_refund_of_a_debit_that_is_still_pending_follows_it(
    ask: Inside, account: str, reason: str | None, moved: list[int]
) -> None:
    """What never came is not given back, and what comes late is not given back before."""
    intent = debit(ask, SEPA, account)[1]
    refund = ask("POST", "/v1/refunds", f"payment_intent={intent['id']}")[1]
    assert (refund["status"], refund["pending_reason"]) == ("pending", "charge_pending")
    for seconds in (SOON_SECONDS, LATE_SECONDS, LATE_SECONDS):
        later(ask, intent, seconds)
        charge = ask("GET", f"/v1/charges/{intent['latest_charge']}")[1]
        refund = ask("GET", f"/v1/refunds/{refund['id']}")[1]
        assert refund["status"] != "succeeded" or charge["status"] == "succeeded"
    assert (refund["status"], refund.get("failure_reason")) == ("failed" if reason else "succeeded", reason)
    assert (charge["refunded"], charge["amount_refunded"]) == ((False, 0) if reason else (True, 5000))
    assert sorted(each["amount"] for each in ask("GET", "/v1/balance_transactions")[1]["data"]) == moved
