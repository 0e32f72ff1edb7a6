"""Report files of a run: JUnit XML for CI, and a page for the people who look after the money."""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditctl.cli.report_files.junit import JUnitCase, junit_xml
from creditctl.core.findings import Severity
from creditctl.payments.finding_codes import PREFIX, SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from creditctl.cli.command import Session
    from creditctl.cli.reconciling.options import OutputOptions
    from creditctl.reconciliation.report import ReconcileReport


def write_reports(session: Session, told: OutputOptions, report: ReconcileReport) -> None:
    """Writes the files that were asked for, readable by their owner alone: they hold payments.

    Errors: ConfigurationError.
    """
    from creditctl.cli.report_files.target import replace_report

    texts = []
    if told.junit is not None:
        texts.append((told.junit, junit_of(report, told.fail_on)))
    if told.html is not None:
        texts.append((told.html, _page(session, report)))
    for path, text in texts:
        replace_report(session, path, text)


def _page(session: Session, report: ReconcileReport) -> str:
    from creditctl.cli.reconciling.report_page import report_page
    from creditctl.reconciliation.statement.statement import statement_of

    ledger = session.ledger
    statement = statement_of(report, ledger) if report.complete else None
    mode = session.wiring.mode
    return report_page(report, statement, account=ledger.account, deployment=ledger.deployment, mode=mode)


def junit_of(report: ReconcileReport, fail_on: Severity) -> str:
    """The run as a suite: a case for each kind of finding that is looked for, and one for having seen everything."""
    return junit_xml("creditctl reconcile", [_completeness(report), *_cases(report, fail_on)])


def _completeness(report: ReconcileReport) -> JUnitCase:
    gaps = "; ".join(report.basis.gaps)
    seconds = float(report.finished - report.started)
    kind = "" if report.complete else "incomplete"
    return JUnitCase("reconcile", "everything was read", "reconcile", seconds, error=gaps, kind=kind)


def _cases(report: ReconcileReport, fail_on: Severity) -> Iterator[JUnitCase]:
    found = dict.fromkeys((*(f"{PREFIX}{name}" for name in SEVERITIES), *report.counts))
    for code in found:
        findings = [each for each in report.findings if each.code == code]
        lines = [f"{each.severity} {each.subject}: {each.message} {each.fix}" for each in findings]
        failing = [each for each in findings if each.severity.rank <= fail_on.rank]
        yield JUnitCase(
            "reconcile",
            code,
            "reconcile",
            failure=f"{len(failing)} × {code}: {failing[0].message}" if failing else "",
            kind=code if failing else "",
            story="\n".join(lines),
            skipped="" if report.complete or findings else "not everything could be read",
            log="" if failing else "\n".join(lines),
        )
