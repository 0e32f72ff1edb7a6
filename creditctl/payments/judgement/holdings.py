"""Holdings judgement: a payment whose entries do not explain themselves, by what they come to for each user. Pure.

Where entries speak of several users, or too much was given and some of it taken back, only a person can say what each
entry meant: a refund that was taken of another user may be the same one under two names. So nothing is repaired, and
everybody is judged by what all entries of the payment come to for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from creditctl.core.entitlement.corrections import credits_of
from creditctl.core.entitlement.entry import CreditEntry
from creditctl.core.entitlement.settlement import CLAWBACK_KINDS, EntryKind, Purchase, credits_left
from creditctl.core.findings import Direction
from creditctl.core.text import plural
from creditctl.payments.case import PaymentCase
from creditctl.payments.finding_codes import ClassifiedFinding, for_person, in_flight
from creditctl.payments.judgement.clamped import could_not_be_taken
from creditctl.payments.judgement.correcting_commands import latest_of
from creditctl.payments.judgement.purchase_stake import purchase_stake
from creditctl.payments.verdict import JudgementContext, PaymentState, Verdict


@dataclass(frozen=True, slots=True)
class _Shares:
    """Who holds what of a payment.

    Shape: `left` is what the owner is due after refunds and disputes, `missing` what leads there from what they hold;
           `others` hold, or lack, what is none of theirs.
    """

    owner: str
    left: int
    missing: int
    others: Mapping[str, int]


def judge_holdings(case: PaymentCase, purchase: Purchase, context: JudgementContext) -> Verdict | None:
    """The verdict by what everybody holds of a payment, where its entries do not explain themselves one by one.

    Shape: None where they do: one user alone has to do with it, and was given what it is worth, or nothing went back.
           None too where a person said that it is right as it is.
    """
    others = case.corrected.others(purchase.user_id)
    if not others and not _both_off(case, purchase):
        return None
    shares = _shares(case, purchase, others, context)
    if not (shares.others or shares.missing):
        return Verdict(PaymentState.CREDITED)
    found = _found(case, purchase, shares)
    if context.dismissed(found) or context.dismissed(_without_returns(found, case, purchase, shares)):
        return None
    young = any(context.within_grace(fact.created) for fact in case.facts)
    if young or context.written_meanwhile(each for each in case.entries if each.kind is not EntryKind.PURCHASE):
        text = "A refund or dispute, or what follows from one, is newer than what was read; the next run knows more."
        return Verdict(PaymentState.IN_FLIGHT, (in_flight(case.key, text),))
    return Verdict(PaymentState.WRONG, (found,))


def dismissed_holdings(case: PaymentCase, purchase: Purchase, context: JudgementContext) -> ClassifiedFinding | None:
    """What a person said is right as everybody holds it, so that no part of it is found by itself."""
    others = case.corrected.others(purchase.user_id)
    if not others and not _both_off(case, purchase):
        return None
    found = _found(case, purchase, _shares(case, purchase, others, context))
    return found if context.dismissed(found) else None


def _without_returns(
    found: ClassifiedFinding, case: PaymentCase, purchase: Purchase, shares: _Shares
) -> ClassifiedFinding:
    """The finding without what went back of the owner's credits: once a person has dismissed the rest of it, later
    refunds and disputes are judged each for itself."""
    given = _given(case, purchase) - purchase.credits
    credits = max(sum(map(abs, shares.others.values())), abs(given))
    stake = purchase_stake(purchase, credits, _direction(replace(shares, missing=-given)))
    return replace(found, finding=replace(found.finding, stake=stake))


def held_by_others(case: PaymentCase, purchase: Purchase) -> Iterator[ClassifiedFinding]:
    """What others hold, or lack, of a payment whose buyer was given nothing yet, and is still to be credited."""
    others = {user: credits for user, credits in case.corrected.others(purchase.user_id).items() if credits}
    if others:
        yield _found(case, purchase, _Shares(purchase.user_id, purchase.credits, 0, others))


def _both_off(case: PaymentCase, purchase: Purchase) -> bool:
    """Whether other credits were given than bought, and some were or are to be taken back: then the parts cannot be
    mended each for itself, since one may stand for the other."""
    if not case.purchases or not (case.clawbacks or any(fact.counted for fact in case.facts)):
        return False
    return _given(case, purchase) != purchase.credits


def _given(case: PaymentCase, purchase: Purchase) -> int:
    return case.corrected.held({purchase.user_id: purchase.credits}).get(purchase.user_id, 0)


def _shares(case: PaymentCase, purchase: Purchase, others: Mapping[str, int], context: JudgementContext) -> _Shares:
    """Who holds what; more than is due is not held against a correction, which may have another reason too."""
    owner = purchase.user_id
    left = credits_left(purchase.credits, purchase.amount, purchase.currency, case.facts)
    missing = left - credits_of(case.entries, owner)
    if missing < 0:
        gifts = (each.credits for each in case.corrected.unnamed if each.user_id == owner and each.credits > 0)
        missing = min(0, missing + sum(gifts))
    if missing < 0 and case.purchases and context.keeper.clamped:
        missing = min(0, missing + could_not_be_taken(case, purchase, context))
    return _Shares(owner, left, missing, {user: credits for user, credits in others.items() if credits})


def _found(case: PaymentCase, purchase: Purchase, shares: _Shares) -> ClassifiedFinding:
    """The one finding about all of them, so that nobody is corrected twice."""
    name, text, subject = _told(case, shares)
    credits = max(sum(map(abs, shares.others.values())), abs(shares.missing))
    stake = purchase_stake(purchase, credits, _direction(shares))
    fix = ", ".join(_steps(case, purchase, shares))
    return for_person(name, case.key, text, fix, subject=subject, stake=stake)


def _direction(shares: _Shares) -> Direction | None:
    """Whether users have too many credits or too few; None where there are such and such."""
    directions = {Direction.of(credits) for credits in shares.others.values() or (-shares.missing,)}
    return directions.pop() if len(directions) == 1 else None


def _told(case: PaymentCase, shares: _Shares) -> tuple[str, str, str | None]:
    """The name of the finding, its sentence, and its subject where that is not the payment."""
    owed = f"user {shares.owner} is due {plural(shares.left, 'credit')} and has {shares.left - shares.missing:,}"
    given = {user: credits for user, credits in shares.others.items() if credits > 0 and not _returned(case, user)}
    if given:
        gifts = ", ".join(f"user {user} {plural(credits, 'credit')}" for user, credits in sorted(given.items()))
        return "wrong_user", f"{case.books.sentence_start} gave {gifts} of this payment, but {owed}.", None
    if not shares.others:
        text = f"For this payment {owed}."
        if shares.missing < 0 and len(case.purchases) > 1:
            return "duplicate_credit", f"The payment was credited {len(case.purchases)} times: {owed}.", None
        return "wrong_amount", text, None
    entries = [_latest(case, user) for user in shares.others]
    acts = ", ".join(_act(case, entry, shares.others[entry.user_id]) for entry in entries)
    bought = "was credited for the payment" if case.purchases else "paid for it"
    text = f"{acts[0].upper()}{acts[1:]}, but user {shares.owner} {bought}."
    text = f"{text} {owed[0].upper()}{owed[1:]}." if shares.missing else text
    return "clawback_wrong_user", text, next((entry.object_id for entry in entries if entry.object_id), None)


def _returned(case: PaymentCase, user: str) -> bool:
    """Whether a user holds credits because a refund or dispute was given back to them, not because of the purchase."""
    return all(entry.kind in CLAWBACK_KINDS for entry in case.entries if entry.user_id == user and entry.credits > 0)


def _latest(case: PaymentCase, user: str) -> CreditEntry:
    """The newest entry by which a user holds or lacks credits of the payment."""
    mine = [entry for entry in case.entries if entry.user_id == user]
    back = [entry for entry in mine if entry.kind in CLAWBACK_KINDS]
    return (back or mine)[-1]


def _act(case: PaymentCase, entry: CreditEntry, credits: int) -> str:
    """What an entry did to a user who did not buy."""
    name = f"for {entry.kind.value.partition('_')[0]} {entry.object_id or 'of this payment'}"
    name = name if entry.kind in CLAWBACK_KINDS else "under the name of this payment"
    done = "took {} back of" if credits < 0 else "gave {} back to"
    return f"{case.books.named(entry)} {done.format(plural(abs(credits), 'credit'))} user {entry.user_id} {name}"


def _steps(case: PaymentCase, purchase: Purchase, shares: _Shares) -> Iterator[str]:
    """What leads everybody to what they should hold; no step on the way leads further from it.

    Shape: a correction names the entry that it is about where one kind of entries explains what a user holds; else the
           difference is booked for the payment, and all entries together tell how it stands.
    """
    wrong = {user: _to_correct(case, user) for user in shares.others}
    named = all(wrong.values())
    for user, credits in shares.others.items():
        entry = wrong[user]
        if named and entry is not None:
            yield case.books.correction(user, -credits, entry)
        else:
            yield case.books.booking(user, -credits, case.key)
    taking = [entry for entry in wrong.values() if named and entry is not None and entry in case.corrected.taken]
    yield from _owner_steps(case, purchase, shares, next(iter(taking), None))


def _owner_steps(case: PaymentCase, purchase: Purchase, shares: _Shares, taking: CreditEntry | None) -> Iterator[str]:
    """The owner's part: what was given too few or too many corrects the purchase, the rest follows what went back."""
    owner, missing = shares.owner, shares.missing
    given = purchase.credits - _given(case, purchase)
    back = missing - given
    if not missing:
        return
    apart = given * back < 0
    if not case.purchases or (apart and min(abs(given), abs(back)) > abs(missing)):
        yield case.books.booking(owner, missing, case.key)
        return
    parts = [("given", given), ("back", back)]
    for part, credits in sorted(parts, key=lambda each: -abs(each[1])):
        if not credits:
            continue
        if part == "given":
            yield case.books.correction(owner, credits, latest_of(case, owner) if credits < 0 else case.main)
        elif taking is not None:
            yield case.books.correction(owner, credits, taking)
        else:
            yield case.books.booking(owner, credits, case.key)


def _to_correct(case: PaymentCase, user: str) -> CreditEntry | None:
    """The newest entry of the one kind that explains what a user holds; None where several kinds do."""
    parts = (case.corrected.given, case.corrected.taken, case.corrected.unnamed)
    standing = [part for part in parts if credits_of(part, user)]
    return next(entry for entry in reversed(standing[0]) if entry.user_id == user) if len(standing) == 1 else None
