"""Test card table: what each card number and token does to a payment.

Source: Stripe docs, "Testing" (cards by brand, declines, 3D Secure, disputes, refunds, available balance); public
recordings of test-mode answers for `advice_code`, `network_decline_code` and the card that asks first.
"""

from dataclasses import dataclass
from functools import lru_cache

from creditctl.emulator.payments.card_countries import country_cards


@dataclass(frozen=True, slots=True)
class Decline:
    """Why a charge failed, as error and charge show it."""

    code: str
    decline_code: str | None
    message: str
    param: str | None = None
    advice_code: str | None = None
    network_code: str | None = None
    network_advice: str | None = None
    blocked: str = ""
    """Why Radar blocked it, as `outcome.reason` says."""
    reversed: bool = False
    """True where a rule blocked it after the bank had approved."""


@dataclass(frozen=True, slots=True)
class Card:
    """One test card and its behaviour."""

    number: str
    tokens: tuple[str, ...] = ()
    brand: str = "visa"
    funding: str = "credit"
    country: str = "US"
    decline: Decline | None = None
    attaches: bool = True
    """False where saving the card to a customer fails like a charge does."""
    challenge: str = ""
    """`always`, `unless_saved` (unless set up for off-session use), `on_session` (when the buyer is there) or
    `requested` (when the merchant asks for it)."""
    asks_first: bool = False
    """True where authentication is asked for before the network is: off session, no charge is tried."""
    after_challenge: Decline | None = None
    dispute: str = ""
    refund: str = ""
    """`pending` or `fail`: what becomes of refunds."""
    settles_at_once: bool = False
    risk: str = "normal"
    fraud_warning: bool = False
    review: bool = False
    cvc_check: str = "pass"
    line1_check: str = "pass"
    postal_check: str = "pass"
    real: bool = False
    """True for a number that is no test card: it pays in live mode and is declined in test mode."""

    @property
    def last4(self) -> str:
        """The digits that are shown."""
        return self.number[-4:]


DECLINED = "Your card was declined."
_LATER, _NEVER, _CHECK = "try_again_later", "do_not_try_again", "confirm_card_data"
GENERIC = Decline("card_declined", "generic_decline", DECLINED, None, _LATER, "01")
INSUFFICIENT = Decline(
    "card_declined", "insufficient_funds", "Your card has insufficient funds.", None, _LATER, "51", "02"
)
LOST = Decline("card_declined", "lost_card", DECLINED, None, _NEVER, "41", "01")
STOLEN = Decline("card_declined", "stolen_card", DECLINED, None, _NEVER, "43", "01")
FRAUDULENT = Decline("card_declined", "fraudulent", DECLINED, None, _NEVER, "01")
EXPIRED = Decline("expired_card", "expired_card", "Your card has expired.", "exp_month", _CHECK, "54", "03")
WRONG_CVC = Decline(
    "incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect.", "cvc", _CHECK, "N7", "03"
)
PROCESSING = Decline(
    "processing_error",
    "processing_error",
    "An error occurred while processing your card. Try again in a little bit.",
    None,
    _LATER,
    "06",
)
VELOCITY = Decline(
    "card_declined",
    "card_velocity_exceeded",
    "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.",
    None,
    _LATER,
    "61",
    "02",
)
BLOCKED = Decline("card_declined", "fraudulent", DECLINED, blocked="highest_risk_level")
RISKY = Decline("card_declined", "generic_decline", DECLINED, blocked="highest_risk_level")
BLOCKED_CVC = Decline(
    "incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect.", "cvc", blocked="rule", reversed=True
)
BLOCKED_POSTAL_CODE = Decline(
    "incorrect_zip",
    "incorrect_zip",
    "The zip code you supplied failed validation.",
    "address_zip",
    blocked="rule",
    reversed=True,
)
"""What the two common rules of Radar answer. Source: a test-mode refusal quoted in a public issue; else by analogy."""
LIVE_MODE = Decline(
    "card_declined",
    "test_mode_live_card",
    "Your card was declined. Your request was in live mode, but used a known test card.",
)
TEST_MODE = Decline(
    "card_declined",
    "live_mode_test_card",
    "Your card was declined. Your request was in test mode, but used a non test (live) card. For a list of valid test "
    "cards, visit: https://stripe.com/docs/testing.",
)
AUTHENTICATION_REQUIRED = Decline(
    "authentication_required",
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
)


