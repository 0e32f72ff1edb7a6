"""Which ledger a command means, opened and checked against the key at hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.cli.guard import asker, confirm_entries
from creditctl.core.errors import ConfigurationError, GuardRefused, UsageError
from creditctl.core.modes import Mode, require_mode

if TYPE_CHECKING:
    from creditctl.cli.output import Run
    from creditctl.core.settings import Settings
    from creditctl.ledger.store import Ledger

JsonLinesOption = Annotated[bool, typer.Option("--jsonl", help="Print one JSON object a line, and no table.")]
LimitOption = Annotated[
    int | None, typer.Option("--limit", min=1, help="At most this many rows.", show_default="50 on a page, else all")
]


@dataclass(frozen=True)
class LedgerLocation:
    """A ledger that is meant, not opened yet. Shape: `mode` is None where there is no key to say it."""

    path: Path
    settings: Settings
    mode: Mode | None
    expected: Mode | None


def locate(run: Run, *, ledger: Path | None, env_file: Path | None, expected: Mode | None = None) -> LedgerLocation:
    """Finds the file by --ledger, by CREDITCTL_LEDGER or by the key's mode.

    Errors: ConfigurationError where nothing says which; GuardRefused when the key is of another mode than `expected`.
    """
    settings = run.wiring.settings(env_file)
    mode = settings.mode if settings.text("STRIPE_SECRET_KEY") else None
    if mode is not None:
        require_mode(expected, mode)
    if ledger is not None:
        return LedgerLocation(run.wiring.folder / ledger, settings, mode, expected)
    if mode is None and settings.text("CREDITCTL_LEDGER") is None:
        raise ConfigurationError(
            "Nothing says which ledger is meant.",
            code="ledger.which",
            fix="Name it with --ledger FILE or CREDITCTL_LEDGER, or set STRIPE_SECRET_KEY: each mode has its own.",
        )
    return LedgerLocation(settings.ledger_path, settings, mode, expected)


def open_ledger(run: Run, place: LedgerLocation) -> Ledger:
    """Opens a ledger that exists; one of another mode than the key's, or another account than the pinned, is refused.

    Errors: LedgerError, GuardRefused.
    """
    from creditctl.ledger.store import Ledger

    livemode = None if place.mode is None else place.settings.api_key.livemode
    account = place.settings.account_id
    opened = Ledger.open(place.path, account=account, livemode=livemode, clock=run.wiring.clock, create=False)
    if place.mode is None:
        try:
            _require_expected(opened, place.expected)
        except GuardRefused:
            opened.close()
            raise
        run.wiring.mode = Mode.LIVE if opened.livemode else None
    return opened


def _require_expected(ledger: Ledger, expected: Mode | None) -> None:
    """Without a key, the ledger itself says whether it is live."""
    if expected is not None and (expected is Mode.LIVE) != ledger.livemode:
        raise GuardRefused(
            f"The ledger {ledger.path} is {'live' if ledger.livemode else 'not live'}, but --mode {expected} was said.",
            code="guard.mode",
            fix="Name the ledger that you mean with --ledger.",
        )


def confirm(run: Run, place: LedgerLocation, ledger: Ledger, given: str | None, *, yes: bool = False) -> None:
    """The live guard before entries. Errors: GuardRefused."""
    ask = asker(run, yes=yes)
    confirm_entries(ledger, mode=place.mode, expected=place.expected, confirm=given, ask=ask)


def require_one_form(run: Run, **forms: bool) -> None:
    """Refuses two forms of output at once. Errors: UsageError."""
    chosen = [name for name, wanted in (*forms.items(), ("json", run.as_json)) if wanted]
    if len(chosen) > 1:
        raise UsageError(
            f"--{chosen[0]} and --{chosen[1]} are two forms of the same answer.", code="usage.form", fix="Choose one."
        )
