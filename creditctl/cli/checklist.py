"""`creditctl checklist`: the production checklist, proven where a call can prove it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.cli.options import CatalogOption, EnvFileOption, JsonOption, ModeOption
from creditctl.cli.output import start
from creditctl.core.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from rich.console import Console

_GROUP = "checklist."


def build() -> typer.Typer:
    """The group `creditctl checklist`; without a subcommand it runs the checklist."""
    group = typer.Typer(invoke_without_command=True)
    group.callback()(checklist)
    group.command("attest")(attest)
    return group


def checklist(
    ctx: typer.Context,
    env_file: EnvFileOption = None,
    mode: ModeOption = None,
    catalog: CatalogOption = None,
    as_json: JsonOption = False,
) -> None:
    """Go through the production checklist: exit 0 when all nine items hold in live mode, 1 until then.

    Reads only. What no call can prove needs a person: `creditctl checklist attest`.
    """
    if ctx.invoked_subcommand is not None:
        return
    from creditctl.checks.checklist import CHECKLIST
    from creditctl.checks.registry import run_checks
    from creditctl.cli.check_context import open_check_context
    from creditctl.cli.render.checks import findings_of, show_checks

    run = start(ctx, as_json=as_json)
    with open_check_context(run, env_file, mode, catalog) as context:
        results = run_checks(CHECKLIST, context)
    holding = sum(result.status.holds for result in results)
    first = next((result for result in results if not result.status.holds), None)

    def human(console: Console) -> None:
        show_checks(console, results)
        following = f"Next: {first.title}." if first else "Ready to go live. Next: creditctl reconcile, in cron."
        console.print(f"{holding} of {len(results)} items hold. {following}", markup=False)

    run.finish(
        {"checks": [result.as_dict() for result in results], "holding": holding, "items": len(results)},
        human=human,
        findings=findings_of(results),
        exit_code=ExitCode.OK if first is None else ExitCode.FINDINGS,
    )


def attest(
    ctx: typer.Context,
    item: Annotated[str, typer.Argument(help="The item, such as email_receipts.")],
    by: Annotated[str, typer.Option("--by", help="Who looked.", metavar="NAME")],
    note: Annotated[str, typer.Option("--note", help="What they saw.", metavar="TEXT")],
    days: Annotated[int, typer.Option("--days", min=1, max=730, help="For how long it counts.")] = 180,
    env_file: EnvFileOption = None,
    mode: ModeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Vouch for an item that no call can prove; another account, mode or endpoint opens it again."""
    from creditctl.checks import attest as attesting
    from creditctl.checks.checklist import ATTESTABLE
    from creditctl.cli.check_context import open_check_context

    run = start(ctx, as_json=as_json)
    name = _GROUP + item.removeprefix(_GROUP)
    if name not in ATTESTABLE:
        known = ", ".join(sorted(known.removeprefix(_GROUP) for known in ATTESTABLE))
        raise UsageError(
            f"{item!r} is not for a person to attest.", code="checklist.not_attestable", fix=f"These are: {known}."
        )
    with open_check_context(run, env_file, mode, None) as context:
        number = attesting.attest(context, name, by=by, note=note, valid_seconds=days * attesting.DAY_SECONDS)

    def human(console: Console) -> None:
        console.print(f"Attested {name} for {days} days. Next: creditctl checklist", markup=False)

    run.finish({"attestation": number, "item": name, "by": by, "days": days}, human=human)