def _declined(number: str, decline: Decline, *tokens: str) -> Card:
    return Card(number, tokens, decline=decline, attaches=False)


_BRANDS = (
    Card("4242424242424242", ("visa", "us")),
    Card("4000056655665556", ("visa_debit",), funding="debit"),
    Card("5555555555554444", ("mastercard",), "mastercard"),
    Card("2223003122003222", (), "mastercard"),
    Card("5200828282828210", ("mastercard_debit",), "mastercard", "debit"),
    Card("5105105105105100", ("mastercard_prepaid",), "mastercard", "prepaid"),
    Card("378282246310005", ("amex", "amex_threeDSecureNotSupported"), "amex"),
    Card("371449635398431", (), "amex"),
    Card("6011111111111117", (), "discover"),
    Card("6011000990139424", ("discover",), "discover"),
    Card("6011981111111113", (), "discover", "debit"),
    Card("3056930009020004", ("diners",), "diners"),
    Card("36227206271667", (), "diners"),
    Card("6555900000604105", (), "discover"),
    Card("3566002020360505", ("jcb",), "jcb"),
    Card("6200000000000005", ("unionpay",), "unionpay"),
    Card("6200000000000047", (), "unionpay", "debit"),
    Card("6205500000000000004", (), "unionpay"),
)
_DECLINES = (
    _declined("4000000000000002", GENERIC, "visa_chargeDeclined", "chargeDeclined"),
    _declined(
        "4000000000009995",
        INSUFFICIENT,
        "visa_chargeDeclinedInsufficientFunds",
        "chargeDeclinedInsufficientFunds",
    ),
    _declined("4000000000009987", LOST, "visa_chargeDeclinedLostCard", "chargeDeclinedLostCard"),
    _declined("4000000000009979", STOLEN, "visa_chargeDeclinedStolenCard", "chargeDeclinedStolenCard"),
    _declined("4000000000000069", EXPIRED, "chargeDeclinedExpiredCard", "visa_chargeDeclinedExpiredCard"),
    _declined("4000000000000127", WRONG_CVC, "chargeDeclinedIncorrectCvc", "visa_chargeDeclinedIncorrectCvc"),
    _declined("4000000000000119", PROCESSING, "chargeDeclinedProcessingError", "visa_chargeDeclinedProcessingError"),
    _declined(
        "4000000000006975",
        VELOCITY,
        "visa_chargeDeclinedVelocityLimitExceeded",
        "chargeDeclinedVelocityLimitExceeded",
    ),
    _declined("4000000000000010-fraudulent", FRAUDULENT, "chargeDeclinedFraudulent", "visa_chargeDeclinedFraudulent"),
    Card("4000000000000341", ("chargeCustomerFail", "visa_chargeCustomerFail"), decline=GENERIC),
)
_RADAR = (
    Card("4100000000000019", ("radarBlock",), decline=BLOCKED, risk="highest"),
    Card("4000000000004954", ("riskLevelHighest",), decline=RISKY, risk="highest"),
    Card("4000000000009235", ("riskLevelElevated",), risk="elevated", review=True),
    Card("4000000000000101", ("cvcCheckFail",), cvc_check="fail"),
    Card("4000000000000036", ("avsZipFail",), postal_check="fail"),
    Card("4000000000000028", ("avsLine1Fail",), line1_check="fail"),
    Card("4000000000000010", ("avsFail",), line1_check="fail", postal_check="fail"),
    Card("4000000000000044", ("avsUnchecked",), line1_check="unavailable", postal_check="unavailable"),
)
_CHALLENGES = (
    Card("4000002500003155", ("authenticationRequiredOnSetup",), country="FR", challenge="unless_saved"),
    Card("4000002760003184", ("authenticationRequired",), country="DE", challenge="always"),
    Card("4000003800000446", ("authenticationRequiredSetupForOffSession",), country="IT", challenge="on_session"),
    Card(
        "4000008260003178",
        ("authenticationRequiredChargeDeclinedInsufficientFunds",),
        challenge="always",
        after_challenge=INSUFFICIENT,
    ),
    Card("4000000000003220", ("threeDSecure2Required",), country="IE", challenge="always", asks_first=True),
    Card("4000000000003063", ("threeDSecureRequired",), challenge="always"),
    Card(
        "4000008400001629",
        ("threeDSecureRequiredChargeDeclined",),
        challenge="always",
        after_challenge=GENERIC,
    ),
    Card("4000008400001280", ("threeDSecureRequiredProcessingError",), decline=GENERIC),
    Card("4000000000003055", ("threeDSecureOptional",), challenge="requested"),
    Card("4000000000003097", ("threeDSecureOptionalProcessingError",)),
    Card("4000582600000094", challenge="always"),
    Card("4000582600000045", challenge="always"),
    Card("4000582600000102", challenge="always"),
    Card("4000582600000110", challenge="always"),
    Card("4000000000001208"),
    Card("4000000000003725"),
)
_AFTERMATH = (
    Card("4000000000000259", ("createDispute",), dispute="fraudulent"),
    Card("4000000000002685", ("createDisputeProductNotReceived",), dispute="product_not_received"),
    Card("4000000000001976", ("createDisputeInquiry",), dispute="inquiry"),
    Card("4000000000005423", ("createIssuerFraudRecord",), fraud_warning=True),
    Card("4000000404000079", ("createMultipleDisputes",), dispute="multiple"),
    Card("4000000404000038", ("createCe3EligibleDispute",), dispute="ce3"),
    Card("4000008400000779", ("createComplianceDispute",), dispute="compliance"),
    Card("4000000000007726", ("pendingRefund",), refund="pending"),
    Card("4000000000005126", ("refundFail",), refund="fail"),
    Card("4000000000000077", ("bypassPending",), settles_at_once=True),
    Card("4000003720000278", ("bypassPendingInternational",), country="IE", settles_at_once=True),
)
_COUNTRIES = tuple(
    Card(number, (token,), brand, funding, token[:2].upper()) for token, number, brand, funding in country_cards()
)
CARDS = _BRANDS + _COUNTRIES + _DECLINES + _RADAR + _CHALLENGES + _AFTERMATH
BY_NUMBER = {card.number: card for card in CARDS}
BY_TOKEN = {name: card for card in CARDS for name in card.tokens}


