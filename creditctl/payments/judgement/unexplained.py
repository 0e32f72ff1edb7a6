"""Unexplained credits: entries whose payment Stripe does not know, and the repairs that wait until they are settled.

Such an entry may be what an application wrote for a payment that seems to lack its credits, under a name that nobody
can follow. Repairing that payment would then credit it a second time, so a person decides first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from creditctl.core.entitlement.entry import CreditEntry
from creditctl.core.entitlement.settlement import EntryKind
from creditctl.core.stripe_ids import PAYMENT_KEY
from creditctl.payments.case import PaymentCase
from creditctl.payments.entries import PaymentEntries
from creditctl.payments.facts import PaymentFacts
from creditctl.payments.finding_codes import DISMISSAL, ORPHAN_CREDIT, ClassifiedFinding, quoted
from creditctl.payments.judgement.judge import judge
from creditctl.payments.verdict import JudgementContext, PaymentState, UserCredits, Verdict

MOST_LOOKED_AT = 1000
"""How many of the newest entries are looked at for rows under numbers of their own: a wrong mapping shows in most."""


def judge_together(cases: Sequence[PaymentCase], context: JudgementContext) -> list[Verdict]:
    """The verdicts of payments that were read together, so that what explains nothing here holds repairs there back."""
    verdicts = [judge(case, context) for case in cases]
    found = _orphans(cases, verdicts)
    if not found:
        return verdicts
    stricter = replace(context, unexplained={**context.unexplained, **found})
    twins = {pair: case for case, verdict in zip(cases, verdicts, strict=True) for pair in missing_purchases([verdict])}
    return [
        judge(case, stricter) if missing_purchases([verdict]) & found.keys() else _tied(case, verdict, twins)
        for case, verdict in zip(cases, verdicts, strict=True)
    ]


def _tied(case: PaymentCase, verdict: Verdict, twins: Mapping[UserCredits, PaymentCase]) -> Verdict:
    """An orphan tied to the payment that it may be: then nothing is to be taken back before a person has looked."""
    twin = next((twins[_pair(entry)] for entry in case.purchases if _pair(entry) in twins), None)
    if twin is None:
        return verdict
    user = quoted(case.purchases[0].user_id)
    why = f" Payment {twin.key} of the same user lacks as many: it may be the same one."
    fix = (
        f"Find out what {case.books.named(case.purchases[0])} is for (`creditctl ledger history --user {user}`). If it "
        f"is for {twin.key}: {DISMISSAL}, and likewise the finding about {twin.key}. If it is right for another reason,"
        " dismiss this one only; if it is for nothing, the other one only, and the next run prints what takes it back"
    )
    found = tuple(_with_twin(each, why, fix, twin) if _is_orphan(each) else each for each in verdict.found)
    return replace(verdict, found=found)


def _with_twin(found: ClassifiedFinding, why: str, fix: str, twin: PaymentCase) -> ClassifiedFinding:
    finding = found.finding
    told = replace(finding, message=finding.message + why, fix=fix, evidence=(*finding.evidence, twin.key))
    return replace(found, finding=told)


def may_be_given_already(verdicts: Iterable[Verdict]) -> bool:
    """Whether credits that nothing explains stand among these, which a delivery would perhaps give a second time.

    Shape: the webhook credits a payment that has no entry of its name, whatever stands under names of others.
    """
    return any(any(map(_is_orphan, verdict.found)) for verdict in verdicts)


def _is_orphan(found: ClassifiedFinding) -> bool:
    return found.finding.code == ORPHAN_CREDIT


def under_own_numbers(
    credits: Collection[int], entries: PaymentEntries, since: int | None, context: JudgementContext
) -> dict[int, CreditEntry]:
    """Purchases under numbers of an application's own that nothing explains, by their credits, whoever's they are.

    Shape: for who looks at one payment only, and so cannot see that rows and payments pair up throughout
           (`judgement/mapping_fault.py`); of entries since a moment the newest are looked at.
    """
    purchases = [each for each in entries.latest_of_payments(since, MOST_LOOKED_AT) if each.kind is EntryKind.PURCHASE]
    alike = [each for each in purchases if each.credits in credits and _is_own_number(each)]
    names = dict.fromkeys(each.payment_key or "" for each in alike)
    cases = [PaymentCase.of(PaymentFacts(key), entries.of_payment(key), {}, context.keeper) for key in names]
    found = _orphans(cases, [judge(case, context) for case in cases])
    return {entry.credits: entry for entry in found.values() if entry.credits in credits}


def _is_own_number(entry: CreditEntry) -> bool:
    """Whether an entry names its payment by nothing that Stripe could be asked for."""
    return not entry.session_id and not PAYMENT_KEY.fullmatch(entry.payment_key or "")


def missing_purchases(verdicts: Iterable[Verdict]) -> set[UserCredits]:
    """Whose purchases of how many credits these verdicts say are still to come."""
    drafts = (draft for verdict in verdicts for draft in verdict.drafts if draft.kind is EntryKind.PURCHASE)
    return {(draft.user_id, draft.credits) for draft in drafts}


def with_unexplained(
    context: JudgementContext,
    cases: Sequence[PaymentCase],
    entries: Callable[[], AbstractContextManager[PaymentEntries]],
    read: Callable[[str], PaymentFacts],
) -> JudgementContext:
    """The context, with what nothing explains among like entries of the users that lack credits, whatever its date.

    Shape: `cases` are all that was read; `entries` opens the entries, and no transaction is open while `read` asks
           Stripe for a payment by its name.
    """
    wanted = missing_purchases(judge_together(cases, context))
    if not wanted:
        return context
    seen = {name for case in cases for name in (case.key, *case.names)}
    with entries() as opened:
        names = _suspects(wanted, opened, seen)
    payments = [read(name) for name in names]
    with entries() as opened:
        found = _unexplained(payments, opened, context)
    return replace(context, unexplained={**context.unexplained, **found})


def _suspects(wanted: Collection[UserCredits], entries: PaymentEntries, seen: Collection[str]) -> list[str]:
    """The payments, by name, of purchases that may be the missing ones though they were not read."""
    users = sorted({user for user, _ in wanted})
    candidates = (entry for user in users for entry in entries.purchases_of(user) if _pair(entry) in wanted)
    return sorted({entry.payment_key for entry in candidates if entry.payment_key and entry.payment_key not in seen})


def _unexplained(
    payments: Iterable[PaymentFacts], entries: PaymentEntries, context: JudgementContext
) -> Mapping[UserCredits, CreditEntry]:
    """Which of these payments Stripe does not know, by user and credits of the entries."""
    cases = [
        PaymentCase.of(each, entries.of_payment(each.key, each.other_names), {}, context.keeper) for each in payments
    ]
    return _orphans(cases, [judge(case, context) for case in cases])


def _orphans(cases: Sequence[PaymentCase], verdicts: Sequence[Verdict]) -> dict[UserCredits, CreditEntry]:
    """The entries behind open findings of credits that nothing explains; what a person dismissed is explained.

    Shape: what was written while Stripe was read is not accused yet, and may be the missing payment all the same.
    """
    return {
        _pair(entry): entry
        for case, verdict in zip(cases, verdicts, strict=True)
        if any(map(_is_orphan, verdict.found)) or _unknown_so_far(case, verdict)
        for entry in case.purchases
        if case.granted.get(entry.user_id)
    }


def _unknown_so_far(case: PaymentCase, verdict: Verdict) -> bool:
    return verdict.state is PaymentState.IN_FLIGHT and case.sold is None and case.intent is None


def _pair(entry: CreditEntry) -> UserCredits:
    return entry.user_id, entry.credits
