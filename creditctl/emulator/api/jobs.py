"""Job scheduler: runs the jobs that are due on the emulator's clock, or early for one object, each in a transaction."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from creditctl.emulator.api.context import RequestContext, Services
from creditctl.emulator.storage.account_scope import AccountScope
from creditctl.emulator.storage.store import decode
from creditctl.emulator.webhooks.subjects import Binding, object_subjects

_LOG = logging.getLogger("creditctl.emulator")
Job = Callable[[RequestContext, str, dict[str, Any]], None]
"""What a job does: it is given a context, its subject's id and its payload."""
Jobs = Mapping[str, Job]


def next_due(services: Services) -> int | None:
    """When the next job is due, read from the table."""
    row = services.store.tables.execute("SELECT min(due) FROM jobs").fetchone()
    due: int | None = row[0]
    return due


def run_due(services: Services, jobs: Jobs, now: int, scope_of: Callable[[int], AccountScope]) -> int:
    """Run the jobs that are due, oldest first, each at its own moment and in its own transaction."""
    done = 0
    while services.next_job is not None and services.next_job <= now:
        # One at a time: a job may schedule another that falls due on the way.
        row = services.store.tables.execute(
            "SELECT id, scope, due, name, subject, payload FROM jobs WHERE due <= ? ORDER BY due, id LIMIT 1", (now,)
        ).fetchone()
        if row is None:
            services.next_job = next_due(services)
            break
        # At its own time, not now: a clock that leaps makes the same history as one that ticks.
        _run(services, jobs, row, scope_of(row[1]), row[2])
        done += 1
    return done


def run_early(services: Services, jobs: Jobs, scope: AccountScope, binding: Binding, now: int, seconds: int) -> int:
    """Run now what the next `seconds` hold for one object or user, oldest first; answers how many jobs ran.

    A job that another one schedules on the way counts from the time at which that one would have run.
    """
    late: dict[int, int] = {}
    known: dict[str, bool] = {}
    done = 0
    until = now + seconds
    while (found := _earliest(services, scope, binding, late, until, known)) is not None and found[0] <= until:
        moment, row = found
        # Compared as a whole: SQLite gives the number of the last row, once that is gone, to the next one.
        before = set(_jobs_of(services, scope, until))
        _run(services, jobs, row, scope, now)
        late |= {made[0]: moment - now for made in _jobs_of(services, scope, until) if made not in before}
        done += 1
    services.next_job = next_due(services)
    return done


def _earliest(
    services: Services,
    scope: AccountScope,
    binding: Binding,
    late: Mapping[int, int],
    until: int,
    known: dict[str, bool],
) -> tuple[int, tuple[Any, ...]] | None:
    """The first job about what is bound, and when it would run; `known` keeps which subjects are about it."""
    about = []
    for row in _jobs_of(services, scope, until):
        subject = row[4]
        if subject not in known:
            known[subject] = _is_about(services, scope, binding, subject)
        if known[subject]:
            about.append(row)
    return min(((row[2] + late.get(row[0], 0), row) for row in about), default=None, key=lambda pair: pair[0])


def _is_about(services: Services, scope: AccountScope, binding: Binding, subject: str) -> bool:
    # No session belongs to another one, and each open one has its expiry: they are not read for it.
    if binding.object and binding.object != subject and binding.object.startswith("cs_") and subject.startswith("cs_"):
        return False
    return object_subjects(services.store, scope.id, subject).fit(binding)


def _jobs_of(services: Services, scope: AccountScope, until: int) -> list[tuple[Any, ...]]:
    """The jobs that are due by then: the expiry of all other open sessions, a day ahead, is not looked through."""
    return services.store.tables.execute(
        "SELECT id, scope, due, name, subject, payload FROM jobs WHERE scope = ? AND due <= ? ORDER BY id",
        (scope.id, until),
    ).fetchall()


def _run(services: Services, jobs: Jobs, row: tuple[Any, ...], scope: AccountScope, now: int) -> None:
    job_id, _, _, name, subject, payload = row
    store = services.store
    store.begin()
    try:
        store.tables.execute("DELETE FROM jobs WHERE id = ?", (job_id,))
        jobs[name](RequestContext(services, scope, now), subject, decode(payload))
        store.commit()
    except Exception:  # noqa: BLE001 - one broken job must not stop all that comes after it
        _LOG.exception("the job %s of %s failed and is dropped", name, subject)
        store.rollback()
        store.tables.execute("DELETE FROM jobs WHERE id = ?", (job_id,))
    except BaseException:
        store.rollback()
        raise