@lru_cache(maxsize=512)
def card_by_token(token: str) -> Card | None:
    """The card behind `pm_card_…` or `tok_…`, with or without `visa_` (recorded: `tok_visa_createDispute`)."""
    for prefix in ("pm_card_", "tok_"):
        if token.startswith(prefix):
            name = token[len(prefix) :]
            return BY_TOKEN.get(name) or BY_TOKEN.get(name.removeprefix("visa_"))
    return None


def card_by_number(number: str) -> Card | None:
    """The card of a number, which may be grouped; one that passes the check digit and is no test card is a real one."""
    digits = number.replace(" ", "").replace("-", "")
    if digits in BY_NUMBER:
        return BY_NUMBER[digits]
    if not digits.isdecimal() or not 13 <= len(digits) <= 19 or not passes_check_digit(digits):
        return None
    return Card(digits, brand=_brand_of(digits), real=True)


def passes_check_digit(digits: str) -> bool:
    """The Luhn check."""
    total = 0
    for index, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if index % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _brand_of(digits: str) -> str:
    starts = {"4": "visa", "34": "amex", "37": "amex", "35": "jcb", "36": "diners", "62": "unionpay", "6": "discover"}
    for length in (2, 1):
        if digits[:length] in starts:
            return starts[digits[:length]]
    return "mastercard" if digits[0] in "25" else "unknown"
