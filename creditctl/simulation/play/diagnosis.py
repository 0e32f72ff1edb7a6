"""Diagnosis: from the balance that was expected and the one that was seen to the slug of a cause (pure)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from creditctl.simulation.play.worth import Bought

_HUNDREDTHS = 100
_OVER = ("won", "warning_closed")


@dataclass(frozen=True)
class BalanceReading:
    """What is known when a balance is wrong.

    Shape: `gain` is the balance less the start, `expected` what it may be; `others_gained` whether the credits turned
           up at somebody else's; `spent` what was spent.
    """

    gain: int
    expected: Collection[int]
    bought: Sequence[Bought]
    others_gained: bool = False
    spent: int = 0
    all_credits: Collection[int] = ()


def diagnose(reading: BalanceReading) -> str:
    """The slug that fits best."""
    paid = [each for each in reading.bought if each.paid]
    if not paid:
        return "credits_unpaid" if reading.gain > 0 else "credits_wrong_amount"
    if reading.others_gained:
        return "wrong_user"
    returned = [each for each in paid if each.refunds or each.disputes or each.failed_refunds]
    return _of_returns(reading, paid, returned) if returned else _of_purchases(reading, paid)


def _gross(paid: Sequence[Bought]) -> int:
    return sum(max(each.gives) for each in paid)


def _of_purchases(reading: BalanceReading, paid: Sequence[Bought]) -> str:
    due, money = _gross(paid), sum(each.charged for each in paid)
    gain = reading.gain + reading.spent
    unpaid = [each for each in reading.bought if not each.paid]
    if gain == 0:
        return "credits_never"
    if gain in {money, money // _HUNDREDTHS, money * _HUNDREDTHS} - {due}:
        return "credits_in_cents"
    if unpaid and gain == due + sum(max(each.gives, default=0) for each in unpaid):
        return "credits_unpaid"
    if gain > due and gain % due == 0:
        return "credits_twice"
    if len(paid) > 1 and gain < due and gain in _partial_sums(paid):
        return "credits_never"
    if len(paid) == 1 and gain in reading.all_credits:
        return "credits_wrong_package"
    return "credits_wrong_amount"


def _partial_sums(paid: Sequence[Bought]) -> set[int]:
    sums = {0}
    for each in paid:
        sums |= {before + max(each.gives) for before in sums}
    return sums


def _of_returns(reading: BalanceReading, paid: Sequence[Bought], returned: Sequence[Bought]) -> str:
    gain, due = reading.gain + reading.spent, _gross(paid)
    kind = _kind(returned)
    least, most = min(reading.expected) + reading.spent, max(reading.expected) + reading.spent
    taking = least < due
    if gain == 0 and taking and any(not _is_whole(each) for each in returned):
        return "refund_wrong_share"
    if gain > most:
        return _too_little_taken(kind, gain, due, taking)
    if not taking:
        return "dispute_not_returned" if kind == "dispute" else "refund_failed_kept"
    if kind == "dispute" or sum(len(each.refunds) for each in returned) > 1:
        return f"{kind}_doubled"
    return "refund_doubled" if _is_multiple(due - gain, due - least) else "refund_wrong_share"


def _kind(returned: Sequence[Bought]) -> str:
    """Whether a dispute or a refund is what counts now: one that was won, or was an inquiry, is over."""
    counting = any(fact.status not in _OVER for each in returned for fact in each.disputes.values())
    refunded = any(each.refunds or each.failed_refunds for each in returned)
    return "dispute" if counting or not refunded else "refund"


def _too_little_taken(kind: str, gain: int, due: int, taking: bool) -> str:
    if gain > due or not taking:
        return "credits_twice"
    if gain == due:
        return f"{kind}_ignored"
    return "refund_wrong_share" if kind == "refund" else "dispute_ignored"


def _is_whole(each: Bought) -> bool:
    taken = sum(each.refunds.values()) + sum(fact.amount for fact in each.disputes.values())
    return taken >= each.charged


def _is_multiple(taken: int, due: int) -> bool:
    return due > 0 and taken > due and abs(taken - due * round(taken / due)) <= 2
