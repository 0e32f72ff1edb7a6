"""Kept lists: what an archive keeps of Stripe's lists, read as if Stripe answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import stripe

from creditctl.core.errors import Unreachable
from creditctl.ledger.archive.pull_store import PullStore
from creditctl.payments.reading.stripe_reader import BALANCE, DISPUTES, INTENTS, REFUNDS, SESSIONS, Seen, StripeReader
from creditctl.stripe_api.pages import Body, Progress

_KEPT = frozenset((SESSIONS, INTENTS, REFUNDS, DISPUTES, BALANCE))


@dataclass(frozen=True)
class KeptLists(StripeReader):
    """Answers the lists of payments from the archive; whatever else is asked, Stripe answers, and line items are kept.

    Shape:  `offline` asks Stripe nothing.
    Errors: those of StripeReader; Unreachable where Stripe would have to be asked.
    """

    store: PullStore | None = None
    offline: bool = False

    @classmethod
    def maker(
        cls, store: PullStore, *, offline: bool
    ) -> Callable[[stripe.StripeClient, Progress | None, Seen | None], StripeReader]:
        """Makes such readers for a PaymentReader."""
        return lambda client, progress, seen: cls(client, progress, seen, store, offline)

    def list(self, path: str, parameters: Mapping[str, Any] | None = None) -> Iterator[Body]:
        """Every object of a list, newest first."""
        wanted = dict(parameters or {})
        if self.store is None or path not in _KEPT or wanted.keys() - {"created", "expand"}:
            self._require_stripe(path)
            yield from super().list(path, parameters)
            return
        created = wanted.get("created", {})
        items = "data.line_items" in wanted.get("expand", ())
        for body in map(msgspec.json.decode, self._bodies(self.store, path, created.get("gte"), created.get("lt"))):
            if self.seen is not None:
                self.seen(path, body)
            yield self._with_items(body) if items else body

    def one(self, path: str, object_id: str, parameters: Mapping[str, Any] | None = None) -> Body | None:
        """One object by its id, or None where Stripe does not know it."""
        self._require_stripe(f"{path}/{object_id}")
        return super().one(path, object_id, parameters)

    def line_items(self, session_id: str) -> Sequence[Body]:
        """All line items of a checkout session, as they are kept; else read, and kept from now on."""
        kept = None if self.store is None else self.store.items(session_id)
        if kept is not None:
            found: list[Body] = msgspec.json.decode(kept)
            return found
        self._require_stripe(f"the line items of {session_id}")
        items = super().line_items(session_id)
        if self.store is not None:
            self.store.keep_items([(session_id, msgspec.json.encode(list(items)))])
        return items

    def _bodies(self, store: PullStore, path: str, since: int | None, until: int | None) -> Iterable[bytes]:
        return store.bodies(path, since, until)

    def _with_items(self, body: dict[str, Any]) -> Body:
        kept = None if self.store is None else self.store.items(str(body.get("id")))
        return body if kept is None else {**body, "line_items": {"data": msgspec.json.decode(kept), "has_more": False}}

    def _require_stripe(self, what: str) -> None:
        if self.offline:
            raise Unreachable(
                f"{what} is not in the archive, and --offline asks Stripe nothing.",
                code="reconcile.not_kept",
                fix="Run `creditctl reconcile` without --offline once.",
            )


@dataclass(frozen=True)
class PartOfLists(KeptLists):
    """Kept lists of which only some objects are shown. Shape: `shown` are these, by list, newest first."""

    shown: Mapping[str, Sequence[bytes]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, store: PullStore, shown: Mapping[str, Sequence[bytes]]
    ) -> Callable[[stripe.StripeClient, Progress | None, Seen | None], StripeReader]:
        """Makes such readers for a PaymentReader."""
        return lambda client, progress, seen: cls(client, progress, seen, store, shown=shown)

    def _bodies(self, store: PullStore, path: str, since: int | None, until: int | None) -> Iterable[bytes]:  # noqa: ARG002
        return self.shown.get(path, ())
