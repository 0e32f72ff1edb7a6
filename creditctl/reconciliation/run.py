"""Reconciliation run: pull, match, judge, keep, report; and, if asked, repair and judge again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from itertools import chain

import stripe

from creditctl.core.catalog import Catalog
from creditctl.core.entitlement.entry import CreditEntry
from creditctl.core.errors import CreditctlError, Unreachable
from creditctl.core.keys import redact
from creditctl.core.limits import GRACE_SECONDS
from creditctl.core.when import Window
from creditctl.ledger.sightings import keep_sightings, open_sightings
from creditctl.ledger.store import Ledger
from creditctl.ledger.view import LedgerView
from creditctl.payments.case import PaymentCase
from creditctl.payments.finding_codes import ClassifiedFinding, classified
from creditctl.payments.judgement.judge import unreadable_finding
from creditctl.payments.judgement.over import over_by_judgement
from creditctl.payments.judgement.unexplained import with_unexplained
from creditctl.payments.keeper import OUR_LEDGER, Keeper, reading_entries
from creditctl.payments.ledger_entries import known_facts, settled_findings
from creditctl.payments.reading.fraud_warnings import FraudWarning, read_fraud_warnings
from creditctl.payments.reading.reader import PaymentReader
from creditctl.payments.reading.stripe_reader import StripeReader
from creditctl.payments.repair import RepairLimits, apply, require_repairable
from creditctl.payments.run_review import found_whatever_settled, review_all
from creditctl.payments.verdict import JudgementContext
from creditctl.reconciliation import finding_history
from creditctl.reconciliation.deployments import require_told_apart
from creditctl.reconciliation.event_evidence import with_event_evidence
from creditctl.reconciliation.kept.entry_news import entries_of_part
from creditctl.reconciliation.lock import only_one
from creditctl.reconciliation.match import Matcher, match, match_all, unknown_payments
from creditctl.reconciliation.open_findings import ended, lasting, opened, run_failed
from creditctl.reconciliation.pull import AFRESH, PullPlan, pull
from creditctl.reconciliation.pulled import EntryNews, Pulled
from creditctl.reconciliation.redelivery.plan import PlannedRedelivery
from creditctl.reconciliation.redelivery.run import Redeliverer
from creditctl.reconciliation.report import ReconcileReport
from creditctl.reconciliation.run_history import RUN_KIND
from creditctl.reconciliation.tie_out import SHOWN_BEFORE
from creditctl.stripe_api.pages import Progress

_USUAL = RepairLimits()


def reconcile(
    *,
    client: stripe.StripeClient,
    ledger: Ledger,
    catalog: Catalog,
    livemode: bool,
    clock: Callable[[], int],
    since: int | None = None,
    until: int | None = None,
    grace_seconds: int = GRACE_SECONDS,
    progress: Progress | None = None,
    record: bool = True,
    keeper: Keeper = OUR_LEDGER,
    by: str = "",
    plan: PullPlan = AFRESH,
    conceal: Callable[[str], str] = redact,
) -> ReconcileReport:
    """Compares what Stripe holds with the ledger; everything, or the payments of a window.

    Shape:  `keeper` has the entries; those of an application were read before, and what was paid since cannot be
            among them. `plan` says how Stripe is read. With `record` the run, what it found, and what a person has to
            settle, are kept in the ledger; no entry is ever written. `by` is who runs it; `conceal` cuts the secrets
            that are known by their value out of the error of a failed run, which stays in an append-only file.
    Units:  `since` <= t < `until` in Unix seconds.
    Errors: those of PaymentReader where not everything could be read, LockHeld while another run goes on,
            ConfigurationError where nothing tells this deployment's sales from those of others.
    """
    # A run that writes nothing needs no lock, and leaves no file behind.
    with only_one(ledger.path) if record else nullcontext():
        window, started = Window(since, until), clock()
        known = plan.as_of or started
        reader = PaymentReader(client, catalog, known, progress, ahead_seconds=plan.ahead_seconds)
        terms = JudgementContext(catalog, livemode, clock(), known, grace_seconds, keeper=keeper)
        try:
            pulled = _read(reader, window, ledger, terms, plan)
            require_told_apart(pulled.sessions.values(), catalog)
            terms = _as_read(terms, reader, since, plan)
            terms = _with_older_credits(replace(terms, now=keeper.read_at or clock()), pulled, reader, ledger)
        except CreditctlError as error:
            if record:
                run = {"window": window.as_dict(), "by": by}
                record_failure(redact(conceal(str(error))), ledger, clock, run, started)
            raise
        report = replace(_compare(pulled, terms, ledger, plan.matcher, record=record), by=by)
        return _recorded(_explained(report, reader, plan), ledger, clock, record=record)


def repair(
    report: ReconcileReport, *, ledger: Ledger, clock: Callable[[], int], limits: RepairLimits = _USUAL
) -> ReconcileReport:
    """Posts what a report plans, then judges the ledger again by what was read of Stripe.

    Shape:  each entry names the run that planned it.
    Errors: Unreachable where the report rests on an incomplete picture, GuardRefused for more repairs than allowed,
            LedgerError, LockHeld. What was posted before an error stays; the next run finds it and goes on.
    """
    if not report.complete:
        raise _nothing_repaired()
    with only_one(ledger.path):
        require_repairable(ledger, report.repairs, limits)
        repaired = tuple(apply(ledger, report.repairs, run=report.run))
        after = _compare(report.basis, report.terms, ledger, report.matcher, record=True)
        return _recorded(replace(after, repaired=repaired, by=report.by), ledger, clock, record=True)


def redeliver(
    report: ReconcileReport,
    plans: Sequence[PlannedRedelivery],
    redeliverer: Redeliverer,
    *,
    ledger: Ledger,
    clock: Callable[[], int],
) -> ReconcileReport:
    """Delivers lost events to an application again, then judges its rows as they are then.

    Errors: Unreachable where the report rests on an incomplete picture, LockHeld while another run goes on.
    """
    if not report.complete:
        raise _nothing_repaired()
    with only_one(ledger.path):
        done = {each.payment_key: each for each in redeliverer.run([plan for plan in plans if plan.held is None])}
        keeper = redeliverer.rows(False)
        terms = replace(report.terms, keeper=keeper, now=keeper.read_at or clock())
        after = _compare(report.basis, terms, ledger, report.matcher, record=True)
        after = replace(after, source=report.source, by=report.by)
        results = tuple(done.get(plan.repair.payment_key) or plan.planned() for plan in plans)
        return _recorded(replace(after, redelivered=results), ledger, clock, record=True)


def _nothing_repaired() -> Unreachable:
    return Unreachable(
        "Nothing was repaired: Stripe could not be read completely.",
        code="reconcile.incomplete",
        fix="Run the same command again.",
    )


def _explained(report: ReconcileReport, reader: PaymentReader, plan: PullPlan) -> ReconcileReport:
    """The report with what became of the events of missing credits; as it is where Stripe may not be asked."""
    return report if plan.as_of is not None else with_event_evidence(report, StripeReader(reader.stripe.client))


def _warned(reader: PaymentReader, since: int | None, plan: PullPlan) -> dict[str, FraudWarning]:
    """The early fraud warnings; none where Stripe may not be asked."""
    return {} if plan.as_of is not None else read_fraud_warnings(reader.stripe, reader.started, since)


def _as_read(terms: JudgementContext, reader: PaymentReader, since: int | None, plan: PullPlan) -> JudgementContext:
    """The terms with what Stripe says beside its lists: early fraud warnings, and its time."""
    return replace(terms, warned=_warned(reader, since, plan), ahead_seconds=plan.ahead_seconds())


def _read(reader: PaymentReader, window: Window, ledger: Ledger, terms: JudgementContext, plan: PullPlan) -> Pulled:
    """The lists, and one by one the payments that only the ledger, or only a refund, speaks of.

    Shape: what was written after the lists were kept, they cannot show.
    """

    def named(listed: Pulled) -> list[str]:
        with ledger.reading() as view:
            entries: Iterable[CreditEntry] = terms.keeper.entries(view).all()
            if listed.rest is not None:
                entries = entries_of_part(terms.keeper.entries(view), listed, listed.rest.news)
            known = entries if plan.as_of is None else (each for each in entries if each.recorded < plan.as_of)
            return unknown_payments(listed, known)

    def news() -> EntryNews | None:
        with ledger.reading() as view:
            return None if plan.news is None else plan.news(terms, view)

    return pull(reader, window, named, plan, news)


def _with_older_credits(
    terms: JudgementContext, pulled: Pulled, reader: PaymentReader, ledger: Ledger
) -> JudgementContext:
    """The terms, with what nothing explains among like entries of the users that lack credits, whatever its date."""
    if pulled.window.unbounded or not pulled.complete:
        return terms
    with ledger.reading() as view:
        terms = replace(terms, settled=settled_findings(view))
        cases = match(pulled, terms.keeper.entries(view).all(), known_facts(view), terms.keeper)
    return with_unexplained(terms, cases, lambda: reading_entries(ledger, terms.keeper), reader.payment)


def _compare(
    pulled: Pulled, terms: JudgementContext, ledger: Ledger, matcher: Matcher, *, record: bool
) -> ReconcileReport:
    """What both sides say of each other now. The ledger is read after Stripe, so it is never behind.

    Shape: a part of the payments is always compared in memory.
    """
    if not pulled.complete:
        return _incomplete(pulled, terms, ledger)
    matching = matcher if pulled.everything else match_all
    with ledger.reading() as view:
        terms = replace(terms, settled=settled_findings(view))
        matched = matching(pulled, terms, view)
        pulled = matched.pulled or pulled
        reviewed = review_all(matched.cases, terms, view, pulled.names, matched.proven)
        again = _found_again(matched.cases, terms, view, pulled.names) if record else []
    cases, verdicts = matched.cases, reviewed.verdicts
    found = (*about_the_pull(pulled), *chain.from_iterable(verdict.found for verdict in verdicts), *reviewed.beside)
    if record:
        finding_history.note_dismissed(ledger, terms.settled.values(), again)
        finding_history.keep(ledger, found)
    with ledger.reading() as view:
        stored, known = view.findings(None), open_sightings(view)
    judged = [pair for pair in zip(cases, verdicts, strict=True) if not pair[0].unasked]
    settled, keys = over_by_judgement(stored, judged), {case.key for case, _ in judged}
    within = finding_history.about(pulled.window, {name for case, _ in judged for name in (case.key, *case.names)})
    looked_at = finding_history.looked_at(pulled, cases)
    over = finding_history.ended_in(stored, found, looked_at=looked_at, over=settled, within=within)
    if record:
        finding_history.end(ledger, over)
    shown = finding_history.shown(found, stored, over=over, within=within)
    return ReconcileReport(
        window=pulled.window,
        started=pulled.started,
        finished=terms.now,
        payments=matched.payments,
        entries=matched.entries,
        findings=opened(shown, known, {each.identity: each.payment_key for each in found}, terms.now),
        repairs=tuple(verdict.repair for verdict in verdicts if verdict.repair is not None),
        basis=pulled,
        terms=terms,
        matcher=matcher,
        ended=ended(known, shown, everything=pulled.everything, judged=keys, stored=stored),
    )


def _found_again(
    cases: Sequence[PaymentCase], terms: JudgementContext, view: LedgerView, names: Mapping[str, str]
) -> list[ClassifiedFinding]:
    """What is found again of dismissed findings whose stake nobody noted."""
    unnoted = [each for each in terms.settled.values() if each.dismissed_unnoted]
    about = {name for each in unnoted for name in (each.payment_key, each.finding.subject) if name}
    theirs = [each for each in cases if about & {each.key, *each.names, *(fact.object_id for fact in each.facts)}]
    return found_whatever_settled(theirs, terms, view, names) if unnoted else []


def record_failure(
    message: str, ledger: Ledger, clock: Callable[[], int], run: Mapping[str, object], started: int
) -> None:
    """Keeps a run that could not go on, and that it could not, as the one finding that it has."""
    with ledger.transaction() as tx:
        (failed,) = opened((run_failed(message),), open_sightings(tx), {}, clock())
        keep_sightings(tx, (failed.sighting(),), ())
        tx.add_run(RUN_KIND, started, clock(), False, {**run, "error": message})


def _incomplete(pulled: Pulled, terms: JudgementContext, ledger: Ledger) -> ReconcileReport:
    """What is missing of Stripe, beside what was open before: a part accuses nobody, and is not kept or repaired by."""
    with ledger.reading() as view:
        stored, known = view.findings(None), open_sightings(view)
    within = finding_history.about(pulled.window, ())
    shown = finding_history.shown(about_the_pull(pulled), stored, within=within)
    return ReconcileReport(
        window=pulled.window,
        started=pulled.started,
        finished=terms.now,
        payments=0,
        entries=0,
        findings=opened(shown, known, {}, terms.now),
        repairs=(),
        basis=pulled,
        terms=terms,
    )


def _recorded(report: ReconcileReport, ledger: Ledger, clock: Callable[[], int], *, record: bool) -> ReconcileReport:
    finished = replace(report, finished=clock())
    if record:
        with ledger.transaction() as tx:
            keep_sightings(tx, lasting(finished.findings), finished.ended)
            run = tx.add_run(RUN_KIND, finished.started, finished.finished, finished.clean, finished.as_run())
        return replace(finished, run=run)
    return finished


def about_the_pull(pulled: Pulled) -> tuple[ClassifiedFinding, ...]:
    """What is wrong with the reading itself."""
    again = "`creditctl reconcile` again; nothing is repaired from an incomplete picture"
    if any(SHOWN_BEFORE in gap for gap in pulled.gaps):
        again = f"{again}. If data was deleted there, or an emulator began anew: `creditctl reconcile --full`"
    text = f"What Stripe answered does not tie out, so nothing is said of any payment. {'; '.join(pulled.gaps)}."
    gaps = (classified("pull_incomplete", "stripe", text, again),) if pulled.gaps else ()
    return (*gaps, *map(unreadable_finding, pulled.unreadable))
