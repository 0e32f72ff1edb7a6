"""What `checklist` and `doctor` share: a look at everything that checks ask about, opened once and closed again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from creditctl.core.errors import ConfigurationError, GuardRefused
from creditctl.core.modes import Mode

if TYPE_CHECKING:
    from creditctl.checks.context import Context
    from creditctl.cli.output import Run
    from creditctl.core.settings import Settings
    from creditctl.stripe_api.client import StripeConnection


@contextmanager
def open_check_context(
    run: Run, env_file: Path | None, expected: Mode | None, catalog: Path | None
) -> Iterator[Context]:
    """The context of one run of checks; a key or ledger that is not usable is for the checks to say.

    Errors: GuardRefused where --mode says another mode than the settings; whatever the env file or catalogue raise.
    """
    from creditctl.checks.context import Context, open_ledger
    from creditctl.checks.env.collect import gather_env
    from creditctl.checks.env.git import run_git
    from creditctl.checks.probe import probe_url

    wiring = run.wiring
    settings = wiring.settings(env_file, expected)
    view = gather_env(wiring.folder, wiring.environ, git=run_git, backend=env_file, expected=expected)
    with ExitStack() as stack:
        door, no_stripe = _door(run, settings, stack)
        ledger, no_ledger = open_ledger(settings, door, wiring.clock)
        if ledger is not None:
            stack.enter_context(ledger)
        yield Context(
            settings=settings,
            env=view,
            catalog=wiring.catalog(catalog or settings.catalog_path),
            clock=wiring.clock,
            stripe=door,
            ledger=ledger,
            probe=wiring.probe or probe_url,
            no_stripe=no_stripe,
            no_ledger=no_ledger,
        )


def _door(run: Run, settings: Settings, stack: ExitStack) -> tuple[StripeConnection | None, str]:
    try:
        return stack.enter_context(run.wiring.stripe(settings, audited=False)), ""
    except (ConfigurationError, GuardRefused) as error:
        return None, error.message
