"""Selection of `events replay`: which events are sent, in which order, and the interrupted replay that goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from creditctl.cli.progress import progress
from creditctl.core.errors import UsageError

if TYPE_CHECKING:
    from creditctl.cli.events.delivery_target import ReplayTarget
    from creditctl.cli.events.event_filter import EventFilter
    from creditctl.cli.session import Session
    from creditctl.events.replay import ReplayPolicy
    from creditctl.ledger.archive.models import EventRecord
    from creditctl.ledger.archive.store import Archive


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """What the operator asked for: which events, read from where, sent to where."""

    ids: tuple[str, ...]
    filter: EventFilter
    to: str | None
    via_stripe: bool
    archive: bool
    restart: bool


@dataclass(frozen=True, slots=True)
class ReplaySelection:
    """The events that one replay is about, as its options, its target and its policy choose them."""

    session: Session
    options: ReplayOptions
    target: ReplayTarget
    policy: ReplayPolicy

    def begin(self, archive: Archive) -> tuple[int, bool]:
        """The replay to go on with, or a new one; and whether it goes on."""
        known = self._unfinished(archive)
        if known is not None:
            return known, True
        chosen = self._chosen(archive)
        self.session.say(f"{len(chosen):,} events to {self.target.name}")
        now = self.session.wiring.clock()
        return archive.replays.begin(self._fingerprint(), self.target.name, now, chosen), False

    def plan(self, archive: Archive) -> dict[str, Any]:
        """What would be sent in one run, and how many events would be left; nothing is sent."""
        from creditctl.events.event_view import EventView

        known = self._unfinished(archive)
        left = None if known is None else [item.event_id for item in archive.replays.open_items(known)]
        chosen = self._chosen(archive) if left is None else left
        rows: list[dict[str, Any]] = []
        sent = 0
        for event_id in chosen:
            record = archive.event(event_id)
            if record is None or sent >= self.policy.limit:
                break
            skipped = self.policy.skip_posted and self._is_posted(record)
            rows.append({**EventView(record).as_row(), "state": "skip" if skipped else "send"})
            sent += not skipped
        return {"target": self.target.name, "deliveries": rows, "left": len(chosen) - len(rows)}

    def _unfinished(self, archive: Archive) -> int | None:
        """The replay of the same options that was interrupted, if it is to go on."""
        from creditctl.core.when import iso_time

        known = None if self.options.restart else archive.replays.unfinished(self._fingerprint())
        if known is None:
            return None
        number, began = known
        self.session.say(f"Continuing replay {number} of {iso_time(began)}; --restart begins anew.")
        return number

    def _fingerprint(self) -> str:
        from creditctl.events.replay import fingerprint

        options, name = self.options, self.target.name
        words = {
            "ids": sorted(options.ids),
            "target": name,
            "archive": options.archive,
            "skip": self.policy.skip_posted,
        }
        return fingerprint({**options.filter.as_dict(), **words})

    def _chosen(self, archive: Archive) -> list[str]:
        """The ids of the events, in order."""
        from creditctl.events.selection import gather_named, select_events

        session, options = self.session, self.options
        client = None if options.archive else session.stripe.client
        clock = session.wiring.clock
        if options.ids:
            return gather_named(client, archive, options.ids, clock=clock)
        query, undelivered = options.filter.query(session), options.filter.undelivered
        with progress(session) as told:
            return select_events(client, archive, query, clock=clock, undelivered=undelivered, progress=told)

    def _is_posted(self, record: EventRecord) -> bool:
        from creditctl.events.ledger_effect import is_posted

        if self.session.ledger_if_there is None:
            return False
        with self.session.ledger.reading() as view:
            return is_posted(record, view)


def require_clear_choice(options: ReplayOptions) -> None:
    """Refuses options that choose no event, or contradict each other. Errors: UsageError."""
    if not options.ids and options.filter.empty:
        raise UsageError(
            "Nothing says which events to replay.",
            code="events.nothing_chosen",
            fix="Name events, or filter: --since 36h, --undelivered, --type, --object, --user.",
        )
    if options.ids and not options.filter.empty:
        raise UsageError("Events are named or filtered, not both.", code="events.ids_and_filter", fix="Choose one.")
    if options.to is not None and options.via_stripe:
        raise UsageError(
            "Stripe resends to its endpoints only, not to a URL of --to.",
            code="events.to_and_stripe",
            fix="Leave --to or --via-stripe away.",
        )
