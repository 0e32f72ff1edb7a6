"""Owner of a sale: the user whom a checkout session names as its buyer, where the application put it. Pure.

An owner is never guessed: a session that names nobody, two different users or an unusable id is for a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from creditctl.core.entitlement.facts import SessionFacts
from creditctl.core.entitlement.user_ids import USER_ID_WORDS, is_user_id
from creditctl.core.project_file.metadata_keys import metadata_key
from creditctl.core.project_file.ownership import CLIENT_REFERENCE_ID

OWNER_CODES = frozenset(("fulfilment.owner_conflict", "fulfilment.owner_missing", "fulfilment.owner_unusable"))
"""The codes of all owner faults."""


@dataclass(frozen=True, slots=True)
class OwnerFault:
    """Why nobody can say whose a sale is."""

    code: str
    message: str


def owner_of(session: SessionFacts, places: Sequence[str] = ()) -> str | OwnerFault:
    """The user who bought, or why nobody can say it.

    Shape: `places` are ranked, and the first that is set decides; sessions of ours do not follow them. Without places,
           `client_reference_id` and metadata `user_id` have to agree.
    """
    ranked = _ranked(session, places)
    named = users_of(session, places)
    if len(named) > 1:
        text = "client_reference_id and metadata user_id name different users."
        return OwnerFault("fulfilment.owner_conflict", text)
    if not named:
        where = f"None of {', '.join(ranked)}" if ranked else "Neither client_reference_id nor metadata user_id"
        return OwnerFault("fulfilment.owner_missing", f"{where} names a user; an owner is never guessed.")
    (user_id,) = named
    if not is_user_id(user_id):
        text = f"The user id is not {USER_ID_WORDS}; an owner is never guessed."
        return OwnerFault("fulfilment.owner_unusable", text)
    return user_id


def users_of(session: SessionFacts, places: Sequence[str] = ()) -> tuple[str, ...]:
    """The users that a session names, as `named_users`."""
    return named_users(session.client_reference_id, session.metadata, _ranked(session, places))


def _ranked(session: SessionFacts, places: Sequence[str]) -> tuple[str, ...]:
    return () if session.managed else tuple(places)


def named_users(reference: str | None, metadata: Mapping[str, str], places: Sequence[str] = ()) -> tuple[str, ...]:
    """The users that a session names: of ranked places the first that is set, else all of the two usual ones."""
    if not places:
        return tuple(dict.fromkeys(name for name in (reference, metadata.get("user_id")) if name))
    values = (_value(place, reference, metadata) for place in places)
    first = next((value for value in values if value), None)
    return () if first is None else (first,)


def _value(place: str, reference: str | None, metadata: Mapping[str, str]) -> str | None:
    return reference if place == CLIENT_REFERENCE_ID else metadata.get(metadata_key(place) or "")
