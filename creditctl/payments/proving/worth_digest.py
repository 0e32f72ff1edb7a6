"""Digest of the terms by which payments are worth what they are: catalogue, mapping, and the text of the rules."""

from __future__ import annotations

import functools
import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from importlib import resources
from importlib.resources.abc import Traversable

from creditctl import __version__
from creditctl.core.entitlement.facts import Fact
from creditctl.ledger.archive.source_store import last_reading
from creditctl.payments.source.source_keeper import SourceKeeper
from creditctl.payments.verdict import JudgementContext

RULES = ("creditctl.core", "creditctl.payments", "creditctl.ledger.matching")
"""The rooms whose text says what a payment is worth and how that is kept: where it changed, all is judged anew."""


@functools.cache
def rules_digest(rooms: Sequence[str] = RULES) -> str:
    """The digest of all that is written in some rooms: nobody has to remember that a rule has changed."""
    digest = hashlib.sha256()
    for room in rooms:
        _add(digest, resources.files(room))
    return digest.hexdigest()


def _add(digest: hashlib._Hash, folder: Traversable) -> None:
    for place in sorted(folder.iterdir(), key=lambda each: each.name):
        if place.is_dir() and place.name != "__pycache__":
            _add(digest, place)
        elif place.name.endswith((".py", ".sql", ".toml")):
            digest.update(place.name.encode() + b"\0" + place.read_bytes() + b"\0")


def worth_digest(context: JudgementContext) -> str:
    """The digest of everything beside a payment itself by which its worth was judged."""
    keeper = context.keeper
    mapping: list[object] = []
    if isinstance(keeper, SourceKeeper):
        last, terms = last_reading(keeper.rows.file), keeper.terms
        fingerprint = None if last is None else last.fingerprint
        mapping = [fingerprint, keeper.scale, keeper.livemode, terms.major, terms.places, terms.policy]
    said = [__version__, rules_digest(), context.livemode, context.catalog, mapping]
    return hashlib.sha256(json.dumps(_plain(said)).encode()).hexdigest()


def known_digests(read: Mapping[str, Fact], known: Mapping[str, Fact]) -> dict[str, str]:
    """What a ledger knows of refunds and disputes that were read, as a digest for each payment that has some.

    Shape: both by the ids of refunds and disputes; a payment's worth is judged anew where its digest is another.
    """
    said: dict[str, list[str]] = defaultdict(list)
    for name, fact in known.items():
        if name in read:
            said[read[name].payment_key].append(repr(fact))
    return {
        key: hashlib.blake2b("\n".join(sorted(facts)).encode(), digest_size=12).hexdigest()
        for key, facts in said.items()
    }


def _plain(value: object) -> object:
    """A value as JSON has it, the same in every process. Errors: TypeError for what has no such form."""
    if is_dataclass(value) and not isinstance(value, type):
        return [type(value).__name__, *(_plain(getattr(value, field.name)) for field in fields(value))]
    if isinstance(value, Mapping):
        return sorted([str(key), _plain(each)] for key, each in value.items())
    if isinstance(value, set | frozenset):
        return sorted(json.dumps(_plain(each)) for each in value)
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if value is None or isinstance(value, str | int | float):
        return value
    return str(value)
