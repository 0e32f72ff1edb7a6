"""Scenarios of attackers, crashes and odd input: signatures, pages, spending races, durability, robustness."""

from __future__ import annotations

from creditctl.simulation.scenarios.steps import (
    Break,
    Buy,
    Crash,
    Deliver,
    Expect,
    Heal,
    HoldBack,
    OddPurchases,
    OddSpending,
    Open,
    Pay,
    ReadPage,
    Refund,
    Release,
    Restart,
    Scenario,
    Spend,
)

_HELD = (Open(), HoldBack(), Pay())
_CHEAP = {"amount": 100, "price": 100, "unit_amount": 100}
"""A price that is too low, and that Stripe takes: what it refuses below half a dollar hides who believes a browser.
Source: Stripe documentation, "Minimum and maximum charge amounts"."""


def _refused(how: str, title: str, cause: str) -> Scenario:
    """A webhook that must give nothing; the true one gives the credits afterwards."""
    steps = (*_HELD, Deliver(how), Expect(0, over=cause, held=True), Release(), Expect(100))
    return Scenario(f"signature-{how.replace('_', '-')}", "security", title, steps)


def _accepted(how: str, title: str, cause: str) -> Scenario:
    """A rightly signed webhook in an unusual form, which must count by itself."""
    steps = (*_HELD, Deliver(how, must="accepted", cause=cause), Release(), Expect(100))
    return Scenario(f"signed-{how.replace('_', '-')}", "security", title, steps)


SECURITY = (
    _refused("unsigned", "A webhook without a signature gives nothing", "signature_not_checked"),
    _refused("empty_header", "A webhook with an empty signature gives nothing", "signature_not_checked"),
    _refused("forged", "A webhook signed with another secret gives nothing", "signature_not_checked"),
    _refused("v0_only", "A signature of scheme v0 alone gives nothing", "signature_scheme"),
    _refused("v1_empty", "An empty v1 gives nothing", "signature_prefix"),
    _refused("v1_short", "The beginning of the right v1 gives nothing", "signature_prefix"),
    _refused("no_time", "A signature without a time gives nothing", "signature_not_checked"),
    _refused("stale", "A rightly signed webhook of an hour ago gives nothing", "stale_accepted"),
    _refused("tampered", "A body that was changed after signing gives nothing", "signature_not_checked"),
    _refused("not_ascii", "A signature that is not ASCII gives nothing", "signature_not_checked"),
    _accepted("compact", "A body without white space, rightly signed, counts", "body_changed"),
    _accepted("escaped", "A body in pure ASCII, rightly signed, counts", "body_changed"),
    _accepted("sorted", "A body with its keys in another order, rightly signed, counts", "body_changed"),
    _accepted("newline", "A body with a line end behind it, rightly signed, counts", "body_changed"),
    _accepted("right_v1_first", "Of two v1 signatures the first fits, as in a rotation", "rotation_refused"),
    _accepted("right_v1_last", "Of two v1 signatures the last fits, as in a rotation", "rotation_refused"),
    Scenario(
        "giant-body",
        "robustness",
        "A webhook of 300 kilobytes harms nothing",
        (*_HELD, Deliver("giant"), Release(), Expect(100)),
    ),
    Scenario(
        "other-mode",
        "security",
        "An event of live mode, rightly signed, is ignored (a warning where it is not)",
        (
            *_HELD,
            Deliver("other_mode"),
            Expect(0, over="livemode_mixed", warning=True, held=True),
            Release(),
            Expect(100),
        ),
    ),
    Scenario(
        "client-sends-credits",
        "security",
        "What the browser sends besides the package changes nothing",
        (
            Open(
                extras={"credits": 999999, "quantity": 100, **_CHEAP},
                may_refuse=True,
            ),
            Pay(),
            Expect(100, over="trusts_client", under="trusts_client"),
        ),
    ),
    Scenario(
        "client-sends-metadata",
        "security",
        "Metadata that the browser sends changes nothing",
        (
            Open(
                extras={"metadata": {"credits": "999999", "user_id": "{other}", "package": "enterprise"}},
                may_refuse=True,
            ),
            Pay(),
            Expect(100, over="trusts_client", under="trusts_client"),
        ),
        buyers=2,
    ),
    Scenario(
        "client-sends-user",
        "security",
        "A user that the browser names beside the signed-in one gets nothing",
        (
            Open(
                extras={"user_id": "{other}", "userId": "{other}", "client_reference_id": "{other}", "user": "{other}"},
                may_refuse=True,
            ),
            Pay(),
            Expect(100, over="trusts_client", under="trusts_client"),
        ),
        buyers=2,
    ),
    Scenario(
        "page-before-payment",
        "security",
        "The success page opened before the payment gives nothing",
        (Open(), ReadPage(times=2), Expect(0, over="page_grants"), Pay(), Expect(100)),
        needs_purchase=False,
    ),
    Scenario(
        "page-after-payment",
        "security",
        "The success page opened three times after the payment gives nothing twice",
        (Buy(), Expect(100), ReadPage(times=3), Expect(100, over="page_grants")),
    ),
    Scenario(
        "page-and-webhook",
        "security",
        "The success page is opened before the webhook comes: credited once",
        (*_HELD, ReadPage(times=3), Release(), Expect(100, over="page_grants")),
    ),
    Scenario(
        "page-of-another-user",
        "security",
        "Another user's session is not shown",
        (Buy(), ReadPage(stranger=True, by=1)),
        buyers=2,
    ),
    Scenario(
        "page-of-another-user-first",
        "security",
        "Another user opens the success page before the buyer and the webhook do: the buyer gets the credits",
        (
            *_HELD,
            ReadPage(times=0, stranger=True, by=1),
            Release(),
            Expect(100, over="page_grants", under="page_grants"),
        ),
        buyers=2,
    ),
)  # fmt: skip

