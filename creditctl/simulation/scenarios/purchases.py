"""Scenarios of purchases: packages, cards, declines, 3D Secure, bank debits, expiry, several at once, two buyers."""

from __future__ import annotations

from creditctl.payments.event_types import ASYNC_PAYMENT_SUCCEEDED_TYPE
from creditctl.simulation.scenarios.steps import (
    Authenticate,
    Buy,
    Deliver,
    Expect,
    Expire,
    HoldBack,
    Open,
    Pass,
    Pay,
    PayByBank,
    Release,
    Scenario,
)

_BANK_SECONDS = 600

PACKAGES = tuple(
    Scenario(
        f"package-{number}",
        "packages",
        f"Package {number} of the catalogue gives exactly its credits",
        (Buy(number), Expect(100)),
    )
    for number in range(1, 6)
)

BRANDS = tuple(
    Scenario(f"card-{card}", "cards", f"A {card} card buys credits", (Buy(card=card), Expect(100)))
    for card in ("visa-debit", "mastercard", "mastercard-prepaid", "amex", "discover", "diners", "jcb", "unionpay")
)

DECLINES = tuple(
    Scenario(
        f"decline-{card}",
        "declines",
        f"The card that answers {code} gives nothing",
        (Buy(card=card), Expect(0)),
        needs_purchase=False,
    )
    for card, code in (
        ("lost", "lost_card"),
        ("stolen", "stolen_card"),
        ("expired", "expired_card"),
        ("wrong-cvc", "incorrect_cvc"),
        ("processing-error", "processing_error"),
        ("velocity", "card_velocity_exceeded"),
        ("blocked", "fraudulent"),
    )
)

PURCHASES = (
    Scenario("success", "purchases", "A good card buys credits", (Buy(), Expect(100)), needs_purchase=False),
    Scenario(
        "decline",
        "declines",
        "A declined card credits nothing",
        (Buy(card="declined"), Expect(0)),
        needs_purchase=False,
    ),
    Scenario(
        "decline-then-success",
        "declines",
        "A declined card, then a good one in a new session",
        (Buy(card="insufficient-funds"), Expect(0), Buy(name="b"), Expect(100, name="b")),
    ),
    Scenario(
        "decline-then-success-in-one-session",
        "declines",
        "A declined card and then a good one in the same session buy once",
        (Buy(card="insufficient-funds"), Expect(0), Pay(), Expect(100)),
    ),
    Scenario(
        "three-d-secure",
        "three-d-secure",
        "Credits come after 3D Secure was passed, not before",
        (Buy(card="3ds"), Expect(0), Authenticate(), Expect(100)),
    ),
    Scenario(
        "three-d-secure-failed",
        "three-d-secure",
        "3D Secure that failed gives nothing; another card in the same session pays",
        (Buy(card="3ds"), Authenticate(passed=False), Expect(0), Pay(), Expect(100)),
    ),
    Scenario(
        "three-d-secure-abandoned",
        "three-d-secure",
        "A buyer who leaves at 3D Secure has bought nothing, also when the session expires",
        (Buy(card="3ds"), Expect(0), Expire(), Expect(0)),
        needs_purchase=False,
    ),
    Scenario(
        "three-d-secure-then-declined",
        "three-d-secure",
        "A card that is declined after 3D Secure gives nothing",
        (Buy(card="3ds-then-declined"), Authenticate(), Expect(0)),
        needs_purchase=False,
    ),
    Scenario(
        "bank-debit",
        "delayed",
        "A bank debit gives nothing while it is unpaid, and its credits once the money came",
        (Open(), PayByBank(), Expect(0, over="credits_unpaid"), Pass(_BANK_SECONDS), Expect(100)),
        needs_purchase=False,
    ),
    Scenario(
        "bank-debit-failed",
        "delayed",
        "A bank debit that fails in the end gives nothing",
        (
            Open(),
            PayByBank(funded=False),
            Expect(0, over="credits_unpaid"),
            Pass(_BANK_SECONDS),
            Expect(0, over="credits_unpaid"),
        ),
        needs_purchase=False,
    ),
    Scenario(
        "bank-debit-out-of-order",
        "delayed",
        "The bank's success comes before the session's completion: credited once",
        (
            Open(),
            HoldBack(),
            PayByBank(),
            Pass(_BANK_SECONDS),
            Release(first=("payment_intent.succeeded", ASYNC_PAYMENT_SUCCEEDED_TYPE)),
            Expect(100, under="order_dependent"),
        ),
    ),
    Scenario(
        "expired",
        "checkout",
        "A session that nobody paid expires, and gives nothing",
        (Open(), Expire(), Expect(0)),
        needs_purchase=False,
    ),
    Scenario(
        "canceled",
        "checkout",
        "A buyer who goes back without paying has bought nothing; the next purchase counts alone",
        (Open(), Expect(0), Buy(name="b"), Expect(100, name="b")),
    ),
    Scenario(
        "first-purchase",
        "checkout",
        "A new user whose balance nobody has looked at yet buys: the credits are there",
        (Buy(), Expect(100)),
        unseen=True,
    ),
    Scenario(
        "same-package-twice",
        "checkout",
        "The same package bought twice gives its credits twice",
        (Buy(), Buy(name="b"), Expect(200)),
    ),
    Scenario(
        "different-packages",
        "checkout",
        "Two packages add up",
        (Buy(1), Expect(100), Buy(3, name="b"), Expect()),
    ),
    Scenario(
        "two-open-sessions",
        "checkout",
        "Of two open sessions the older one is paid: its package counts",
        (Open(1), Open(2, name="b"), Pay(), Expect(100)),
    ),
    Scenario(
        "three-purchases-at-once",
        "checkout",
        "Three purchases whose webhooks come in the same moment all count",
        (
            *(step for name in "abc" for step in (Open(name=name), HoldBack(name), Pay(name=name))),
            Deliver(name="a,b,c", together=True),
            *(Release(name) for name in "abc"),
            Expect(300, under="lost_update"),
        ),
    ),
    Scenario(
        "eight-purchases-at-once",
        "checkout",
        "Eight purchases of one buyer whose webhooks come in the same moment all count",
        (
            *(step for name in "abcdefgh" for step in (Open(1, name=name), HoldBack(name), Pay(name=name))),
            Deliver(name="a,b,c,d,e,f,g,h", together=True),
            *(Release(name) for name in "abcdefgh"),
            Expect(800, under="lost_update"),
        ),
    ),
    Scenario(
        "two-buyers",
        "checkout",
        "Two buyers in the same second, with the same e-mail and card, each get their own credits",
        (
            Open(1),
            Open(3, name="b", buyer=1),
            HoldBack(),
            HoldBack("b"),
            Pay(),
            Pay(name="b"),
            Release("b"),
            Release(),
            Expect(100, over="wrong_user", under="wrong_user"),
        ),
        buyers=2,
    ),
    Scenario(
        "other-user-signs-in",
        "checkout",
        "Another user is active while the buyer pays: the buyer gets the credits",
        (Open(), Open(name="b", buyer=1), Pay(), Expect(100, over="wrong_user", under="wrong_user")),
        buyers=2,
    ),
)
