"""Holds: deliveries about one object or user that wait until somebody lets them go, one after the other.

A hold and what it keeps survive a restart and lie in snapshots. What was let go waits in a chain: a delivery goes out
when the first attempt of the one before it has ended, whatever came of it.
"""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

import msgspec

from creditctl.emulator.storage.store import Store, encode
from creditctl.emulator.webhooks.subjects import Binding, Subjects, stored_event_subjects


class Hold(msgspec.Struct, frozen=True):
    """One hold: what it is bound to and which event types it keeps."""

    id: int
    binding: Binding
    event: str = "*"

    def keeps(self, type_: str, subjects: Subjects) -> bool:
        """Whether the deliveries of such an event wait here."""
        return fnmatchcase(type_, self.event) and subjects.fit(self.binding)


class HeldDelivery(NamedTuple):
    """One delivery that a hold keeps, and the event that it is of."""

    delivery: int
    event: str
    type: str
    endpoint: str


class Holds:
    """The holds of all accounts, and the deliveries that they keep."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.rules: list[Hold] = []
        self.reload()

    def reload(self) -> None:
        """Read the holds again: the database was opened, emptied or replaced, or a change was rolled back."""
        rows = self._store.tables.execute("SELECT rule FROM holds ORDER BY id")
        self.rules = [msgspec.json.decode(rule, type=Hold) for (rule,) in rows]

    def add(self, binding: Binding, event: str) -> Hold:
        """Put a hold in force, on deliveries that are waiting already too."""
        # A number is never used again: what was let go still stands under the number of its hold.
        number = self._store.tables.execute(
            "SELECT 1 + max((SELECT coalesce(max(id), 0) FROM holds), (SELECT coalesce(max(hold), 0) FROM held))"
        ).fetchone()[0]
        hold = Hold(number, binding, event)
        self._store.tables.execute("INSERT INTO holds (id, rule) VALUES (?, ?)", (number, encode(hold)))
        self.rules.append(hold)
        for delivery in pending_about(self._store, binding, event):
            self._store.tables.execute("UPDATE deliveries SET state = 'held' WHERE id = ?", (delivery,))
            self.keep(delivery, hold)
        return hold

    def find(self, scope: int, number: int) -> Hold | None:
        """A hold of this account by its number."""
        return next((hold for hold in self.rules if hold.id == number and hold.binding.scope == scope), None)

    def keeper(self, type_: str, subjects: Subjects) -> Hold | None:
        """The hold that keeps the deliveries of an event."""
        return next((hold for hold in self.rules if hold.keeps(type_, subjects)), None)

    def keep(self, delivery: int, hold: Hold) -> None:
        """Note that a hold has a delivery; its row says `held`."""
        self._store.tables.execute("INSERT OR REPLACE INTO held (delivery, hold) VALUES (?, ?)", (delivery, hold.id))

    def held(self, hold: Hold) -> list[HeldDelivery]:
        """What a hold keeps, in the order of the events."""
        rows = self._store.db.execute(
            "SELECT d.id, d.event, o.label, d.endpoint FROM held h JOIN deliveries d ON d.id = h.delivery "
            "JOIN objects o ON o.scope = d.scope AND o.id = d.event "
            "WHERE h.hold = ? AND h.place IS NULL AND d.state = 'held' ORDER BY d.id",
            (hold.id,),
        )
        return [HeldDelivery(*row) for row in rows]

    def release(self, hold: Hold, deliveries: Sequence[int], now: int) -> None:
        """Let deliveries go in this order, after those that this hold has let go and that are still under way."""
        place, last = self._tail(hold)
        for delivery in deliveries:
            place += 1
            self._store.tables.execute(
                "UPDATE held SET place = ?, follows = ? WHERE delivery = ?", (place, last, delivery)
            )
            state = "pending" if last is None else "queued"
            self._store.tables.execute(
                "UPDATE deliveries SET state = ?, due = ?, rank = 0 WHERE id = ?", (state, now, delivery)
            )
            last = delivery

    def _tail(self, hold: Hold) -> tuple[int, int | None]:
        """The last place that was given, and the last delivery of the chain that has not had its first attempt."""
        place = self._store.tables.execute(
            "SELECT coalesce(max(place), 0) FROM held WHERE hold = ?", (hold.id,)
        ).fetchone()[0]
        row = self._store.tables.execute(
            "SELECT h.delivery FROM held h JOIN deliveries d ON d.id = h.delivery WHERE h.hold = ? "
            "AND h.place IS NOT NULL AND d.attempts = 0 AND d.state IN ('pending', 'sending', 'queued') "
            "ORDER BY h.place DESC LIMIT 1",
            (hold.id,),
        ).fetchone()
        return place, row[0] if row else None

    def follow(self, delivery: int, now: int) -> bool:
        """Let the delivery go that waits for this one; whether there was one."""
        done = self._store.tables.execute(
            "UPDATE deliveries SET state = 'pending', due = ? WHERE state = 'queued' "
            "AND id IN (SELECT delivery FROM held WHERE follows = ?)",
            (now, delivery),
        )
        return done.rowcount > 0

    def lift(self, hold: Hold) -> None:
        """End a hold; what it still keeps is the caller's to let go."""
        self._store.tables.execute("DELETE FROM holds WHERE id = ?", (hold.id,))
        self.rules = [rule for rule in self.rules if rule.id != hold.id]


def pending_about(store: Store, binding: Binding, event: str = "*", until: int | None = None) -> list[int]:
    """The deliveries about what is bound that wait for an attempt (due by a time), with events of these types."""
    rows = store.db.execute(
        "SELECT d.id, o.label, o.body FROM deliveries d JOIN objects o ON o.scope = d.scope AND o.id = d.event "
        "WHERE d.scope = ? AND d.state = 'pending' AND (? IS NULL OR d.due <= ?) ORDER BY d.id",
        (binding.scope, until, until),
    )
    return [
        delivery
        for delivery, type_, body in rows.fetchall()
        if fnmatchcase(type_, event) and stored_event_subjects(store, binding.scope, body).fit(binding)
    ]
