"""Checklist items about operation: env files, the reconcile cron, anchors and backups of the ledger."""

from __future__ import annotations

from pathlib import Path

from creditctl.checks.answers import CheckAnswer, failed, findings_to_answer, passed, unknown, warned
from creditctl.checks.context import Context
from creditctl.checks.env.rule_groups import judge_groups
from creditctl.checks.production.webhook import DAY_SECONDS
from creditctl.core.findings import Severity
from creditctl.core.when import iso_time
from creditctl.ledger.models import RunRecord
from creditctl.ledger.noted_runs import ANCHOR_RUN, BACKUP_RUN, RECONCILE_RUN
from creditctl.ledger.verification.anchors import read_anchors

_DAILY_SECONDS = 26 * 3600
_WEEK_SECONDS = 7 * DAY_SECONDS
_CRON = "Put `creditctl reconcile` into cron, once a day or more often."
_ELSEWHERE = "The application keeps the entries itself; the ledger file holds only findings and runs."


def env_files_in_order(context: Context) -> CheckAnswer:
    """The env files are readable, private and out of git; what their values say, other items judge."""
    judged = judge_groups(context.env, _ABOUT_FILES)
    found = [finding for finding in judged if finding.severity.rank <= Severity.MEDIUM.rank]
    if not found:
        names = ", ".join(file.name for file in context.env.files) or "No env file is there: the process environment"
        return passed(
            f"{names}: readable, private and out of git as far as they are files; nothing exported overrides."
        )
    answer = findings_to_answer(found, "")
    return CheckAnswer(answer.status, answer.evidence, f"{answer.fix} `creditctl env check` shows all of it.")


_ABOUT_FILES = frozenset(
    ("env.readable", "env.tidy", "env.private", "env.process", "env.values", "env.secrets", "env.paths")
)


def reconcile_runs_by_itself(context: Context) -> CheckAnswer:
    """The reconcile cron is alive: its last runs are recent, and they could read everything."""
    with context.required_ledger.reading() as view:
        runs = view.runs(RECONCILE_RUN, limit=2)
    if not runs:
        return failed("Nothing was reconciled yet.", _CRON)
    age = context.clock() - runs[0].finished
    when = iso_time(runs[0].finished)
    if "error" in runs[0].report or runs[0].report.get("complete") is False:
        return failed(f"The last reconciliation ({when}) could not read everything.", "Run `creditctl reconcile`.")
    if age > _WEEK_SECONDS:
        return failed(f"The last reconciliation was on {when}: no cron runs it.", _CRON)
    if age > _DAILY_SECONDS:
        return warned(f"The last reconciliation was on {when}, more than a day ago.", _CRON)
    if len(runs) < 2:
        return warned(f"There was one reconciliation ({when}); whether a cron runs it, the next one shows.", _CRON)
    return passed(f"The last two reconciliations ran on {iso_time(runs[1].finished)} and {when}, and read everything.")


def ledger_is_anchored(context: Context) -> CheckAnswer:
    """The head of the ledger was noted outside of it lately, and the ledger still holds what was noted."""
    ledger = context.required_ledger
    if context.keeper.books.external:
        return passed(_ELSEWHERE)
    fix = "Run `creditctl reconcile --anchor FILE` in cron, or `creditctl ledger anchor FILE`, best on another disk."
    run = _last_run(context, ANCHOR_RUN)
    path = _anchor_file(context, run)
    if path is None:
        return failed("The ledger was never anchored: nothing outside of it shows whether it was rewritten.", fix)
    if not path.exists():
        when = "" if run is None else f" of {iso_time(run.finished)}"
        return unknown(f"The anchors{when} in {path} cannot be seen from here.", "Run it where that file is.")
    kept = read_anchors(path, owner=ledger.owner, beside=ledger.path)
    with ledger.reading() as view:
        found = view.verify(anchors=kept.anchors)
    if not found.ok:
        return failed(f"The ledger is not as it was anchored: {found.faults[0].message}", "`creditctl ledger verify`.")
    if not kept.anchors:
        return failed(f"{path} holds no anchor yet.", fix)
    last = max(anchor.time for anchor in kept.anchors)
    text = f"{len(kept.anchors)} anchors in {path} fit the ledger, the last of {iso_time(last)}."
    return passed(text) if context.clock() - last <= _WEEK_SECONDS else warned(text, fix)


def _anchor_file(context: Context, run: RunRecord | None) -> Path | None:
    """The file of anchors: of `[reconcile] anchor`, else that of the last anchoring."""
    project = context.settings.project
    if project.reconcile.anchor is not None and project.folder is not None:
        return project.folder / project.reconcile.anchor
    named = None if run is None else run.report.get("file")
    return Path(named) if isinstance(named, str) else None


def ledger_is_backed_up(context: Context) -> CheckAnswer | None:
    """A backup of the ledger was taken lately, and its chain was proven; None where nothing shows one."""
    _ = context.required_ledger
    if context.keeper.books.external:
        return passed(_ELSEWHERE)
    run = _last_run(context, BACKUP_RUN)
    if run is None:
        return None
    text = f"The last backup was on {iso_time(run.finished)} ({run.report.get('file')})"
    fix = "Run `creditctl ledger backup FILE` in cron, and keep the copies elsewhere."
    if not run.ok:
        return failed(f"{text}, and its chain was broken.", "Run `creditctl ledger verify`.")
    if context.clock() - run.finished > _WEEK_SECONDS:
        return warned(f"{text}, more than a week ago.", fix)
    return passed(f"{text}, and its chain was proven; where the copy is kept was not looked at.")


def _last_run(context: Context, kind: str) -> RunRecord | None:
    with context.required_ledger.reading() as view:
        return next(iter(view.runs(kind, limit=1)), None)
