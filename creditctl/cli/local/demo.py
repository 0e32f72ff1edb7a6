"""`creditctl demo`: the whole story on one machine in seconds, without an account and without a network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from creditctl.cli.command import Answer, Session, command
from creditctl.core.errors import ConfigurationError
from creditctl.core.modes import Mode
from creditctl.ledger.sqlite.scratch_folder import scratch_folder

if TYPE_CHECKING:
    from creditctl.cli.local.local_stack import LocalStack


@command(settings=False)
def demo(
    session: Session,
    keep: Annotated[
        Path | None,
        typer.Option("--keep", help="Keep the files of the demo in this new or empty folder.", metavar="DIR"),
    ] = None,
    serve: Annotated[bool, typer.Option("--serve", help="Keep the storefront up afterwards, until Ctrl-C.")] = False,
) -> Answer:
    """Tell the whole story with a local Stripe: set-up, purchases, webhooks, refund, reconcile."""
    from creditctl.cli.local.demo_steps import DemoRun, DemoStepFailed
    from creditctl.cli.local.local_stack import start_local_stack
    from creditctl.cli.render.demo import demo_answer

    session.wiring.mode = Mode.EMULATOR
    folder = session.stack.enter_context(_folder(session.wiring.folder, keep))
    session.say("A local Stripe and a credit backend start on this machine …")
    world = session.stack.enter_context(start_local_stack(session.wiring, folder, keep_state=keep is not None))
    story = DemoRun(world, session.wiring.catalog(), tell=lambda line: session.say(f"  - {line}"))
    try:
        story.run()
    except DemoStepFailed as broken:
        return demo_answer(story.steps, ledger_rows(world), keep, [broken.finding])
    if serve:
        _stay(session, world)
    return demo_answer(story.steps, ledger_rows(world), keep)


@contextmanager
def _folder(base: Path, keep: Path | None) -> Iterator[Path]:
    """The folder of the demo: a temporary one that is gone afterwards, or the one to keep."""
    if keep is None:
        with scratch_folder("demo") as scratch:
            yield scratch
        return
    folder = base / keep
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ConfigurationError(
            f"{keep} is not empty.", code="demo.not_empty", fix="Choose a new folder for --keep; nothing was touched."
        )
    yield folder


def _stay(session: Session, world: LocalStack) -> None:
    import threading

    session.say(f"The storefront is at {world.backend_url}/ and the local Stripe at {world.emulator_url}.")
    session.say("Buy with 4242 4242 4242 4242, any future date and any CVC. Ctrl-C stops it.")
    threading.Event().wait()


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
