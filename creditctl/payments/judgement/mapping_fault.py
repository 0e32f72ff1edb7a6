"""Mapping fault: missing credits and credits that nothing explains pair up, so a name is read wrongly. Pure.

Where an application's payments are mapped by the wrong column, or its rows carry numbers of its own, every payment
seems to lack its credits and every row to be about nothing. A repair would give all of them a second time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from creditctl.core.entitlement.settlement import EntryKind
from creditctl.core.findings import Stake
from creditctl.core.text import plural
from creditctl.payments.case import PaymentCase
from creditctl.payments.finding_codes import MAPPING_FAULT, ORPHAN_CREDIT, PREFIX, ClassifiedFinding, classified
from creditctl.payments.judgement.together import Judged
from creditctl.payments.verdict import Verdict

FEWEST_PAIRS = 2
"""One payment that lacks credits beside one entry that nothing explains may be chance, unless they agree more closely:
that is judged by `judgement/unexplained.py`."""

_MISSING = frozenset((f"{PREFIX}missing_credit", f"{PREFIX}pending_not_completed"))


def mapping_fault(judged: Judged) -> ClassifiedFinding | None:
    """The finding that names the fault, where nearly all that is missing pairs up with what nothing explains.

    Shape: pairs are alike in their number of credits, whatever the users and times.
    """
    missing = [case for case, verdict in judged if _lacks_all(case, verdict)]
    strange = [case for case, verdict in judged if _is_orphan(verdict)]
    due = Counter(_credits_due(verdict) for case, verdict in judged if _lacks_all(case, verdict))
    given = Counter(entry.credits for case in strange for entry in case.purchases)
    pairs = (due & given).total()
    if pairs < FEWEST_PAIRS or 5 * pairs < 4 * max(due.total(), given.total()):
        return None
    books, entry = strange[0].books, strange[0].entries[0]
    what = "rows" if books.external else "entries"
    text = (
        f"{plural(len(missing), 'payment')} {'lack' if len(missing) > 1 else 'lacks'} credits ({missing[0].key} is the "
        f"first), and {given.total():,} {what} of {books.keeper} gave as many for payments that "
        f"Stripe does not know ({books.named(entry)}, {entry.payment_key}, is the first): they are probably the same "
        "payments under other names. Nothing is repaired."
    )
    fix = (
        "Find out which name of a payment these entries carry, and map it (columns.payment_key of [source], or the "
        "columns of the import); then reconcile again. If they are something else, settle the finding of each entry"
    )
    credits = sum(credits * count for credits, count in (due & given).items())
    evidence = tuple(case.key for case in (*missing[:5], *strange[:5]))
    found = classified(MAPPING_FAULT, books.keeper, text, fix, stake=Stake(credits))
    return replace(found, finding=replace(found.finding, evidence=evidence))


def without_repairs(verdicts: Sequence[Verdict], fix: str) -> list[Verdict]:
    """The verdicts, none of which repairs anything, or says how credits are to be moved: `fix` has to be done first."""
    return [
        _held_back(verdict, fix) if verdict.repair is not None or _is_orphan(verdict) else verdict
        for verdict in verdicts
    ]


def _held_back(verdict: Verdict, fix: str) -> Verdict:
    found = tuple(replace(each, finding=replace(each.finding, fix=fix)) for each in verdict.found)
    return replace(verdict, repair=None, found=found)


def _lacks_all(case: PaymentCase, verdict: Verdict) -> bool:
    """Whether a paid payment has no entry at all; what it lacks may be held back already."""
    return not case.entries and any(found.finding.code in _MISSING for found in verdict.found)


def _is_orphan(verdict: Verdict) -> bool:
    return any(found.finding.code == ORPHAN_CREDIT for found in verdict.found)


def _credits_due(verdict: Verdict) -> int:
    """What the purchase gives, without what refunds take back of it."""
    drafts = [draft.credits for draft in verdict.drafts if draft.kind is EntryKind.PURCHASE]
    stakes = [found.finding.stake.credits for found in verdict.found if found.finding.stake is not None]
    return (drafts or stakes or [0])[0]
