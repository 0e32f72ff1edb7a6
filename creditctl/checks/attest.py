"""Attestation: what a person vouches for where no call can prove it: who, when, what was seen, which configuration."""

from __future__ import annotations

import json
from typing import Any

from creditctl.checks.answers import CheckAnswer, passed
from creditctl.checks.context import Context
from creditctl.core.when import iso_time
from creditctl.ledger.models import Attestation

DAY_SECONDS = 86_400


def attest(context: Context, item: str, *, by: str, note: str, valid_seconds: int) -> int:
    """Keeps an attestation, bound to the account, mode and endpoints of now; returns its number in the ledger.

    Errors: ConfigurationError where there is no ledger to keep it in.
    """
    statement = json.dumps({"note": note, "digest": context.digest}, ensure_ascii=False)
    with context.required_ledger.transaction() as tx:
        return tx.attest(item, by, statement, context.clock() + valid_seconds)


def attested(context: Context, item: str) -> CheckAnswer | None:
    """The valid attestation of an item as an answer; None where there is none, it expired, or anything changed."""
    if context.ledger is None:
        return None
    with context.ledger.reading() as view:
        attestations = view.attestations(item)
    for attestation in attestations:
        statement = _statement(attestation)
        fresh = attestation.expires is None or context.clock() < attestation.expires
        if fresh and statement.get("digest") == context.digest:
            until = "" if attestation.expires is None else f", valid until {iso_time(attestation.expires)}"
            when = iso_time(attestation.recorded)
            return passed(f"{attestation.person} attested on {when}{until}: {statement.get('note')}")
    return None


def _statement(attestation: Attestation) -> dict[str, Any]:
    try:
        parsed = json.loads(attestation.statement)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
