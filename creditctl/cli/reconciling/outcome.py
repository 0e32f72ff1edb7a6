"""Outcome of one reconciliation: exit code, the answer in the form that was asked for, and the one line for cron."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from creditctl.cli.command import Answer, Session
from creditctl.core.errors import CreditctlError, ExitCode
from creditctl.core.findings import Stake

if TYPE_CHECKING:
    from collections.abc import Mapping

    from creditctl.cli.reconciling.options import OutputOptions
    from creditctl.core.findings import Severity
    from creditctl.reconciliation.open_findings import OpenFinding
    from creditctl.reconciliation.report import ReconcileReport

CSV_COLUMNS = (
    "code", "severity", "subject", "payment_key", "credits", "amount", "currency", "first_seen", "age_seconds", "new",
    "message", "fix",
)  # fmt: skip


def exit_code(report: ReconcileReport, fail_on: Severity, *, dry_run: bool) -> ExitCode:
    """5 for an incomplete picture, 6 for a ledger that was tampered with; 1 for a finding as bad as `fail_on`, unless
    only the plan was asked for; else 0."""
    from creditctl.payments.finding_codes import LEDGER_TAMPERED

    if not report.complete:
        return ExitCode.UNREACHABLE
    if any(finding.code == LEDGER_TAMPERED for finding in report.findings):
        return ExitCode.LEDGER
    return ExitCode.FINDINGS if report.reaches(fail_on) and not dry_run else ExitCode.OK


def answer(session: Session, report: ReconcileReport, told: OutputOptions, anchor: dict[str, Any] | None) -> Answer:
    """The answer of a run, in the form that was asked for."""
    from creditctl.cli.render.reconcile import render, summary_line

    code = exit_code(report, told.fail_on, dry_run=session.dry_run)
    if told.as_json_lines or told.as_csv:
        return _rows(session, report, code, as_csv=told.as_csv)
    if told.quiet:
        # A dry run's code is 0 whatever it found: it is not silent for that.
        silent = code is ExitCode.OK and not report.repaired and not report.reaches(told.fail_on)
        return Answer.lines({}, *([] if silent else [summary_line(report, session.wiring.mode)]), exit_code=code)
    return Answer(
        {**report.as_dict(), "anchor": anchor},
        lambda console: render(console, report, plan=session.dry_run and report.source is None),
        findings=report.findings,
        exit_code=code,
    )


def _rows(session: Session, report: ReconcileReport, code: ExitCode, *, as_csv: bool) -> Answer:
    from creditctl.cli.forms import stream_rows

    if as_csv:
        return stream_rows(session, csv_rows(report.findings), columns=CSV_COLUMNS, exit_code=code)
    return stream_rows(session, (finding.as_dict() for finding in report.findings), exit_code=code)


def csv_rows(findings: tuple[OpenFinding, ...]) -> Iterator[Mapping[str, object]]:
    """The findings as rows of CSV_COLUMNS: what is at stake in columns of its own."""
    for finding in findings:
        said = {**finding.as_dict(), **(finding.stake or Stake()).as_dict()}
        yield {name: said[name] for name in CSV_COLUMNS}


@contextmanager
def one_line_errors(session: Session, told: OutputOptions) -> Iterator[None]:
    """Where one line was asked for, an error is one too: what to do next stands behind what is wrong."""
    if not told.quiet or session.as_json:
        yield
        return
    import stripe

    from creditctl.stripe_api.errors import translate

    try:
        yield
    except (CreditctlError, stripe.StripeError) as error:
        known = error if isinstance(error, CreditctlError) else translate(error)
        if known is None:
            raise
        asked = f"Stripe's request id: {known.request_id}" if known.request_id else ""
        end = "" if known.message.rstrip().endswith((".", "!", "?")) else "."
        known.message = " ".join(f"{known.message}{end} {known.fix} {asked}".split())
        known.fix, known.request_id = "", None
        raise known from None
