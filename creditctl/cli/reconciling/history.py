"""`creditctl reconcile --history`: when runs were made, by whom, and what came of them. Needs no network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditctl.cli.command import Answer, Session

if TYPE_CHECKING:
    from creditctl.core.when import Window

_MOST_SHOWN = 30


def history(session: Session, window: Window) -> Answer:
    """The latest runs, or all that began in a window, newest first."""
    from creditctl.cli.render.run_history import render
    from creditctl.reconciliation.run_history import past_runs

    ledger = session.offline_ledger()
    with ledger.reading() as view:
        runs = past_runs(view, window, None if not window.unbounded else _MOST_SHOWN)
    return Answer({"runs": [run.as_dict() for run in runs]}, lambda console: render(console, runs))
