"""Scenarios of webhooks: repeated, at once, out of order, late, lost, and while Stripe's own API fails."""

from __future__ import annotations

from creditctl.payments.event_types import SESSION_COMPLETED_TYPE
from creditctl.simulation.scenarios.steps import (
    AnswerTime,
    Break,
    Buy,
    Deliver,
    Expect,
    Heal,
    HoldBack,
    Open,
    Pay,
    Recover,
    Release,
    Scenario,
)

_API_DOWN = {"path": "/v1/*", "status": 500}
_HELD = (Open(), HoldBack(), Pay())

DELIVERIES = (
    Scenario(
        "duplicate",
        "deliveries",
        "The same event delivered three times credits once",
        (Buy(), Expect(100), Deliver(times=2, must="accepted", cause="refuses_events"), Expect(100)),
    ),
    Scenario(
        "duplicate-at-once",
        "deliveries",
        "The same event delivered twenty times at once credits once",
        (*_HELD, Deliver(times=20, together=True), Release(), Expect(100)),
    ),
    Scenario(
        "second-event-object",
        "deliveries",
        "A second event object about the same session credits nothing again",
        (Buy(), Expect(100), Deliver("second_event"), Expect(100)),
    ),
    Scenario(
        "intent-first",
        "deliveries",
        "payment_intent.succeeded before the session's completion: credited once",
        (*_HELD, Release(first=("payment_intent.succeeded", SESSION_COMPLETED_TYPE)), Expect(100)),
    ),
    Scenario(
        "intent-last",
        "deliveries",
        "payment_intent.succeeded after the session's completion: credited once",
        (*_HELD, Release(first=(SESSION_COMPLETED_TYPE, "payment_intent.succeeded")), Expect(100)),
    ),
    Scenario(
        "intent-delivered-again",
        "deliveries",
        "payment_intent.succeeded delivered again credits nothing again",
        (
            Buy(),
            Expect(100),
            Deliver(type="payment_intent.succeeded", times=2, must="accepted", cause="refuses_events"),
            Expect(100),
        ),
    ),
    Scenario(
        "late",
        "deliveries",
        "An event of two days ago, freshly signed as every repeat is, counts by itself",
        (
            *_HELD,
            Deliver("late"),
            Expect(100, under="refuses_late_events"),
            Release(),
            Expect(100),
        ),
    ),
    Scenario(
        "late-alone",
        "deliveries",
        "An event of two days ago is accepted by itself",
        (*_HELD, Deliver("late", must="accepted", cause="refuses_late_events"), Release(), Expect(100)),
    ),
    Scenario(
        "lost-then-replayed",
        "deliveries",
        "A webhook that was lost and is replayed by hand counts",
        (Open(), HoldBack(event=SESSION_COMPLETED_TYPE), Pay(), Deliver(), Expect(100)),
        settles=False,
    ),
    Scenario(
        "stripe-delivers-twice",
        "deliveries",
        "Stripe itself delivers every event twice",
        (Open(), Break("duplicate"), Pay(), Heal(), Expect(100)),
    ),
    Scenario(
        "first-attempt-lost",
        "deliveries",
        "The first attempt never arrives, the second does",
        (Open(), Break("refuse", more={"status": 503}), Pay(), Heal(), Expect(100)),
    ),
    Scenario(
        "unknown-type",
        "deliveries",
        "An event of a type that nobody needs is accepted",
        (Buy(), Expect(100), Deliver("unknown_type", must="accepted", cause="blocks_on_unknown"), Expect(100)),
    ),
    Scenario(
        "never-made",
        "deliveries",
        "An event that Stripe never made is found by reading",
        (
            Open(),
            Break("omit", more={"event": "checkout.session.*"}),
            Break("omit", more={"event": "payment_intent.*"}),
            Pay(),
            Recover(),
            Expect(100, under="not_recovered"),
        ),
    ),
    Scenario(
        "answer-time",
        "robustness",
        "A purchase and its webhooks are answered within seconds",
        (Buy(), Expect(100), AnswerTime()),
        alone=True,
    ),
)

OUTAGES = (
    Scenario(
        "stripe-down-during-webhook",
        "outages",
        "Stripe's API fails while the webhook is worked on, and is healed: the credits come",
        (*_HELD, Break("status", more=_API_DOWN), Release(), Heal(), Expect(100, patient=True)),
    ),
    Scenario(
        "stripe-cuts-during-webhook",
        "outages",
        "Stripe's API hangs up while the webhook is worked on, and is healed: the credits come",
        (*_HELD, Break("cut_before", more={"path": "/v1/*"}), Release(), Heal(), Expect(100, patient=True)),
    ),
    Scenario(
        "stripe-slow-during-webhook",
        "outages",
        "Stripe's API is slow while the webhook is worked on: credited once",
        (
            *_HELD,
            Break("latency", more={"path": "/v1/*", "seconds": 0.3}),
            Deliver(times=3, together=True),
            Release(),
            Heal(),
            Expect(100, patient=True),
        ),
    ),
)
