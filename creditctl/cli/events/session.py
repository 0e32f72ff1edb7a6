"""What the commands about events share: options, the open files, the progress, the lines."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from creditctl.cli.output import Run
from creditctl.core.errors import Stopped
from creditctl.core.when import parse_window

if TYPE_CHECKING:
    from creditctl.core.modes import Mode
    from creditctl.core.settings import Settings
    from creditctl.ledger.archive.models import EventQuery
    from creditctl.ledger.archive.store import Archive
    from creditctl.ledger.store import Ledger
    from creditctl.stripe_api.client import StripeConnection

TypeOption = Annotated[
    list[str] | None,
    typer.Option("--type", help="Only this type, or a group such as charge.*; may be given several times."),
]
ObjectOption = Annotated[
    str | None, typer.Option("--object", help="Only about this session, payment, charge, refund …", metavar="ID")
]
UserOption = Annotated[str | None, typer.Option("--user", help="Only about payments of this user.", metavar="ID")]
UndeliveredOption = Annotated[
    bool, typer.Option("--undelivered", help="Only those that at least one endpoint has not accepted.")
]
ArchiveOption = Annotated[bool, typer.Option("--archive", help="Ask the archive only, not Stripe.")]
JsonLinesOption = Annotated[bool, typer.Option("--jsonl", help="Print one JSON object a line, as they come.")]


@dataclass(frozen=True, slots=True)
class EventFilter:
    """The filter that was typed."""

    types: tuple[str, ...]
    since: str | None
    until: str | None
    object_id: str | None
    user_id: str | None
    undelivered: bool

    @property
    def empty(self) -> bool:
        """Whether nothing was said."""
        return not (self.types or self.since or self.until or self.object_id or self.user_id or self.undelivered)

    def as_dict(self) -> dict[str, object]:
        """The filter as it was typed."""
        return {
            "types": list(self.types),
            "since": self.since,
            "until": self.until,
            "object": self.object_id,
            "user": self.user_id,
            "undelivered": self.undelivered,
        }


@dataclass(frozen=True)
class EventSession:
    """Everything that is open while a command runs. Shape: `archive` and `ledger` are None where there is none yet."""

    run: Run
    settings: Settings
    door: StripeConnection
    archive: Archive | None
    ledger: Ledger | None

    def query(self, wanted: EventFilter) -> EventQuery:
        """The query of a filter; a user's payments are known from the ledger. Errors: UsageError."""
        from creditctl.ledger.archive.models import EventQuery

        window = parse_window(wanted.since, wanted.until, self.run.wiring.clock())
        return EventQuery(
            types=wanted.types,
            since=window.since,
            until=window.until,
            object_id=wanted.object_id,
            user_id=wanted.user_id,
            payment_keys=payments_of(self.ledger, wanted.user_id),
        )


@contextmanager
def open_desk(run: Run, env_file: Path | None, mode: Mode | None, *, make_mirror: bool) -> Iterator[EventSession]:
    """Opens the door to Stripe, the ledger if there is one, and the archive, which is made if that is wanted.

    Errors: ConfigurationError, GuardRefused where a file belongs to another account or mode, LedgerError.
    """
    from creditctl.ledger.archive.location import archive_exists, archive_path
    from creditctl.ledger.archive.store import Archive

    settings = run.wiring.settings(env_file, mode)
    with ExitStack() as stack:
        door = stack.enter_context(run.wiring.stripe(settings))
        ledger = open_ledger(run, settings, door, stack)
        path = archive_path(settings.ledger_path)
        archive = None
        if make_mirror or archive_exists(path):
            account = door.account_id if make_mirror else settings.account_id
            archive = stack.enter_context(Archive.open(path, account=account, livemode=door.livemode))
        yield EventSession(run, settings, door, archive, ledger)


def open_ledger(run: Run, settings: Settings, door: StripeConnection, stack: ExitStack) -> Ledger | None:
    """The ledger, or None where the application keeps its own elsewhere. Errors: LedgerError, GuardRefused."""
    from creditctl.ledger.store import Ledger

    if not settings.ledger_path.exists():
        return None
    opened = Ledger.open(
        settings.ledger_path,
        account=settings.account_id,
        livemode=door.livemode,
        clock=run.wiring.clock,
        create=False,
    )
    return stack.enter_context(opened)


@contextmanager
def scratch_mirror(desk: EventSession) -> Iterator[Archive]:
    """The archive, or where there is none one that is thrown away: for commands that promise to change nothing."""
    from creditctl.ledger.archive.store import Archive

    if desk.archive is not None:
        yield desk.archive
        return
    with (
        tempfile.TemporaryDirectory(prefix="creditctl-events-") as folder,
        Archive.open(Path(folder) / "scratch-archive.db", account="none", livemode=desk.door.livemode) as archive,
    ):
        yield archive


def payments_of(ledger: Ledger | None, user_id: str | None) -> frozenset[str]:
    """The payments of a user that the ledger knows: refunds and disputes name no user themselves."""
    if ledger is None or user_id is None:
        return frozenset()
    from creditctl.ledger.models import EntryFilter

    keys: set[str] = set()
    after = 0
    with ledger.reading() as view:
        while page := view.entries(EntryFilter(user_id=user_id), after_id=after, limit=1000):
            keys.update(entry.payment_key for entry in page if entry.payment_key)
            after = page[-1].id
    return frozenset(keys)


@contextmanager
def goes_on(where: str) -> Iterator[None]:
    """Ctrl-C inside ends the command with a word on where it goes on. Errors: Stopped."""
    try:
        yield
    except KeyboardInterrupt:
        raise Stopped("Stopped.", code="stopped", fix=where) from None


def write_line(run: Run, row: Mapping[str, Any]) -> None:
    """One JSON object on a line of stdout, at once."""
    run.wiring.stdout.write(json.dumps(row, ensure_ascii=True, default=str) + "\n")
    run.wiring.stdout.flush()
