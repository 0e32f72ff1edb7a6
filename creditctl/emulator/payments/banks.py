"""Bank debits whose result comes later: which there are, in which currency, their fields and their test accounts.

Source: Stripe API reference, "PaymentMethods" (fields); Stripe docs, "Testing" and the test sections of ACH, SEPA, Bacs
and BECS Direct Debit and of pre-authorized debit (accounts).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from creditctl.emulator.storage.object_types import Body

_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Bank:
    """One kind of bank debit."""

    title: str
    currency: str
    account: str
    """The parameter that holds the account's number."""
    succeeds: str
    """A test account whose debit succeeds a few seconds later."""
    fails: str
    """A test account whose debit fails a few seconds later."""
    routing: dict[str, str]
    """What names the bank, with the values of its test accounts."""
    shown: Callable[[str, Body], Body]
    """The details that a payment method of this kind shows, from account number and parameters."""


def _ach(account: str, given: Body) -> Body:
    return {
        "account_holder_type": given.get("account_holder_type") or "individual",
        "account_type": given.get("account_type") or "checking",
        "bank_name": "STRIPE TEST BANK",
        "financial_connections_account": None,
        "last4": account[-4:],
        "networks": {"preferred": "ach", "supported": ["ach"]},
        "routing_number": given["routing_number"],
        "status_details": {},
    }


def _sepa(account: str, given: Body) -> Body:
    del given
    return {
        "bank_code": account[4:9],
        "branch_code": "",
        "country": account[:2],
        "generated_from": {"charge": None, "setup_attempt": None},
        "last4": account[-4:],
    }


def _bacs(account: str, given: Body) -> Body:
    return {"last4": account[-4:], "sort_code": given["sort_code"]}


def _becs(account: str, given: Body) -> Body:
    return {"bsb_number": given["bsb_number"], "last4": account[-4:]}


def _acss(account: str, given: Body) -> Body:
    return {
        "bank_name": "STRIPE TEST BANK",
        "institution_number": given["institution_number"],
        "last4": account[-4:],
        "transit_number": given["transit_number"],
    }


BANKS = {
    "us_bank_account": Bank(
        "US bank account",
        "usd",
        "account_number",
        "000123456789",
        "000111111116",
        {"routing_number": "110000000"},
        _ach,
    ),
    "sepa_debit": Bank("SEPA direct debit", "eur", "iban", "AT611904300234573201", "AT861904300235473202", {}, _sepa),
    "bacs_debit": Bank(
        "Bacs direct debit", "gbp", "account_number", "00012345", "22222227", {"sort_code": "108800"}, _bacs
    ),
    "au_becs_debit": Bank(
        "BECS direct debit", "aud", "account_number", "000123456", "111111113", {"bsb_number": "000000"}, _becs
    ),
    "acss_debit": Bank(
        "Canadian pre-authorized debit",
        "cad",
        "account_number",
        "000123456789",
        "000222222227",
        {"institution_number": "000", "transit_number": "11000"},
        _acss,
    ),
}
"""By payment method type."""

SLOW_ACCOUNTS = frozenset(
    {
        "AT321904300235473204",
        "AT051904300235473205",
        "90012345",
        "92222227",
        "93333335",
        "900123456",
        "922222227",
        "900123456789",
        "900222222227",
    }
)
"""Their result takes minutes instead of seconds."""

PROCESSING_ACCOUNTS = frozenset({"000000000009"})
"""Their result never comes: the payment can be canceled while it is processing."""

UNVERIFIED_ACCOUNTS = frozenset({"000666666661"})
"""No small deposits can be sent to them; accounts that wait for such a check are not emulated."""

_ABOVE_WEEK, _ABOVE_ONE = "charge_exceeds_source_limit", "charge_exceeds_transaction_limit"
FAILING_ACCOUNTS = {
    "AT861904300235473202": "insufficient_funds",
    "AT051904300235473205": "insufficient_funds",
    "AT981904300002222227": "insufficient_funds",
    "AT981904300000343434": _ABOVE_WEEK,
    "AT601904300000121212": _ABOVE_ONE,
    "IT60X0542811101000000123456": "insufficient_funds",
    "000111111113": "account_closed",
    "000111111116": "no_account",
    "000222222227": "insufficient_funds",
    "000333333335": "debit_not_authorized",
    "000444444440": "invalid_currency",
    "000777777771": _ABOVE_WEEK,
    "000888888881": _ABOVE_ONE,
    "900222222227": "insufficient_funds",
    "22222227": "insufficient_funds",
    "92222227": "insufficient_funds",
    "33333335": "debit_not_authorized",
    "93333335": "debit_not_authorized",
    "111111113": "account_closed",
    "111111116": "no_account",
    "222222227": "refer_to_customer",
    "922222227": "refer_to_customer",
    "333333335": "debit_not_authorized",
    "343434343": _ABOVE_WEEK,
    "121212121": _ABOVE_ONE,
}
"""Why their debit fails; that a Canadian account lacks funds, and when a limit is judged, is unconfirmed."""

DISPUTED_ACCOUNTS = frozenset({"AT591904300235473203", "000555555559", "55555559", "666666660"})
"""Their holder disputes the debit once it has succeeded."""


def is_iban(text: str) -> bool:
    """Whether a text, without spaces and in capitals, is an IBAN whose check digits add up; Source: ISO 13616."""
    if not _IBAN.match(text):
        return False
    digits = "".join(str(int(letter, 36)) for letter in text[4:] + text[:4])
    return int(digits) % 97 == 1


def bank_of(currency: str) -> str | None:
    """The type of the bank debit in a currency; None where there is none."""
    return next((name for name, bank in BANKS.items() if bank.currency == currency), None)


def account_details(type_: str, account: str) -> Body:
    """The parameters of a bank debit from an account at the test bank."""
    return {BANKS[type_].account: account, **BANKS[type_].routing}
