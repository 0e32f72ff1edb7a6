"""Digest of the terms by which payments are worth what they are: catalogue, mapping, and this version's judgement."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass

from creditctl import __version__
from creditctl.ledger.archive.source_store import last_reading
from creditctl.payments.source.source_keeper import SourceKeeper
from creditctl.payments.verdict import JudgementContext

JUDGEMENT = 1
"""The number of what is kept of a payment's worth and how it is judged: raised with either, all is judged anew."""


def worth_digest(context: JudgementContext) -> str:
    """The digest of everything beside a payment itself by which its worth was judged."""
    keeper = context.keeper
    mapping: list[object] = []
    if isinstance(keeper, SourceKeeper):
        last, terms = last_reading(keeper.rows.file), keeper.terms
        fingerprint = None if last is None else last.fingerprint
        mapping = [fingerprint, keeper.scale, keeper.livemode, terms.major, terms.places, terms.policy]
    said = [__version__, JUDGEMENT, context.livemode, context.catalog, mapping]
    return hashlib.sha256(json.dumps(_plain(said)).encode()).hexdigest()


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
