"""`creditctl checklist`: the production checklist, proven where a call can prove it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.cli.checks.options import ListOption, OnlyOption, SkipOption, list_answer
from creditctl.cli.command import Answer, FileUse, Session, StripeUse, Writes, command
from creditctl.cli.options import CatalogOption

if TYPE_CHECKING:
    from creditctl.checks.check import Check
    from creditctl.checks.checked_item import CheckedItem
    from creditctl.checks.context import Context
    from creditctl.cli.console import Console

JunitOption = Annotated[Path | None, typer.Option("--junit", help="Write a JUnit XML report.", metavar="FILE")]
MarkdownOption = Annotated[
    Path | None, typer.Option("--markdown", help="Write the list for a release ticket.", metavar="FILE")
]


WithSessionOption = Annotated[
    bool,
    typer.Option("--with-session", help="Make one Checkout session through the backend, look at it, and expire it."),
]


@command(stripe=StripeUse.OPTIONAL, ledger=FileUse.IF_THERE, writes=Writes.STRIPE, webhook=True)
def checklist(
    session: Session,
    only: OnlyOption = None,
    skip: SkipOption = None,
    listing: ListOption = False,
    with_session: WithSessionOption = False,
    junit: JunitOption = None,
    markdown: MarkdownOption = None,
    catalog: CatalogOption = None,
) -> Answer:
    """Go through the production checklist: exit 0 when every required item holds, 1 until then.

    With --mode test, or against an emulator started with --livemode, it is a rehearsal; `--list` says what is required
    where. Changes nothing, but for what --with-session announces; the backend gets inert deliveries, which is said
    first. What no call can prove needs a person: `creditctl checklist attest`.
    """
    begun = time.monotonic()
    from creditctl.checks.checked_item import CheckedItem
    from creditctl.checks.checklist import CHECKLIST
    from creditctl.checks.selection import select
    from creditctl.cli.checks.context import open_check_context
    from creditctl.cli.checks.reports import write_reports
    from creditctl.cli.checks.running import run_in_time
    from creditctl.cli.checks.with_session import make_session

    chosen = select(CHECKLIST, only or (), skip or ())
    if listing:
        return list_answer(chosen)
    opened, context = time.monotonic(), open_check_context(session, catalog, chosen)
    if with_session:
        smallest = context.smallest or min(context.catalog, key=lambda package: package.number)
        context = replace(context, made=make_session(session, smallest.number))
        opened = time.monotonic()
    stage = context.stage
    results = run_in_time(chosen, context, begun, opened)
    items = [CheckedItem(check, result, stage in check.required) for check, result in zip(chosen, results, strict=True)]
    write_reports(session, items, stage, junit, markdown)
    return _answer(items, context, left_out=[check for check in CHECKLIST if check not in chosen])


def _answer(items: Sequence[CheckedItem], context: Context, left_out: Sequence[Check[Context]]) -> Answer:
    from creditctl.checks.checked_item import stage_words
    from creditctl.cli.render.checks import exit_code_of, findings_of, show_checklist
    from creditctl.core.findings import Severity

    missing = [item for item in items if not item.holds]
    unproven = sum(context.stage in check.required for check in left_out)

    def human(console: Console) -> None:
        show_checklist(console, items, stage=stage_words(context.stage), left_out=unproven)

    return Answer(
        {
            "stage": str(context.stage),
            "ready": not missing and not unproven,
            "checks": [item.as_dict() for item in items],
            "holding": sum(item.result.status.holds for item in items),
            "items": len(items),
            "required": sum(item.required for item in items),
            "missing": [item.result.id for item in missing],
            "left_out": [check.id for check in left_out],
        },
        human,
        findings=[
            finding if item.required else replace(finding, severity=Severity.LOW)
            for item in items
            for finding in findings_of([item.result])
        ],
        exit_code=exit_code_of(holds=not missing, incomplete=bool(context.lost)),
    )
