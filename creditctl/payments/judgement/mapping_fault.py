"""Mapping fault: missing credits and credits that nothing explains pair up, so a name is read wrongly. Pure.

Where an application's payments are mapped by the wrong column, or its rows carry numbers of its own, every payment
seems to lack its credits and every row to be about nothing. A repair would give all of them a second time.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

from creditctl.core.entitlement.decision import Grants
from creditctl.core.entitlement.settlement import EntryKind
from creditctl.core.findings import Stake
from creditctl.core.text import plural
from creditctl.payments.case import PaymentCase
from creditctl.payments.finding_codes import MAPPING_FAULT, ORPHAN_CREDIT, PREFIX, ClassifiedFinding, classified
from creditctl.payments.judgement.together import Judged
from creditctl.payments.proven import NOTHING_PROVEN, Proven
from creditctl.payments.verdict import UserCredits, Verdict

FEWEST_PAIRS = 2
"""One payment that lacks credits beside one entry that nothing explains may be chance, unless they agree more closely:
that is judged by `judgement/unexplained.py`."""

FEWEST_ODD_PAIRS = 5
"""Between two users who both buy, as many credits lost here and unexplained there are chance: in a shop of few packages
they are often alike. So many at once are none: then users are named wrongly too."""

NOTABLE_SHARE = 10
"""A name that is read wrongly hits all payments, or all since a change: from a tenth on, pairs of other users count."""

CLOSE_SECONDS = 3600
"""How soon after its payment an entry is written: those that pair up in time are the same however few they are."""

_MISSING = frozenset((f"{PREFIX}missing_credit", f"{PREFIX}pending_not_completed"))

_OF_NAMES = (
    "Find out which name of a payment these entries carry, and map it (columns.payment_key of [source], or the columns "
    "of the import); then reconcile again. If they are something else, settle the finding of each entry"
)
_OF_EVENTS = (
    "They carry ids of events (evt_…), which name no payment: have the application write the session's or the payment "
    "intent's id too, or join the table in which it keeps its events (query of [source]), and map that as payment_key; "
    "then reconcile again"
)


def mapping_fault(judged: Judged, proven: Proven = NOTHING_PROVEN) -> ClassifiedFinding | None:
    """The finding that names the fault, where nearly all that is missing pairs up with what nothing explains.

    Shape: pairs are alike in user and credits, whatever their times; in credits alone where the user of the entry buys
           nothing under that name, or where there are many, and only where they are a notable share of all payments or
           agree in time: some lost credits and some strange entries of one package are in every large shop. `proven`
           payments count among all. Where Stripe is not asked, what its lists do not show is strange.
    """
    lacking = [(case, verdict) for case, verdict in judged if _lacks_all(case, verdict)]
    strange = [case for case, verdict in judged if _is_orphan(verdict) or (case.unasked and case.balance)]
    due = Counter(_due(verdict) for _, verdict in lacking)
    given = Counter((entry.user_id, entry.credits) for case in strange for entry in case.purchases)
    alike = _by_credits(due) & _by_credits(given)
    pairs, all_of_them = alike.total(), max(due.total(), given.total())
    granted = proven.credited + sum(isinstance(verdict.decision, Grants) for _, verdict in judged)
    if NOTABLE_SHARE * len(lacking) < granted and 5 * _close_pairs(lacking, strange) < 4 * all_of_them:
        pairs = (due & given).total()
    elif pairs < FEWEST_ODD_PAIRS:
        named = {_buyer(verdict) for _, verdict in judged}
        pairs = _alike_in_user(due, given, lambda user: user in named or proven.buys(user))
    if pairs < FEWEST_PAIRS or 5 * pairs < 4 * all_of_them:
        return None
    return _named([case for case, _ in lacking], strange, given.total(), alike)


def _named(
    missing: Sequence[PaymentCase], strange: Sequence[PaymentCase], given: int, alike: Counter[int]
) -> ClassifiedFinding:
    """The finding. Shape: `given` are the entries behind it, `alike` the pairs by number of credits."""
    books, entry = strange[0].books, strange[0].entries[0]
    what = "rows" if books.external else "entries"
    unknown = "the kept lists do not show" if strange[0].unasked else "Stripe does not know"
    text = (
        f"{plural(len(missing), 'payment')} {'lack' if len(missing) > 1 else 'lacks'} credits ({missing[0].key} is the "
        f"first), and {given:,} {what} of {books.keeper} gave as many for payments that "
        f"{unknown} ({books.named(entry)}, {entry.payment_key}, is the first): they are probably the same "
        "payments under other names. Nothing is repaired."
    )
    fix = _OF_EVENTS if (entry.payment_key or "").startswith("evt_") else _OF_NAMES
    credits = sum(credits * count for credits, count in alike.items())
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


def _due(verdict: Verdict) -> UserCredits:
    """Whose purchase gives how much, without what refunds take back of it; nobody's where no user is named."""
    drafts = [draft.credits for draft in verdict.drafts if draft.kind is EntryKind.PURCHASE]
    stakes = [found.finding.stake.credits for found in verdict.found if found.finding.stake is not None]
    return _buyer(verdict) or "", (drafts or stakes or [0])[0]


def _buyer(verdict: Verdict) -> str | None:
    """Whom a payment names as its buyer, where its session says what it is worth."""
    return verdict.decision.purchase.user_id if isinstance(verdict.decision, Grants) else None


def _close_pairs(lacking: Judged, strange: Sequence[PaymentCase]) -> int:
    """How many pairs are alike in credits and written about when their payment was made."""
    moments: dict[int, list[int]] = defaultdict(list)
    for _, verdict in lacking:
        for draft in verdict.drafts:
            if draft.kind is EntryKind.PURCHASE:
                moments[draft.credits].append(draft.created)
    written: dict[int, list[int]] = defaultdict(list)
    for case in strange:
        for entry in case.purchases:
            written[entry.credits].append(entry.created)
    return sum(_close(sorted(moments[credits]), sorted(times)) for credits, times in written.items())


def _close(paid: Sequence[int], written: Sequence[int]) -> int:
    """How many of two rising series of moments can be paired, each once. Units: Unix seconds."""
    pairs, at = 0, 0
    for moment in paid:
        while at < len(written) and written[at] < moment - CLOSE_SECONDS:
            at += 1
        if at < len(written) and written[at] <= moment + CLOSE_SECONDS:
            pairs, at = pairs + 1, at + 1
    return pairs


def _by_credits(counted: Counter[UserCredits]) -> Counter[int]:
    sums: Counter[int] = Counter()
    for (_, credits), count in counted.items():
        sums[credits] += count
    return sums


def _alike_in_user(due: Counter[UserCredits], given: Counter[UserCredits], buys: Callable[[str], bool]) -> int:
    """How many pairs there are of one user; what names a user who buys nothing may stand for anybody's."""
    own = due & given
    left, others = due - own, given - own
    unknown = Counter({pair: count for pair, count in others.items() if not buys(pair[0])})
    return own.total() + (_by_credits(left) & _by_credits(unknown)).total()
