"""Alerts of a run: whom creditctl.toml or an option names is told what is new, or that all is clear again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from creditctl.core.errors import ConfigurationError
from creditctl.core.keys import redact
from creditctl.core.text import plural
from creditctl.core.urls import split_url

if TYPE_CHECKING:
    from creditctl.cli.command import Session
    from creditctl.cli.reconciling.options import OutputOptions
    from creditctl.ledger.store import Ledger
    from creditctl.reconciliation.alerts.message import AlertContext
    from creditctl.reconciliation.alerts.senders import Send, SendResult

_MOST_TRIES = 2
_PAUSE_SECONDS = 2


def send_alert(session: Session, told: OutputOptions, ledger: Ledger) -> None:
    """Sends the alert that is due, if any; a receiver that does not take it is one line on stderr.

    Errors: ConfigurationError where the receiver's URL is missing or none; LedgerError.
    """
    if not _wanted(session, told):
        return
    send = sender_of(session, told)
    from creditctl.reconciliation.alerts.message import alert_message
    from creditctl.reconciliation.alerts.outbox import claim, given_up, settle

    with ledger.transaction() as tx:
        claimed, lost = claim(tx, told.fail_on), given_up(tx)
    if lost:
        session.say(f"Warning: no receiver ever confirmed the alerts about {plural(lost, 'finding')}.")
    if claimed is None:
        return
    result = deliver(session, send, alert_message(claimed, context_of(session, ledger)))
    with ledger.transaction() as tx:
        settle(tx, claimed, result.outcome)
    if result.reason:
        session.say(f"Warning: the receiver of alerts did not take one: {result.reason}. It is tried again later.")


def deliver(session: Session, send: Send, document: dict[str, Any]) -> SendResult:
    """Sends a document without any secret in it, twice where the receiver is only busy."""
    body = redact(session.wiring.redactor.redact(json.dumps(document, ensure_ascii=False)))
    result = send(body)
    for _ in range(_MOST_TRIES - 1):
        if not result.passing:
            break
        session.wiring.sleep(_PAUSE_SECONDS)
        result = send(body)
    return result


def context_of(session: Session, ledger: Ledger) -> AlertContext:
    """Whose alert it is."""
    from creditctl.reconciliation.alerts.message import AlertContext

    return AlertContext(session.wiring.mode, ledger.account, ledger.deployment, session.wiring.clock())


def sender_of(session: Session, told: OutputOptions) -> Send:
    """The sender that an option or creditctl.toml names.

    Errors: ConfigurationError where nothing names one, its variable holds no URL, or its command needs a shell.
    """
    from creditctl.reconciliation.alerts.senders import needs_shell, to_command, to_webhook

    command, url_env = _receiver(session, told)
    if command is not None:
        _refuse_shell(needs_shell(command))
        return to_command(command, session.wiring.folder)
    if url_env is None:
        raise ConfigurationError(
            "Nothing says who is to be told.",
            code="alert.none",
            fix='Write [alert] with url_env = "NAME" or command = "…" into creditctl.toml, or give --notify-command.',
        )
    url = session.wiring.secret_variable(url_env, session.settings)
    split = None if url is None else split_url(url)
    if url is None or split is None or split.scheme not in ("http", "https") or not split.hostname:
        raise ConfigurationError(
            f"{url_env} holds no URL that alerts can be sent to.",
            code="alert.url",
            fix=f"Set {url_env}=https://… in the env file or the environment that cron gives.",
        )
    return to_webhook(lambda: session.wiring.http_client(url, timeout_seconds=5), url)


def _refuse_shell(word: str | None) -> None:
    """Shape: many programs take such a word for a file's name and end well, and nobody would have been told."""
    if word is not None:
        raise ConfigurationError(
            f"The command for alerts is run without a shell, and {word} means something to a shell alone: give it as "
            "sh -c '…'.",
            code="alert.shell",
            fix="Write sh -c and the command in single quotes, or the path of a script.",
        )


def _wanted(session: Session, told: OutputOptions) -> bool:
    return any(each is not None for each in _receiver(session, told))


def _receiver(session: Session, told: OutputOptions) -> tuple[str | None, str | None]:
    """Command and variable: those of the options, else those of the file."""
    if told.notify_command is not None or told.notify_url_env is not None:
        return told.notify_command, told.notify_url_env
    alert = session.project.alert
    return alert.command, alert.url_env
