"""Where entries speak of several users, everybody is judged by what they hold, and no step leads away from that."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest

from creditctl.core.entitlement.facts import RefundFact
from creditctl.core.entitlement.settlement import EntryKind
from creditctl.core.findings import Finding
from creditctl.payments.correct import adjust
from tests.support.ledger_calls import read
from tests.support.payment_shop import Shop, only

Story = tuple[int, str, dict[str, Any]]

ADJUSTED: dict[str, Any] = {"kind": EntryKind.ADJUSTMENT, "amount": 0, "currency": None}


def taken(kind: EntryKind, about: str, credits: int, user: str) -> Story:
    return credits, user, {"kind": kind, "amount": credits, "object_id": about}


def held(shop: Shop) -> dict[str, int]:
    """What the two users of a story have."""
    balances = {each.user_id: each.credits for each in read(shop.ledger).balances()}
    return {user: balances.get(user, 0) for user in ("u7", "u8")}


def obey(shop: Shop, finding: Finding, due: dict[str, int]) -> None:
    """Runs the printed corrections, one after the other; none leads further from what is due."""
    for command in re.findall("`creditctl ledger adjust ([^`]*)`", finding.fix):
        words = shlex.split(command)
        said = dict(zip((word.removeprefix("--") for word in words[::2]), words[1::2], strict=True))
        before = held(shop)
        with shop.ledger.transaction() as tx:
            adjust(
                tx,
                user_id=said["user"],
                credits=int(said["credits"]),
                reason="as advised",
                key=said["key"],
                corrects=int(said["corrects"]) if "corrects" in said else None,
                payment_key=said.get("payment"),
            )
        assert all(abs(held(shop)[user] - due[user]) <= abs(before[user] - due[user]) for user in due), command


STORIES: dict[str, tuple[str | None, int, list[Story], str]] = {
    "a held dispute given back to another": (
        "dispute", 1000, [
            taken(EntryKind.DISPUTE, "it", -1000, "u7"),
            taken(EntryKind.DISPUTE_REVERSAL, "it", 1000, "u8"),
        ], "clawback_wrong_user",
    ),
    "a refund taken of another": ("refund", 400, [taken(EntryKind.REFUND, "it", -400, "u8")],
                                  "clawback_wrong_user"),
    "a refund taken of another by adjustment": ("refund", 400, [(-400, "u8", ADJUSTED)], "clawback_wrong_user"),
    "taken of another for nothing": (None, 0, [(-1000, "u8", ADJUSTED)], "clawback_wrong_user"),
    "a gift to another": (None, 0, [(1000, "u8", ADJUSTED)], "wrong_user"),
    "moved to another": (None, 0, [(-1000, "u7", ADJUSTED), (1000, "u8", ADJUSTED)], "wrong_user"),
    "moved to another and refunded": (
        "refund", 400, [(-1000, "u7", ADJUSTED), (1000, "u8", ADJUSTED)], "wrong_user",
    ),
    "a part given to another": (None, 0, [(-300, "u7", ADJUSTED), (300, "u8", ADJUSTED)], "wrong_user"),
}  # fmt: skip


@pytest.mark.parametrize("name", STORIES)
def test_both_users_and_the_size_are_named_nothing_is_repaired_and_obeying_ends_in_the_truth(
    sound: Shop, name: str
) -> None:
    what, amount, stories, code = STORIES[name]
    key = sound.pay(user="u7")
    sound.fulfil(key)
    about = None if what is None else sound.refund(key, amount) if what == "refund" else sound.dispute(key, amount)
    for credits, user, changes in stories:
        named = {**changes, "object_id": about} if "object_id" in changes else changes
        sound.post(credits, user, payment_key=key, **named)
    due = {"u7": 1000 - amount, "u8": 0}
    report = sound.reconcile()
    (finding,) = report.findings
    assert finding.code == f"reconcile.{code}"
    assert "u7" in finding.message
    assert "u8" in finding.message
    assert f"{abs(held(sound)['u8']):,}" in finding.message
    assert report.repairs == ()
    obey(sound, finding, due)
    assert held(sound) == due
    assert [code for code, _ in sound.found()] in ([], ["settled_finding"])


def test_no_webhook_settles_while_another_user_holds_credits_of_the_payment(sound: Shop) -> None:
    key = sound.pay(user="u7")
    sound.fulfil(key)
    sound.post(-1000, "u7", payment_key=key, **ADJUSTED)
    sound.post(1000, "u8", payment_key=key, **ADJUSTED)
    sound.refund(key, 400)
    sound.fulfil(key)
    assert held(sound) == {"u7": 0, "u8": 1000}


def test_a_late_purchase_is_never_given_what_went_back_already(sound: Shop) -> None:
    key = sound.pay(user="u7")
    sound.post(600, "u8", payment_key=key, **ADJUSTED)
    refund = sound.shelf.objects["refunds"][sound.refund(key, 1000)]
    fact = RefundFact.from_stripe(refund, refund["created"])
    assert fact is not None
    with sound.ledger.transaction() as tx:
        tx.keep_fact(fact)
        tx.post(sound.purchase_draft(key))
        tx.settle(key, new=True)
    assert held(sound) == {"u7": 0, "u8": 600}


def test_what_a_person_dismissed_counts_and_later_refunds_are_still_found(sound: Shop) -> None:
    key = sound.pay(user="u7")
    sound.fulfil(key)
    refund = sound.refund(key, 400, age=7200)
    sound.post(-400, "u8", payment_key=key, kind=EntryKind.REFUND, amount=-400, object_id=refund)
    finding = only(sound)
    sound.repair(sound.reconcile())
    with sound.ledger.transaction() as tx:
        (kept,) = (each for each in tx.findings(None) if each.finding.code == finding.code)
        tx.settle_finding(kept, "the same person", None)
    assert sound.found() == [("negative_balance", "user u8")]
    second = sound.refund(key, 600)
    report = sound.reconcile()
    finding = report.findings[0]
    assert (finding.code, finding.subject) == ("reconcile.refund_not_taken", second)
    assert "--user u7 --credits -600" in finding.fix
    assert report.repairs == ()


def test_a_duplicate_and_a_failed_refund_are_mended_together(sound: Shop) -> None:
    """Each by itself would move credits: the return that is due is in the duplicate already."""
    key = sound.pay(user="u7")
    refund = sound.refund(key, 333)
    sound.fulfil(key)
    sound.shelf.objects["refunds"][refund]["status"] = "failed"
    sound.post(1000, "u7", payment_key=key)
    report = sound.reconcile()
    (finding,) = report.findings
    assert report.repairs == ()
    obey(sound, finding, {"u7": 1000})
    assert held(sound)["u7"] == 1000


def test_credits_given_back_that_were_never_taken(sound: Shop) -> None:
    key = sound.pay(user="u7")
    sound.fulfil(key)
    entry = sound.post(400, "u7", payment_key=key, kind=EntryKind.REFUND_REVERSAL, amount=400, object_id="re_x")
    finding = only(sound)
    assert finding.code == "reconcile.refund_over_returned"
    assert f"Entry {entry.id} gave 400 credits back to user u7 for refund re_x, which Stripe" in finding.message
    obey(sound, finding, {"u7": 1000})
    assert held(sound)["u7"] == 1000


def test_credits_given_back_to_another_user_whom_a_person_said_to_be_right_are_named(sound: Shop) -> None:
    """The run stopped with a traceback instead: it looked for an entry of the owner, and there is none."""
    key = sound.pay(user="u7")
    sound.fulfil(key)
    entry = sound.post(400, "u8", payment_key=key, kind=EntryKind.REFUND_REVERSAL, amount=400, object_id="re_x")
    first = only(sound)
    with sound.ledger.transaction() as tx:
        (kept,) = [each for each in tx.findings(None) if each.finding.code == first.code]
        tx.settle_finding(kept, "the same person", None)
    finding = only(sound)
    assert finding.code == "reconcile.refund_over_returned"
    assert f"Entry {entry.id} gave 400 credits back to user u8" in finding.message


def test_a_won_dispute_that_was_returned_by_adjustment_is_not_returned_again(sound: Shop) -> None:
    key = sound.pay(user="u7")
    sound.fulfil(key)
    dispute = sound.dispute(key, 1000, "won")
    sound.post(-1000, "u7", payment_key=key, kind=EntryKind.DISPUTE, amount=-1000, object_id=dispute)
    sound.post(1000, "u7", payment_key=key, **ADJUSTED)
    assert sound.found() == []
    assert held(sound)["u7"] == 1000
