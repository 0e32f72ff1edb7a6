"""Merges a run's findings with those stored in the ledger: dismissed ones drop out, open ones stay."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

from creditctl.core.entitlement.facts import Fact
from creditctl.core.errors import UsageError
from creditctl.core.findings import Finding, Stake, sort_findings
from creditctl.core.when import Window
from creditctl.ledger.models import FindingStatus, StoredFinding
from creditctl.ledger.store import Ledger
from creditctl.ledger.transaction import LedgerTransaction
from creditctl.payments.case import PaymentCase
from creditctl.payments.finding_codes import ABOUT_ROWS, PREFIX, ClassifiedFinding, classified
from creditctl.reconciliation.pulled import Pulled

_NO_ID = "ID"


def keep(ledger: Ledger, found: Sequence[ClassifiedFinding]) -> None:
    """Writes the lasting findings into the ledger, where a person settles them; each once, as it was seen last.

    Shape: what was refunded or disputed of such a payment is kept too, so that whoever credits it credits the rest.
    """
    lasting = [each for each in found if each.lasting]
    if not lasting:
        return
    with ledger.transaction() as tx:
        for each in lasting:
            tx.add_finding(each.finding, payment_key=each.payment_key, proposal=each.proposal)
            tx.see_finding(each.finding, proposal=each.proposal)
            _keep_facts(tx, each.facts)


def note_dismissed(ledger: Ledger, stored: Iterable[StoredFinding], found: Iterable[ClassifiedFinding]) -> None:
    """Notes what is at stake now of dismissed findings that an older format kept without it; later growth is told.

    Shape: one that is not found at this moment stays as it is, so that it may come back unsaid.
    """
    stakes = {each.identity: each.finding.stake or Stake() for each in found}
    noted = [each for each in stored if each.dismissed_unnoted and each.identity in stakes]
    if noted:
        with ledger.transaction() as tx:
            for each in noted:
                tx.note_dismissed_stake(each, stakes[each.identity])


def _keep_facts(tx: LedgerTransaction, facts: Iterable[Fact]) -> None:
    """Keeps refunds and disputes whose webhook may have been lost; one that the ledger knows otherwise stays so."""
    for fact in facts:
        with suppress(UsageError):
            tx.keep_fact(fact)


def ended_in(
    stored: Iterable[StoredFinding],
    found: Iterable[ClassifiedFinding],
    *,
    looked_at: Callable[[StoredFinding], bool],
    over: Collection[int],
    within: Callable[[StoredFinding], bool],
) -> list[StoredFinding]:
    """The open findings of the ledger that are no longer true.

    Shape: `looked_at` says what a run would have found again, so that what it did not is over;
           `over` are the ids of findings that the judgement of their payments says to be over.
    """
    again = {each.identity for each in found}
    return [
        each
        for each in stored
        if each.status is FindingStatus.OPEN
        and each.identity not in again
        and within(each)
        and (each.id in over or (looked_at(each) and each.finding.code.startswith(PREFIX)))
    ]


def looked_at(pulled: Pulled, cases: Iterable[PaymentCase]) -> Callable[[StoredFinding], bool]:
    """What a run of these payments would have found again: all of it where everything was compared; without asking
    Stripe all but what has to be asked; in a window what is about one of its payments, but for an application's rows.
    """
    if pulled.everything:
        return lambda _stored: True
    judged, unasked = set[str](), set[str]()
    for case in cases:
        (unasked if case.unasked else judged).update((case.key, *case.names))

    def looked(stored: StoredFinding) -> bool:
        names = {stored.payment_key, stored.finding.subject}
        if pulled.window.unbounded:
            return not names & unasked
        return bool(names & judged) and stored.finding.code not in ABOUT_ROWS

    return looked


def end(ledger: Ledger, over: Sequence[StoredFinding]) -> None:
    """Keeps in the ledger that findings are no longer true, so that whoever dismisses one hides nothing later."""
    if over:
        with ledger.transaction() as tx:
            for each in over:
                tx.end_finding(each)


def shown(
    found: Sequence[ClassifiedFinding],
    stored: Sequence[StoredFinding],
    *,
    over: Collection[StoredFinding] = (),
    within: Callable[[StoredFinding], bool] = lambda _stored: True,
) -> list[Finding]:
    """What a run reports: what it found, unless a person dismissed it, and what is open in the ledger, worst first.

    Shape: `over` are findings that are no longer true; what was dismissed before is no news then. `within` says which
           stored ones the run is about.
    """
    by_identity = {each.identity: each for each in stored}
    ended = {each.id for each in over}
    findings = [
        _with_id(each.finding, by_identity.get(each.identity))
        for each in found
        if not _dismissed(each, by_identity.get(each.identity))
    ]
    again = {each.identity for each in found}
    for identity, each in by_identity.items():
        if each.status is FindingStatus.OPEN and identity not in again and within(each):
            if each.id not in ended:
                findings.append(each.finding)
            elif each.dismissal is None:
                findings.append(_over(each))
    return sort_findings(list(dict.fromkeys(findings)))


def about(window: Window, judged: Collection[str]) -> Callable[[StoredFinding], bool]:
    """Whether a run of a window is about a stored finding: about its payment, or, where it has none, about its time.

    Shape: `judged` are the names of the payments that the run judged.
    """

    def within(stored: StoredFinding) -> bool:
        named = stored.finding.subject in judged or stored.payment_key in judged
        return window.unbounded or named or (stored.payment_key is None and window.holds(stored.recorded))

    return within


def _with_id(finding: Finding, stored: StoredFinding | None) -> Finding:
    """What was found now, with the number under which it can be settled."""
    return replace(finding, fix=finding.fix.replace("{id}", str(stored.id) if stored else _NO_ID))


def _dismissed(found: ClassifiedFinding, stored: StoredFinding | None) -> bool:
    return stored is not None and stored.dismissed_at(found.finding.stake)


def _over(stored: StoredFinding) -> Finding:
    text = f"Finding {stored.id} ({stored.finding.code}) is still open in the ledger, but no longer true."
    fix = f"`creditctl ledger resolve {stored.id} --dismiss --reason settled`; --over in place of its number: all such"
    return classified("settled_finding", stored.finding.subject, text, fix).finding
