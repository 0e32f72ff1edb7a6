"""`creditctl ledger init`: a new ledger, bound to one account and one livemode for good."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.cli.command import Answer, FileUse, Session, StripeUse, Writes, command
from creditctl.core.errors import ConfigurationError, GuardRefused, UsageError
from creditctl.core.modes import Mode, require_mode

if TYPE_CHECKING:
    from creditctl.core.settings import Settings

AccountOption = Annotated[
    str | None, typer.Option("--account", help="The account; without it, Stripe is asked.", metavar="acct_…")
]
LivemodeOption = Annotated[
    bool | None, typer.Option("--livemode/--test", help="With --account: whether the ledger is for live payments.")
]


@command(stripe=StripeUse.OPTIONAL, ledger=FileUse.CREATE, writes=Writes.FILES)
def init(session: Session, account: AccountOption = None, livemode: LivemodeOption = None) -> Answer:
    """Begin a ledger for one account and mode, read from Stripe, or said with --account and --livemode or --test.

    A ledger that exists is left as it is (exit 3).
    """
    from creditctl.cli.render import ledger as render
    from creditctl.ledger.store import Ledger

    mode = session.options.mode
    settings = session.wiring.settings(session.options.env_file)
    if settings.text("STRIPE_SECRET_KEY"):
        require_mode(mode, settings.mode)
    owner = _said(settings, account, livemode, mode) or _asked(session, settings)
    path = _path(session, settings, owner[1])
    _require_new(session, path)
    with Ledger.open(path, account=owner[0], livemode=owner[1], clock=session.wiring.clock) as opened:
        report = {"ledger": str(path), "account": opened.account, "livemode": opened.livemode}
    return Answer(report, lambda console: render.begun(console, path, *owner))


def _said(settings: Settings, account: str | None, livemode: bool | None, mode: Mode | None) -> tuple[str, bool] | None:
    """The owner as the options say it. Errors: UsageError for half an answer, GuardRefused where the key differs."""
    if account is None and livemode is None:
        return None
    if account is None or livemode is None or not account.startswith("acct_"):
        raise UsageError(
            "An owner is --account acct_… together with --livemode or --test.",
            code="ledger.owner",
            fix="Say both, or neither: then Stripe is asked.",
        )
    if settings.text("STRIPE_SECRET_KEY") and settings.api_key.livemode != livemode:
        raise _contradiction(f"STRIPE_SECRET_KEY is a {'live' if settings.api_key.livemode else 'test'} key")
    if settings.account_id not in (None, account):
        raise _contradiction(f"STRIPE_ACCOUNT_ID is {settings.account_id}")
    if mode is not None and (mode is Mode.LIVE) != livemode and mode is not Mode.EMULATOR:
        raise _contradiction(f"--mode is {mode}")
    return account, livemode


def _contradiction(fact: str) -> GuardRefused:
    return GuardRefused(
        f"The ledger would not belong to what is configured: {fact}.",
        code="ledger.owner",
        fix="Correct the one that is wrong; a ledger belongs to one account and mode for good.",
    )


def _asked(session: Session, settings: Settings) -> tuple[str, bool]:
    """The owner of the key, read from Stripe; a pinned account has to be the same."""
    if settings.text("STRIPE_SECRET_KEY") is None:
        raise ConfigurationError(
            "A ledger belongs to one account and mode, and STRIPE_SECRET_KEY is not set to ask Stripe with.",
            code="env.missing",
            fix="Set it, or say it: `creditctl ledger init --account acct_… --test` (or --livemode).",
        )
    _ = session.stripe.client  # checks the pinned account, if there is one
    return session.stripe.account_id, session.stripe.livemode


def _path(session: Session, settings: Settings, livemode: bool) -> Path:
    """Where the new ledger lies: --ledger, what the settings say, or the file of its mode."""
    named, folder = session.options.ledger, session.wiring.folder
    if named is not None:
        return folder / named
    if settings.text("CREDITCTL_LEDGER") or settings.text("STRIPE_SECRET_KEY"):
        return settings.ledger_path
    return folder / ("creditctl.db" if livemode else "creditctl-test.db")


def _require_new(session: Session, path: Path) -> None:
    """Leaves a ledger that exists alone. Errors: ConfigurationError saying whose it is; LedgerError if it is none."""
    from creditctl.ledger.store import Ledger

    if not path.exists() or (path.is_file() and path.stat().st_size == 0):
        return
    with (
        Ledger.open(path, account=None, livemode=None, clock=session.wiring.clock, create=False) as there,
        there.reading() as view,
    ):
        raise ConfigurationError(
            f"There is a ledger at {path} already: {there.account}, {'live' if there.livemode else 'test'} mode, "
            f"{view.count():,} entries. It was left as it is.",
            code="ledger.exists",
            fix="Go on with `creditctl ledger balance`, or name another file with --ledger or CREDITCTL_LEDGER.",
        )