SPENDING = (
    Scenario(
        "spend",
        "spending",
        "Spent credits are gone",
        (Buy(), Expect(100), Spend(1, 2), Expect()),
    ),
    Scenario(
        "odd-spending",
        "spending",
        "Spending fewer credits than none gives none (a warning where it does)",
        (Buy(), Expect(100), OddSpending(), Expect(100)),
    ),
    Scenario(
        "spending-race",
        "spending",
        "The last credits are spent twice at once: one is granted",
        (Buy(), Expect(100), Spend(together=2), Expect(under="lost_update", over="lost_update")),
    ),
    Scenario(
        "two-halves-at-once",
        "spending",
        "Two halves are spent at once: both count",
        (Buy(), Expect(100), Spend(1, 2, together=2), Expect(over="lost_update")),
    ),
)

DURABILITY = (
    Scenario(
        "restart",
        "durability",
        "Credits survive a crash and a restart",
        (Buy(), Expect(100), Crash(), Restart(), Expect(100, under="lost_on_restart")),
        alone=True,
    ),
    Scenario(
        "duplicate-after-restart",
        "durability",
        "An event delivered again after a restart credits nothing again",
        (
            Buy(),
            Expect(100),
            Crash(),
            Restart(),
            Deliver(times=2),
            Expect(100, over="lost_on_restart", under="lost_on_restart"),
        ),
        alone=True,
    ),
    Scenario(
        "refund-after-restart",
        "durability",
        "A refund after a restart takes its share, once",
        (
            Buy(),
            Refund(1, 4),
            Expect(75),
            Crash(),
            Restart(),
            Refund(1, 4),
            Expect(50, over="lost_on_restart", under="lost_on_restart"),
        ),
        alone=True,
    ),
    Scenario(
        "down-during-payment",
        "durability",
        "The backend is down while the buyer pays; the repeated webhooks count",
        (Open(), Crash(), Pay(), Restart(), Expect(100)),
        alone=True,
    ),
    Scenario(
        "crash-after-answer",
        "durability",
        "What was answered with 2xx survives a crash right after the answer",
        (*_HELD, Crash("answered"), Restart(), Expect(100, under="acknowledged_before_saved", patient=True)),
        alone=True,
        settles=False,
    ),
    *(
        Scenario(
            f"crash-at-{milliseconds}-ms",
            "durability",
            f"A crash {milliseconds} ms after the webhook arrived, then the repeat: credited once",
            (
                *_HELD,
                Crash("posted", milliseconds=milliseconds),
                Restart(),
                Expect(100, under="marked_before_saved", over="doubled_on_restart", patient=True),
            ),
            alone=True,
        )
        for milliseconds in (2, 10, 40)
    ),
    Scenario(
        "crash-while-reading-stripe",
        "durability",
        "A crash while the webhook waits for Stripe, then the repeat: credited once",
        (
            *_HELD,
            Break("latency", more={"path": "/v1/*", "seconds": 0.5}),
            Crash("posted", milliseconds=200),
            Heal(restarting=True),
            Restart(),
            Expect(100, under="marked_before_saved", over="doubled_on_restart", patient=True),
        ),
        alone=True,
    ),
)  # fmt: skip

ROBUSTNESS = (
    Scenario(
        "odd-purchases",
        "robustness",
        "Purchases with odd bodies are refused, never answered with a server error",
        (OddPurchases(),),
        needs_purchase=False,
    ),
)
