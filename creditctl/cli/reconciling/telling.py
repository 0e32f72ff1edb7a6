"""Tells of a run what was asked for once it ended, well or not: metrics and alerts. Neither makes a run fail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from creditctl.cli.reconciling.alerting import send_alert
from creditctl.cli.report_files.target import require_report_files
from creditctl.core.errors import CreditctlError, GuardRefused, LockHeld, UsageError
from creditctl.core.keys import redact

if TYPE_CHECKING:
    from pathlib import Path

    from creditctl.cli.command import Session
    from creditctl.cli.reconciling.options import OutputOptions
    from creditctl.ledger.store import Ledger


@contextmanager
def telling(session: Session, told: OutputOptions, *files: Path | None, kept: Path | None = None) -> Iterator[None]:
    """Around a run: proves that its files can be written, and tells at its end, also of one that could not go on.

    Shape:  `files` are those that the run writes beside what is told; `kept` one that none of them may be.
    Errors: ConfigurationError for a file that cannot be written; those of the run.
    """
    import stripe

    require_report_files(session, (*told.files, *filter(None, files)), () if kept is None else (kept,))
    began = session.wiring.clock()
    try:
        yield
    except (UsageError, LockHeld):
        raise  # nothing was compared, or another run tells
    except (CreditctlError, stripe.StripeError) as error:
        _tell_of_failure(session, told, error, began)
        raise
    _tell(session, told, session.ledger)


def _tell_of_failure(session: Session, told: OutputOptions, error: Exception, began: int) -> None:
    """Shape: a run that failed before it could be kept, because Stripe or a source did not answer, is kept here."""
    if session.dry_run or session.offline:
        return
    try:
        ledger = session.ledger if session.opened("ledger") else session.offline_ledger()
        if not isinstance(error, GuardRefused) and not _was_kept(ledger, began, session.wiring.clock()):
            _keep(session, ledger, error)
    except CreditctlError:
        return  # there is no ledger to keep it in, which is what the error says
    _tell(session, told, ledger)


def _was_kept(ledger: Ledger, began: int, now: int) -> bool:
    """Shape: a run of a time to come is an earlier one, by a clock that ran ahead."""
    from creditctl.reconciliation.run_history import RUN_KIND

    with ledger.reading() as view:
        latest = view.runs(RUN_KIND, 1)
    return bool(latest) and began <= latest[0].started <= now


def _keep(session: Session, ledger: Ledger, error: Exception) -> None:
    from creditctl.cli.reconciling.operator import operator_of
    from creditctl.reconciliation.run import record_failure
    from creditctl.stripe_api.errors import translate

    clock = session.wiring.clock
    known = error if isinstance(error, CreditctlError) else translate(error)
    message = redact(session.wiring.redactor.redact(str(error if known is None else known.message)))
    record_failure(message, ledger, clock, {"by": operator_of(session.wiring)}, clock())


def _tell(session: Session, told: OutputOptions, ledger: Ledger) -> None:
    if session.dry_run or session.offline:
        return
    if told.metrics is not None:
        _write_metrics(session, told, ledger)
    try:
        send_alert(session, told, ledger)
    except CreditctlError as error:
        session.say(f"Warning: no alert was sent: {error.message}")


def _write_metrics(session: Session, told: OutputOptions, ledger: Ledger) -> None:
    from creditctl.atomic_file import replace_file
    from creditctl.reconciliation.metrics import WORLD_READS, metrics_text

    assert told.metrics is not None
    labels = {
        "account": ledger.account,
        "deployment": ledger.deployment or "",
        "mode": str(session.wiring.mode or ""),
    }
    try:
        with ledger.reading() as view:
            text = metrics_text(view, labels)
        replace_file(session.wiring.folder / told.metrics, text.encode(), WORLD_READS)
    except (CreditctlError, OSError) as error:
        session.say(f"Warning: the metrics were not written: {error}")
