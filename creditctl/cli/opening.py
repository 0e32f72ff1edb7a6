"""Opens the ledger and the archive that a command declared, checked against the key at hand."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from creditctl.cli.uses import FileUse
from creditctl.core.errors import ConfigurationError, GuardRefused, LedgerError
from creditctl.core.modes import Mode, require_mode

if TYPE_CHECKING:
    from pathlib import Path

    from creditctl.cli.wiring import Wiring
    from creditctl.core.settings import Settings
    from creditctl.ledger.archive.store import Archive
    from creditctl.ledger.store import Ledger
    from creditctl.stripe_api.client import StripeConnection


def ledger_beside_stripe(
    path: Path, use: FileUse, *, settings: Settings, stripe: StripeConnection, wiring: Wiring
) -> Ledger:
    """Opens a ledger next to its account: what is compared or posted is that account's; mere reading trusts the pin.

    Errors: LedgerError; GuardRefused where it belongs to another account or mode than the key.
    """
    from creditctl.ledger.store import Ledger

    return Ledger.open(
        path,
        account=settings.account_id if use is FileUse.IF_THERE else stripe.account_id,
        livemode=stripe.livemode,
        deployment=settings.deployment.name,
        clock=wiring.clock,
        create=use is FileUse.CREATE,
    )


def ledger_by_itself(named: Path | None, *, settings: Settings, expected: Mode | None, wiring: Wiring) -> Ledger:
    """Opens a ledger that no key has to be there for; without a key it says itself which mode it is of.

    Shape:  `named` is --ledger; without it CREDITCTL_LEDGER or the key's mode says which file.
    Errors: LedgerError; ConfigurationError where nothing says which; GuardRefused where mode or account differ.
    """
    from creditctl.ledger.owner import ANY_DEPLOYMENT
    from creditctl.ledger.store import Ledger

    mode = settings.mode if settings.text("STRIPE_SECRET_KEY") else None
    if mode is not None:
        require_mode(expected, mode)
    elif named is None and settings.text("CREDITCTL_LEDGER") is None:
        raise ConfigurationError(
            "Nothing says which ledger is meant.",
            code="ledger.which",
            fix="Name it with --ledger FILE or CREDITCTL_LEDGER, or set STRIPE_SECRET_KEY: each mode has its own.",
        )
    path = settings.ledger_path if named is None else wiring.folder / named
    livemode = None if mode is None else settings.api_key.livemode
    opened = Ledger.open(
        path,
        account=settings.account_id,
        livemode=livemode,
        # Without a project file, as where only a copy is at hand, the ledger itself says whose it is.
        deployment=settings.deployment.name or ANY_DEPLOYMENT,
        clock=wiring.clock,
        create=False,
    )
    if mode is None:
        _require_expected(opened, expected)
        wiring.mode = Mode.LIVE if opened.livemode else None
    return opened


def _require_expected(ledger: Ledger, expected: Mode | None) -> None:
    """Without a key, the ledger itself says whether it is live; one that was not meant is closed again."""
    if expected is not None and (expected is Mode.LIVE) != ledger.livemode:
        ledger.close()
        raise GuardRefused(
            f"The ledger {ledger.path} is {'live' if ledger.livemode else 'not live'}, but --mode {expected} was said.",
            code="guard.mode",
            fix="Name the ledger that you mean with --ledger.",
        )


def require_no_foreign_ledger(settings: Settings, stripe: StripeConnection, wiring: Wiring) -> None:
    """Refuses to change an account while the ledger of the settings belongs to another: one of both is a mistake.

    Shape:  where there is no ledger yet, or none that can be read, nothing speaks against the account; nor where the
            key may not read whose it is, which is asked for by what needs it.
    Errors: GuardRefused.
    """
    from stripe import PermissionError as MayNotRead

    from creditctl.ledger.owner import ANY_DEPLOYMENT
    from creditctl.ledger.store import Ledger

    if not settings.ledger_path.is_file():
        return
    with suppress(LedgerError, MayNotRead):
        Ledger.open(
            settings.ledger_path,
            account=stripe.account_id,
            livemode=None,
            deployment=ANY_DEPLOYMENT,
            clock=wiring.clock,
            create=False,
        ).close()


def open_archive(use: FileUse, *, settings: Settings, stripe: StripeConnection) -> Archive | None:
    """Opens the archive beside the ledger, None where there is none yet; made where the command says so.

    Errors: LedgerError, GuardRefused.
    """
    from creditctl.ledger.archive.location import archive_exists, archive_path
    from creditctl.ledger.archive.store import Archive

    creates = use is FileUse.CREATE
    path = archive_path(settings.ledger_path)
    if not creates and not archive_exists(path):
        return None
    account = stripe.account_id if creates else settings.account_id
    return Archive.open(path, account=account, livemode=stripe.livemode)
