"""`creditctl ledger init`: a new ledger, bound to one account, livemode and deployment for good; or a name for one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from creditctl.cli.command import Answer, FileUse, Session, StripeUse, Writes, command
from creditctl.core.errors import ConfigurationError, GuardRefused, UsageError
from creditctl.core.modes import Mode, require_mode
from creditctl.core.when import parse_when

if TYPE_CHECKING:
    from creditctl.core.settings import Settings

AccountOption = Annotated[
    str | None, typer.Option("--account", help="The account; without it, Stripe is asked.", metavar="acct_…")
]
LivemodeOption = Annotated[
    bool | None, typer.Option("--livemode/--test", help="With --account: whether the ledger is for live payments.")
]


NamedSinceOption = Annotated[
    str | None,
    typer.Option(
        "--since",
        help="With --deployment: when the ledger that exists got that name.",
        metavar="WHEN",
    ),
]


@command(stripe=StripeUse.OPTIONAL, ledger=FileUse.CREATE, writes=Writes.FILES)
def init(
    session: Session,
    account: AccountOption = None,
    livemode: LivemodeOption = None,
    since: NamedSinceOption = None,
) -> Answer:
    """Begin a ledger for one account and mode, read from Stripe, or said with --account and --livemode or --test.

    A ledger that exists is left as it is (exit 3); one of no deployment gets a name by --deployment with --since.
    """
    from creditctl.cli.render import ledger as render

    mode = session.options.mode
    settings = session.settings_of_any_mode()
    moment = _moment(session, settings, since)
    if settings.text("STRIPE_SECRET_KEY"):
        require_mode(mode, settings.mode)
    owner = _said(settings, account, livemode, mode) or _asked(session, settings)
    path = _path(session, settings, owner[1])
    if moment is None:
        _require_new(session, path)
    report = _opened(session, settings, path, owner, moment)
    written = settings.project.deployment if session.options.deployment is None else None
    return Answer(report, lambda console: render.begun(console, path, report, written=written))


def _opened(
    session: Session, settings: Settings, path: Path, owner: tuple[str, bool], moment: int | None
) -> dict[str, Any]:
    """Makes the ledger, or names the one that is there. Errors: GuardRefused where it has another name already."""
    from creditctl.ledger.owner import ANY_DEPLOYMENT
    from creditctl.ledger.store import Ledger

    name, clock = settings.deployment.name, session.wiring.clock
    wanted = ANY_DEPLOYMENT if moment is not None and path.exists() else name
    with Ledger.open(path, account=owner[0], livemode=owner[1], deployment=wanted, clock=clock) as opened:
        if moment is not None:
            opened.name_deployment(str(name), moment)
        return {
            "ledger": str(path),
            "account": opened.account,
            "livemode": opened.livemode,
            "deployment": opened.deployment,
            "named_since": opened.named_since,
        }


def _moment(session: Session, settings: Settings, since: str | None) -> int | None:
    """When the deployment got its name, None where nothing is to be named. Errors: UsageError without a name."""
    if since is None:
        return None
    if settings.deployment.name is None:
        raise UsageError(
            "--since says when a deployment got its name, and none is named.",
            code="ledger.no_name",
            fix="Add --deployment NAME, or write `deployment` into creditctl.toml.",
        )
    return parse_when(since, session.wiring.clock())


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
    from creditctl.ledger.owner import ANY_DEPLOYMENT
    from creditctl.ledger.store import Ledger

    if not path.exists() or (path.is_file() and path.stat().st_size == 0):
        return
    with (
        Ledger.open(
            path,
            account=None,
            livemode=None,
            deployment=ANY_DEPLOYMENT,
            clock=session.wiring.clock,
            create=False,
        ) as there,
        there.reading() as view,
    ):
        raise ConfigurationError(
            f"There is a ledger at {path} already: {there.account}, {'live' if there.livemode else 'test'} mode, "
            f"{view.count():,} entries. It was left as it is.",
            code="ledger.exists",
            fix="Go on with `creditctl ledger balance`, or name another file with --ledger or CREDITCTL_LEDGER.",
        )
