"""Reconciliation run: pull, match, judge, keep, report; and, if asked, repair and judge again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import chain

import stripe

from creditctl.core.catalog import Catalog
from creditctl.core.errors import CreditctlError, Unreachable
from creditctl.core.keys import redact
from creditctl.core.limits import GRACE_SECONDS
from creditctl.core.when import Window
from creditctl.ledger.store import Ledger
from creditctl.payments.finding_codes import ClassifiedFinding, classified
from creditctl.payments.judgement.judge import unreadable_finding
from creditctl.payments.judgement.over import over_by_judgement
from creditctl.payments.judgement.unexplained import with_unexplained
from creditctl.payments.keeper import OUR_LEDGER, Keeper, reading_entries
from creditctl.payments.ledger_entries import known_facts, settled_findings
from creditctl.payments.reading.fraud_warnings import read_fraud_warnings
from creditctl.payments.reading.reader import PaymentReader
from creditctl.payments.repair import apply, require_repairable
from creditctl.payments.run_review import review_all
from creditctl.payments.verdict import JudgementContext
from creditctl.reconciliation import finding_history
from creditctl.reconciliation.deployments import require_told_apart
from creditctl.reconciliation.inquiry import SessionlessPayments
from creditctl.reconciliation.lock import only_one
from creditctl.reconciliation.match import match, unknown_payments
from creditctl.reconciliation.pull import pull
from creditctl.reconciliation.pulled import Pulled
from creditctl.reconciliation.report import ReconcileReport
from creditctl.stripe_api.pages import Progress

MAX_REPAIRS = 100
"""How many payments one run repairs unless told otherwise: more than that is no accident."""

_RUN_KIND = "reconcile"


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
    sessionless: SessionlessPayments | None = None,
    conceal: Callable[[str], str] = redact,
) -> ReconcileReport:
    """Compares what Stripe holds with the ledger; everything, or the payments of a window.

    Shape:  `keeper` has the entries; those of an application were read before, and what was paid since cannot be
            among them. `sessionless` remembers which payments belong to no session. With `record` the run, and what a
            person has to settle, are kept in the ledger; no entry is ever written. `conceal` cuts the secrets that are
            known by their value out of the error of a failed run, which stays in an append-only file.
    Units:  `since` <= t < `until` in Unix seconds.
    Errors: those of PaymentReader where not everything could be read, LockHeld while another run goes on,
            ConfigurationError where nothing tells this deployment's sales from those of others.
    """
    with only_one(ledger.path):
        window, started = Window(since, until), clock()
        reader = PaymentReader(client, catalog, started, progress)
        terms = JudgementContext(catalog, livemode, clock(), started, grace_seconds, keeper=keeper)
        try:
            pulled = _read(reader, window, ledger, keeper, sessionless)
            require_told_apart(pulled.sessions.values(), catalog)
            warned = read_fraud_warnings(reader.stripe, window.since)
            terms = replace(terms, now=keeper.read_at or clock(), warned=warned)
            terms = _with_older_credits(terms, pulled, reader, ledger)
        except CreditctlError as error:
            if record:
                failure = {"window": window.as_dict(), "error": redact(conceal(str(error)))}
                with ledger.transaction() as tx:
                    tx.add_run(_RUN_KIND, started, clock(), False, failure)
            raise
        report = _compare(pulled, terms, ledger, record=record)
        return _recorded(report, ledger, clock, record=record)


def repair(
    report: ReconcileReport, *, ledger: Ledger, clock: Callable[[], int], max_repairs: int = MAX_REPAIRS
) -> ReconcileReport:
    """Posts what a report plans, then judges the ledger again by what was read of Stripe.

    Errors: Unreachable where the report rests on an incomplete picture, GuardRefused for more repairs than allowed,
            LedgerError, LockHeld. What was posted before an error stays; the next run finds it and goes on.
    """
    if not report.complete:
        raise Unreachable(
            "Nothing was repaired: Stripe could not be read completely.",
            code="reconcile.incomplete",
            fix="Run the same command again.",
        )
    with only_one(ledger.path):
        require_repairable(ledger, report.repairs, max_repairs)
        repaired = tuple(apply(ledger, report.repairs))
        after = _compare(report.basis, report.terms, ledger, record=True)
        return _recorded(replace(after, repaired=repaired), ledger, clock, record=True)


def _read(
    reader: PaymentReader, window: Window, ledger: Ledger, keeper: Keeper, sessionless: SessionlessPayments | None
) -> Pulled:
    """The lists, and one by one the payments that only the ledger, or only a refund, speaks of."""

    def named(listed: Pulled) -> list[str]:
        with ledger.reading() as view:
            return unknown_payments(listed, keeper.entries(view).all())

    return pull(reader, window, named, sessionless)


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


def _compare(pulled: Pulled, terms: JudgementContext, ledger: Ledger, *, record: bool) -> ReconcileReport:
    """What both sides say of each other now. The ledger is read after Stripe, so it is never behind."""
    if not pulled.complete:
        return _incomplete(pulled, terms, ledger)
    with ledger.reading() as view:
        terms = replace(terms, settled=settled_findings(view))
        cases = match(pulled, terms.keeper.entries(view).all(), known_facts(view), terms.keeper)
        reviewed = review_all(cases, terms, view, pulled.names)
    verdicts = reviewed.verdicts
    found = (*about_the_pull(pulled), *chain.from_iterable(verdict.found for verdict in verdicts), *reviewed.beside)
    if record:
        finding_history.keep(ledger, found)
    with ledger.reading() as view:
        stored = view.findings(None)
    over = over_by_judgement(stored, zip(cases, verdicts, strict=True))
    return ReconcileReport(
        window=pulled.window,
        started=pulled.started,
        finished=terms.now,
        payments=len(cases),
        entries=sum(len(case.entries) for case in cases),
        findings=tuple(finding_history.shown(found, stored, everything=pulled.window.unbounded, over=over)),
        repairs=tuple(verdict.repair for verdict in verdicts if verdict.repair is not None),
        basis=pulled,
        terms=terms,
    )


def _incomplete(pulled: Pulled, terms: JudgementContext, ledger: Ledger) -> ReconcileReport:
    """What is missing of Stripe, beside what was open before: a part accuses nobody, and is not kept or repaired by."""
    with ledger.reading() as view:
        stored = view.findings(None)
    return ReconcileReport(
        window=pulled.window,
        started=pulled.started,
        finished=terms.now,
        payments=0,
        entries=0,
        findings=tuple(finding_history.shown(about_the_pull(pulled), stored, everything=False)),
        repairs=(),
        basis=pulled,
        terms=terms,
    )


def _recorded(report: ReconcileReport, ledger: Ledger, clock: Callable[[], int], *, record: bool) -> ReconcileReport:
    finished = replace(report, finished=clock())
    if record:
        with ledger.transaction() as tx:
            tx.add_run(_RUN_KIND, finished.started, finished.finished, finished.clean, finished.as_dict())
    return finished


def about_the_pull(pulled: Pulled) -> tuple[ClassifiedFinding, ...]:
    """What is wrong with the reading itself."""
    again = "`creditctl reconcile` again; nothing is repaired from an incomplete picture"
    text = f"What Stripe answered does not tie out, so nothing is said of any payment. {'; '.join(pulled.gaps)}."
    gaps = (classified("pull_incomplete", "stripe", text, again),) if pulled.gaps else ()
    return (*gaps, *map(unreadable_finding, pulled.unreadable))
