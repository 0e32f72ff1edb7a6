"""Scenarios of money that goes back: refunds and disputes, whole, in parts, early, late, failed and both."""

from __future__ import annotations

from creditctl.core.entitlement.dispute import FUNDS_REINSTATED_TYPE, FUNDS_WITHDRAWN_TYPE
from creditctl.payments.event_types import CHARGE_REFUNDED_TYPE, DISPUTE_CREATED_TYPE
from creditctl.simulation.scenarios.steps import (
    Buy,
    Deliver,
    Dispute,
    Expect,
    FailRefund,
    HoldBack,
    Open,
    Pass,
    Pay,
    Refund,
    Release,
    Scenario,
    Settle,
    Spend,
)

_REFERENCE_SECONDS = 30
_BOUGHT = (Buy(), Expect(100))
_NO_REFERENCE = HoldBack(event="refund.updated", to_the_end=True)
"""Keeps the refund's reference number back, whose event comes by itself and tells of the refund once more."""

_REFUND_TYPES = (CHARGE_REFUNDED_TYPE, "refund.created", "refund.updated")
_DISPUTE_TYPES = (DISPUTE_CREATED_TYPE, FUNDS_WITHDRAWN_TYPE)

REFUNDS = (
    Scenario("refund", "refunds", "A full refund takes the credits back", (*_BOUGHT, Refund(), Expect(0))),
    Scenario(
        "partial-refund",
        "refunds",
        "A refund of 40 % takes 40 % of the credits back",
        (*_BOUGHT, Refund(2, 5), Expect(60)),
    ),
    Scenario(
        "refund-updated",
        "refunds",
        "The refund's reference number comes later as refund.updated, and takes nothing again",
        (*_BOUGHT, Refund(1, 2), Expect(50), Pass(_REFERENCE_SECONDS), Expect(50, under="refund_doubled")),
    ),
    Scenario(
        "two-partial-refunds",
        "refunds",
        "Two refunds of a quarter each take half",
        (*_BOUGHT, Refund(1, 4), Expect(75), Refund(1, 4), Expect(50)),
    ),
    Scenario(
        "refunded-in-thirds",
        "refunds",
        "Three thirds, none of which is a whole number, end at exactly nothing",
        (*_BOUGHT, Refund(1, 3), Expect(), Refund(1, 3), Expect(), Refund(), Expect(0)),
    ),
    Scenario(
        "refund-delivered-twice",
        "refunds",
        "The webhook of a refund delivered again takes nothing again",
        (
            *_BOUGHT,
            Refund(1, 2),
            Expect(50),
            Deliver(type=CHARGE_REFUNDED_TYPE, times=2, must="accepted", cause="refuses_events"),
            Expect(50),
        ),
    ),
    Scenario(
        "refund-failed",
        "refunds",
        "A refund that failed at the bank gives the credits back",
        (*_BOUGHT, Refund(), Expect(0), FailRefund(), Expect(100)),
    ),
    Scenario(
        "partial-refund-failed",
        "refunds",
        "Of two refunds one failed: the other stays taken",
        (*_BOUGHT, Refund(1, 2), Refund(1, 4), Expect(25), FailRefund(), Expect(50)),
    ),
    Scenario(
        "refund-before-purchase",
        "refunds",
        "The refund's webhooks come before the purchase's: in the end there is nothing",
        (
            Open(),
            _NO_REFERENCE,
            HoldBack(),
            Pay(),
            Refund(),
            Release(first=_REFUND_TYPES),
            Expect(0, over="refund_lost_before_purchase"),
        ),
    ),
    Scenario(
        "partial-refund-before-purchase",
        "refunds",
        "A partial refund's webhooks come before the purchase's: what is left counts",
        (
            Open(),
            _NO_REFERENCE,
            HoldBack(),
            Pay(),
            Refund(1, 2),
            Release(first=_REFUND_TYPES),
            Expect(50, over="refund_lost_before_purchase"),
        ),
    ),
    Scenario(
        "refund-then-buy-again",
        "refunds",
        "A purchase after a refunded one counts alone",
        (*_BOUGHT, Refund(), Expect(0), Buy(name="b"), Expect(100, name="b")),
    ),
    Scenario(
        "refund-of-one-of-two",
        "refunds",
        "Of two purchases of the same package the refunded one is taken, and only that",
        (Buy(), Buy(name="b"), Expect(200), Refund(), Expect(100)),
    ),
    Scenario(
        "refund-of-the-older-of-two",
        "refunds",
        "Of two different packages the older is refunded: its credits are taken, not the newer one's",
        (Buy(3), Buy(1, name="b"), Expect(), Refund(), Expect(over="refund_wrong_share", under="refund_wrong_share")),
    ),
    Scenario(
        "refund-after-spending",
        "refunds",
        "A refund of spent credits ends below zero or at zero, as the policy says",
        (*_BOUGHT, Spend(), Refund(), Expect(over="refund_after_spending", under="refund_after_spending")),
    ),
)

