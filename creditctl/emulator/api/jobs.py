"""Job scheduler: runs the jobs that are due on the emulator's clock, each in its own transaction."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from creditctl.emulator.api.context import RequestContext, Services
from creditctl.emulator.storage.account_scope import AccountScope
from creditctl.emulator.storage.store import decode

_LOG = logging.getLogger("creditctl.emulator")
Job = Callable[[RequestContext, str, dict[str, Any]], None]
"""What a job does: it is given a context, its subject's id and its payload."""
Jobs = Mapping[str, Job]


def next_due(services: Services) -> int | None:
    """When the next job is due, read from the table."""
    row = services.store.db.execute("SELECT min(due) FROM jobs").fetchone()
    due: int | None = row[0]
    return due


def run_due(services: Services, jobs: Jobs, now: int, scope_of: Callable[[int], AccountScope]) -> int:
    """Run the jobs that are due, oldest first, each at its own moment and in its own transaction."""
    done = 0
    while services.next_job is not None and services.next_job <= now:
        # One at a time: a job may schedule another that falls due on the way.
        row = services.store.db.execute(
            "SELECT id, scope, due, name, subject, payload FROM jobs WHERE due <= ? ORDER BY due, id LIMIT 1", (now,)
        ).fetchone()
        if row is None:
            services.next_job = next_due(services)
            break
        _run(services, jobs, row, scope_of(row[1]))
        done += 1
    return done


def _run(services: Services, jobs: Jobs, row: tuple[Any, ...], scope: AccountScope) -> None:
    job_id, _, due, name, subject, payload = row
    store = services.store
    store.begin()
    try:
        store.db.execute("DELETE FROM jobs WHERE id = ?", (job_id,))
        # At `due`, not now: a clock that leaps makes the same history as one that ticks.
        jobs[name](RequestContext(services, scope, due), subject, decode(payload))
        store.commit()
    except Exception:  # noqa: BLE001 - one broken job must not stop all that comes after it
        _LOG.exception("the job %s of %s failed and is dropped", name, subject)
        store.rollback()
        store.db.execute("DELETE FROM jobs WHERE id = ?", (job_id,))
    except BaseException:
        store.rollback()
        raise
