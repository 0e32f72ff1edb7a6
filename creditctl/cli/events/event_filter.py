"""Filter of events: the options that choose events by type, time, object or user, and the query made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.core.stripe_ids import require_id
from creditctl.core.when import parse_window

if TYPE_CHECKING:
    from creditctl.cli.session import Session
    from creditctl.ledger.archive.models import EventQuery
    from creditctl.ledger.store import Ledger

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

    def query(self, session: Session) -> EventQuery:
        """The query of the filter; a user's payments are known from the ledger. Errors: UsageError."""
        from creditctl.ledger.archive.models import EventQuery

        window = parse_window(self.since, self.until, session.wiring.clock())
        return EventQuery(
            types=self.types,
            since=window.since,
            until=window.until,
            object_id=None if self.object_id is None else require_id(self.object_id, "--object"),
            user_id=self.user_id,
            payment_keys=_payments_of(session.ledger_if_there, self.user_id),
        )


def _payments_of(ledger: Ledger | None, user_id: str | None) -> frozenset[str]:
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