DISPUTES = (
    Scenario(
        "dispute-lost",
        "disputes",
        "A dispute that was lost takes the credits, once",
        (*_BOUGHT, Dispute(), Expect(), Settle("lost"), Expect()),
    ),
    Scenario(
        "dispute-won",
        "disputes",
        "A dispute that was won leaves the credits, or gives back what it took",
        (*_BOUGHT, Dispute(), Expect(), Settle("won"), Expect(100)),
    ),
    Scenario(
        "inquiry",
        "disputes",
        "An inquiry moves no money, and takes nothing",
        (
            *_BOUGHT,
            Dispute("inquiry"),
            Expect(100, under="dispute_inquiry_taken"),
            Settle("warning_closed"),
            Expect(100, under="dispute_inquiry_taken"),
        ),
    ),
    Scenario(
        "dispute-delivered-twice",
        "disputes",
        "The webhooks of a lost dispute delivered again take nothing again",
        (
            *_BOUGHT,
            Dispute(),
            Settle("lost"),
            Expect(),
            Deliver(type="charge.dispute.closed", times=2),
            Deliver(type=FUNDS_WITHDRAWN_TYPE),
            Expect(),
        ),
    ),
    Scenario(
        "dispute-after-partial-refund",
        "disputes",
        "What a refund took is not taken again by the dispute over the rest",
        (*_BOUGHT, Refund(1, 2), Expect(50), Dispute(), Expect(), Settle("lost"), Expect(under="dispute_doubled")),
    ),
    Scenario(
        "partial-dispute-lost",
        "disputes",
        "A dispute over 40 % of a payment that was lost takes 40 % of the credits",
        (
            *_BOUGHT,
            Dispute(parts=2, of=5),
            Expect(under="dispute_wrong_share"),
            Settle("lost"),
            Expect(under="dispute_wrong_share"),
        ),
    ),
    Scenario(
        "partial-dispute-won",
        "disputes",
        "A dispute over a part of a payment that was won leaves all of the credits",
        (*_BOUGHT, Dispute(parts=2, of=5), Expect(), Settle("won"), Expect(100)),
    ),
    Scenario(
        "whole-dispute-after-partial-refund",
        "disputes",
        "A dispute over the whole payment, half of which was refunded, takes the other half and no more",
        (
            *_BOUGHT,
            Refund(1, 2),
            Expect(50),
            Dispute(parts=1),
            Settle("lost"),
            Expect(under="dispute_doubled"),
        ),
    ),
    Scenario(
        "dispute-before-purchase",
        "disputes",
        "The dispute's webhooks come before the purchase's",
        (
            Open(),
            HoldBack(),
            Pay(),
            Dispute(),
            Settle("lost"),
            Release(first=(*_DISPUTE_TYPES, "charge.dispute.closed")),
            Expect(over="dispute_ignored"),
        ),
    ),
    Scenario(
        "dispute-won-out-of-order",
        "disputes",
        "The money's return comes before its withdrawal: the credits stay",
        (
            *_BOUGHT,
            HoldBack(),
            Dispute(),
            Settle("won"),
            Release(first=("charge.dispute.closed", FUNDS_REINSTATED_TYPE)),
            Expect(100, under="order_dependent"),
        ),
    ),
    Scenario(
        "won-dispute-then-refund",
        "disputes",
        "After a dispute that was won a full refund takes all, and no more",
        (*_BOUGHT, Dispute(), Expect(), Settle("won"), Expect(100), Refund(), Expect(0)),
    ),
)
