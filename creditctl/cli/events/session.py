"""What the commands about events share: files opened before anything is sent, a scratch archive, Ctrl-C's last word."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from creditctl.core.errors import Stopped, UsageError

if TYPE_CHECKING:
    from creditctl.cli.session import Session
    from creditctl.ledger.archive.store import Archive


def open_files(session: Session) -> None:
    """Opens Stripe, the ledger and the archive, so that files of another account are refused before an event is read.

    Errors: ConfigurationError, GuardRefused, LedgerError.
    """
    _ = session.stripe, session.ledger_if_there, session.archive


def kept_archive(session: Session) -> Archive:
    """The archive of a command that makes one where there is none. Errors: RuntimeError where it does not."""
    if session.archive is None:
        raise RuntimeError("the command does not declare archive=FileUse.CREATE")
    return session.archive


def require_archive(session: Session, *, archive: bool, undelivered: bool) -> None:
    """Refuses to ask an archive that is not there, or for what it cannot know. Errors: UsageError."""
    if archive and session.archive is None:
        raise UsageError("There is no archive yet.", code="events.no_archive", fix="Run `creditctl events archive`.")
    if archive and undelivered:
        raise UsageError(
            "Only Stripe knows which events are undelivered.",
            code="events.undelivered_archive",
            fix="Leave --archive or --undelivered away.",
        )


@contextmanager
def scratch_archive(session: Session) -> Iterator[Archive]:
    """The archive, or where there is none one that is thrown away: for commands that promise to change nothing."""
    from creditctl.ledger.archive.store import Archive
    from creditctl.ledger.sqlite.scratch_folder import scratch_folder

    if session.archive is not None:
        yield session.archive
        return
    with (
        scratch_folder("events") as folder,
        Archive.open(folder / "scratch.db", account="none", livemode=session.stripe.livemode) as archive,
    ):
        yield archive


@contextmanager
def goes_on(where: str) -> Iterator[None]:
    """Ctrl-C inside ends the command with a word on where it goes on. Errors: Stopped."""
    try:
        yield
    except KeyboardInterrupt:
        raise Stopped("Stopped.", code="stopped", fix=where) from None
