"""`creditctl demo`: the whole story on one machine in seconds, without an account and without a network."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from creditctl.cli.options import JsonOption
from creditctl.cli.output import Run, start
from creditctl.core.errors import ConfigurationError, ExitCode
from creditctl.core.modes import Mode

if TYPE_CHECKING:
    from creditctl.cli.console import Console
    from creditctl.cli.local.demo_steps import DemoRun
    from creditctl.cli.local.local_stack import LocalStack
    from creditctl.core.findings import Finding

_NEXT = (
    ("creditctl demo --serve", "the same, then click through the storefront in a browser"),
    ("creditctl simulate", "test-card flows and webhook hazards, as a check for CI"),
    ("creditctl emulator", "a local Stripe on a port, for your own backend or any Stripe SDK"),
    ("creditctl env init", "start with your own account: writes .env for you to fill in"),
)


def demo(
    ctx: typer.Context,
    keep: Annotated[
        Path | None,
        typer.Option("--keep", help="Keep the files of the demo in this new or empty folder.", metavar="DIR"),
    ] = None,
    serve: Annotated[bool, typer.Option("--serve", help="Keep the storefront up afterwards, until Ctrl-C.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Tell the whole story with a local Stripe: set-up, purchases, webhooks, refund, reconcile."""
    from creditctl.cli.local.demo_steps import DemoRun, DemoStepFailed
    from creditctl.cli.local.local_stack import start_local_stack

    run = start(ctx, as_json=as_json)
    run.wiring.mode = Mode.EMULATOR
    with _folder(run.wiring.folder, keep) as folder:
        run.say("A local Stripe and a credit backend start on this machine …")
        with start_local_stack(run.wiring, folder, keep_state=keep is not None) as world:
            story = DemoRun(world, run.wiring.catalog(), tell=lambda line: run.say(f"  - {line}"))
            try:
                story.run()
            except DemoStepFailed as broken:
                _finish(run, story, world, keep, [broken.finding])
            if serve:
                _stay(run, world)
            _finish(run, story, world, keep, [])


@contextmanager
def _folder(base: Path, keep: Path | None) -> Iterator[Path]:
    """The folder of the demo: a temporary one that is gone afterwards, or the one to keep."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="creditctl-demo-") as name:
            yield Path(name)
        return
    folder = base / keep
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ConfigurationError(
            f"{keep} is not empty.", code="demo.not_empty", fix="Choose a new folder for --keep; nothing was touched."
        )
    yield folder


def _stay(run: Run, world: LocalStack) -> None:
    import threading

    run.say(f"The storefront is at {world.backend_url}/ and the local Stripe at {world.emulator_url}.")
    run.say("Buy with 4242 4242 4242 4242, any future date and any CVC. Ctrl-C stops it.")
    threading.Event().wait()


def _finish(run: Run, story: DemoRun, world: LocalStack, keep: Path | None, findings: list[Finding]) -> None:
    rows = ledger_rows(world)
    bought = sum(row["credits"] for row in rows if row["kind"] == "purchase")
    report: dict[str, Any] = {
        "steps": story.steps,
        "ledger": rows,
        "credits_bought": bought,
        "balance": sum(row["credits"] for row in rows),
        "kept": None if keep is None else str(keep),
    }

    def human(console: Console) -> None:
        _render(console, report, findings)

    run.finish(report, human=human, findings=findings, exit_code=ExitCode.FINDINGS if findings else ExitCode.OK)


def ledger_rows(world: LocalStack) -> list[dict[str, Any]]:
    """The entries as the ledger file has them, in order."""
    from creditctl.ledger.store import Ledger

    with (
        Ledger.open(world.ledger_path, account=None, livemode=None, clock=world.inner.clock, create=False) as ledger,
        ledger.reading() as view,
    ):
        return [
            {
                "id": entry.id,
                "kind": str(entry.kind),
                "user_id": entry.user_id,
                "package": entry.package,
                "credits": entry.credits,
                "amount": entry.amount,
                "currency": entry.currency,
                "payment_key": entry.payment_key,
            }
            for entry in view.entries()
        ]


def _render(console: Console, report: dict[str, Any], findings: list[Finding]) -> None:
    from creditctl.cli.render.table import Table, show_table
    from creditctl.core.money import format_amount

    headings = ("#", "Kind", "User", "Package", "Credits", "Amount", "Payment")
    right = frozenset({"#", "Credits", "Amount"})
    table = Table(headings, right=right, title="The ledger, read back from its file")
    for row in report["ledger"]:
        amount = format_amount(row["amount"], row["currency"])
        cells = (str(row["id"]), row["kind"], row["user_id"], row["package"] or "", f"{row['credits']:+,}", amount)
        table.add(*cells, row["payment_key"])
    show_table(console, table)
    console.print(f"{report['credits_bought']:,} credits bought; balance now {report['balance']:,}.")
    for finding in findings:
        console.print(f"FAILED at {finding.subject}: {finding.message}. {finding.fix}", style="bold red")
    if not findings:
        console.print("\nTry next:")
        for command, why in _NEXT:
            console.print(f"  {command:<24} {why}")
