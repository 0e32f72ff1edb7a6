"""`creditctl status`: where one stands, and the next command. Works without network and without settings."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from creditctl.cli.command import Answer, FileUse, ModeCheck, Session, StripeUse, command
from creditctl.core.errors import ConfigurationError, CreditctlError

if TYPE_CHECKING:
    from pathlib import Path

    from creditctl.checks.status.items import StatusItem
    from creditctl.checks.status.next_step import NextStep
    from creditctl.cli.console import Console
    from creditctl.core.project_file.source import SourceSection
    from creditctl.core.settings import Settings
    from creditctl.ledger.store import Ledger


@command(stripe=StripeUse.OPTIONAL, ledger=FileUse.IF_THERE, mode=ModeCheck.AT_FIRST_USE, webhook=True)
def status(session: Session) -> Answer:
    """Say where one stands: settings, mode, account, deployment, ledger, endpoint, last reconcile; and what next.

    What cannot be known, without a network or without settings, is said with the reason. Changes nothing.
    """
    from creditctl.checks.status.next_step import next_step

    settings, project_error = _settings(session)
    books = _ledger(session, settings)
    items = [
        *_of_settings(session, settings, project_error, books.ledger),
        *_of_stripe(session, settings, project_error, books.ledger),
        *_of_books(session, settings, books),
    ]
    step = next_step(items, session.options.env_file)
    report = {"items": [item.as_dict() for item in items], "next": step.as_dict()}
    return Answer(report, lambda console: _show(console, items, step))


def _settings(session: Session) -> tuple[Settings, CreditctlError | None]:
    """The settings, without the project file where that cannot be read. Errors: of an env file that was named."""
    try:
        return session.settings, None
    except ConfigurationError as error:
        return session.wiring.settings_alone(session.options.env_file), error


def _of_settings(
    session: Session, settings: Settings, error: CreditctlError | None, ledger: Ledger | None
) -> list[StatusItem]:
    from creditctl.checks.status import settings_items as room

    folder = session.wiring.folder

    def shown(path: Path) -> str:
        return os.path.relpath(path, folder)

    where = "that come with creditctl"
    if settings.project.packages:
        where = "in creditctl.toml"
    elif settings.catalog_path is not None:
        where = f"in {shown(settings.catalog_path)}"
    return [
        room.settings_item(settings, there=(folder / settings.env_file).exists()),
        room.project_item(settings.project, error, shown),
        room.mode_item(settings),
        room.deployment_item(settings, error, None if ledger is None else ledger.owner),
        room.catalog_item(partial(session.catalog_of, settings), where),
    ]


def _of_stripe(
    session: Session, settings: Settings, error: CreditctlError | None, ledger: Ledger | None
) -> list[StatusItem]:
    """What Stripe says; where it does not say whose the key is, nothing else is asked."""
    from creditctl.checks.status import stripe_items as room
    from creditctl.checks.status.items import StatusState, looked_at, unknown
    from creditctl.stripe_api.retry import RetryPolicy

    session.retry_policy = RetryPolicy(busy_tries=2, broken_tries=1, answer_seconds=20.0)
    rest = (("prices", "Prices"), ("endpoint", "Webhook endpoint"))
    if error is not None:
        reason = "the project file cannot be read"
        return [unknown(id_, title, reason) for id_, title in (("account", "Account"), *rest)]
    owner = None if ledger is None else ledger.owner
    account = looked_at("account", "Account", lambda: room.account_item(session.stripe, owner))
    if account.state is StatusState.UNKNOWN:
        return [account, *(unknown(id_, title, "Stripe could not be asked") for id_, title in rest)]
    return [
        account,
        looked_at(*rest[0], lambda: room.prices_item(session.stripe, session.catalog_of(settings))),
        looked_at(*rest[1], lambda: room.endpoint_item(session.stripe, settings)),
    ]


def _of_books(session: Session, settings: Settings, books: _FoundLedger) -> list[StatusItem]:
    from creditctl.checks.status import ledger_items as room

    path, ledger, reason = books
    source = settings.project.source
    return [
        *([] if source is None else [room.source_item(source, reachable=_is_reachable(session, settings, source))]),
        room.ledger_item(ledger, path, reason),
        room.reconcile_item(ledger, session.wiring.clock(), reason),
    ]


def _is_reachable(session: Session, settings: Settings, source: SourceSection) -> bool:
    """Whether the settings say where the application's rows are; nothing is read."""
    if source.url_variable is not None:
        return bool(session.wiring.secret_variable(source.url_variable, settings))
    return ((settings.project.folder or session.wiring.folder) / str(source.file)).exists()


class _FoundLedger(NamedTuple):
    """The ledger that the settings name: its path, itself, and why it could not be opened."""

    path: str
    ledger: Ledger | None = None
    reason: str | None = None


def _ledger(session: Session, settings: Settings) -> _FoundLedger:
    """The ledger, whatever deployment it belongs to: whether that is the one of the settings is said beside it."""
    from creditctl.ledger.owner import ANY_DEPLOYMENT
    from creditctl.ledger.store import Ledger

    try:
        path = settings.ledger_path
    except CreditctlError as error:
        return _FoundLedger("", reason=f"which one, the mode says, and that is unknown ({error.message})")
    shown = os.path.relpath(path, session.wiring.folder)
    if not path.exists():
        return _FoundLedger(shown)
    try:
        opened = Ledger.open(
            path,
            account=settings.account_id,
            livemode=settings.api_key.livemode if settings.text("STRIPE_SECRET_KEY") else None,
            deployment=ANY_DEPLOYMENT,
            clock=session.wiring.clock,
            create=False,
        )
    except CreditctlError as error:
        return _FoundLedger(shown, reason=error.message)
    return _FoundLedger(shown, session.stack.enter_context(opened))


def _show(console: Console, items: list[StatusItem], step: NextStep) -> None:
    width = max(len(item.title) for item in items)
    for item in items:
        text = f"unknown: {item.text}" if item.state == "unknown" else item.text
        console.print(f"{item.title:<{width}}  {text}")
    console.print(f"Next: `{step.command}` ({step.reason})")
