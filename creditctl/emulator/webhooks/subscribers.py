"""Subscribers of an event type: enabled webhook endpoints (cached by account) and connected CLI listeners."""

from collections.abc import Sequence

from creditctl.emulator.protocol.versions import CHARGE_LISTS_UNTIL, since
from creditctl.emulator.storage.object_types import WEBHOOK_ENDPOINT
from creditctl.emulator.storage.store import Store, decode
from creditctl.emulator.webhooks.listeners import Listeners

Subscription = tuple[str, frozenset[str], str | None]
"""An endpoint's id, the types that it wants, and the version that it is pinned to."""


_NOBODY: Sequence[str] = ()


class Subscribers:
    """Who wants which events; the endpoints are read once and kept until somebody says that they changed."""

    def __init__(self, store: Store, listeners: Listeners) -> None:
        self._store, self._listeners = store, listeners
        self._endpoints: dict[int, list[Subscription]] = {}
        self._sees_older: dict[int, bool] = {}

    def sees_older(self, scope: int) -> bool:
        """Whether an endpoint of the account is pinned to a version that shows charges and refunds inside others."""
        older = self._sees_older.get(scope)
        if older is None:
            self._read(scope)
            older = self._sees_older[scope]
        return older

    def matching(self, scope: int, type_: str) -> Sequence[str]:
        """The ids of the enabled endpoints, and of connected listeners, that want this type."""
        endpoints = self._endpoints.get(scope)
        if endpoints is None:
            endpoints = self._read(scope)
        if not endpoints and not self._listeners.any:
            return _NOBODY
        found = [name for name, wanted, _ in endpoints if type_ in wanted or "*" in wanted]
        return found + self._listeners.names(scope)

    def _read(self, scope: int) -> list[Subscription]:
        # The store lists newest first; deliveries of one event are planned in the order of registration.
        bodies = [decode(row.body) for row in reversed(self._store.select(scope, WEBHOOK_ENDPOINT))]
        enabled = [body for body in bodies if body["status"] == "enabled"]
        found = [(body["id"], frozenset(body["enabled_events"]), body["api_version"]) for body in enabled]
        self._sees_older[scope] = any(version and not since(version, CHARGE_LISTS_UNTIL) for _, _, version in found)
        self._endpoints[scope] = found
        return found

    def forget(self, scope: int | None = None) -> None:
        """Drop the cached endpoints of an account, or of all: they changed, or their change was rolled back."""
        if scope is None:
            self._endpoints.clear()
            self._sees_older.clear()
        else:
            self._endpoints.pop(scope, None)
            self._sees_older.pop(scope, None)
