"""Events and payments of a user: what was kept, and names the user where the application's sessions carry the buyer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from creditctl.core.entitlement.fields import id_of, metadata_of, optional_text
from creditctl.core.entitlement.owner import named_users
from creditctl.core.metadata import is_managed
from creditctl.ledger.archive.models import EventQuery, EventRecord
from creditctl.ledger.archive.pull_store import PullStore
from creditctl.ledger.archive.store import Archive
from creditctl.payments.reading.stripe_reader import INTENTS, SESSIONS

_NAMING_TYPES = ("checkout.session.*", "payment_intent.*", "charge.*")


def events_of_user(archive: Archive, user_id: str, places: Sequence[str] = ()) -> Iterator[EventRecord]:
    """The kept events that name a user, in order.

    Shape: `places` are where the application's sessions carry the buyer; without them the archive has its own index.
    """
    if not places:
        yield from archive.events(EventQuery(user_id=user_id))
        return
    written = json.dumps(user_id).encode()
    for event in archive.events(EventQuery(types=_NAMING_TYPES)):
        if written in event.body and user_id in users_on(json.loads(event.body)["data"]["object"], places):
            yield event


def listed_payments_of_user(archive: Archive, user_id: str, places: Sequence[str] = ()) -> frozenset[str]:
    """The payments of the kept sessions and payment intents that name a user, by intent and by session."""
    store, written = PullStore(archive), json.dumps(user_id).encode()
    found: set[str] = set()
    for path in (SESSIONS, INTENTS):
        for raw in store.bodies(path):
            body = json.loads(raw) if written in raw else {}
            if body and user_id in users_on(body, places):
                found |= {str(body["id"]), id_of(body.get("payment_intent")) or str(body["id"])}
    return frozenset(found)


def users_on(body: Mapping[str, Any], places: Sequence[str]) -> tuple[str, ...]:
    """The users that an object of Stripe's names; one of ours names them as usual, whatever `places` say."""
    reference, metadata = optional_text(body, "client_reference_id"), metadata_of(body)
    return named_users(reference, metadata, () if is_managed(metadata) else places)
