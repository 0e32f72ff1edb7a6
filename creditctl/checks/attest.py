"""Attestation: what a person vouches for where no call can prove it: who, when, what was seen, which configuration."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from creditctl.checks.answers import CheckAnswer, passed
from creditctl.checks.context import Context
from creditctl.core.deployment import deployment_words
from creditctl.core.errors import UsageError
from creditctl.core.when import iso_time
from creditctl.ledger.models import Attestation
from creditctl.provisioning.state import digest

_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Vouching:
    """An attestation as it stands now. Shape: `open_because` says why it does not count, empty where it does."""

    given: Attestation
    evidence: str
    open_because: str

    def as_dict(self) -> dict[str, Any]:
        """The attestation as a JSON document shows it."""
        expires = self.given.expires
        return {
            "id": self.given.id,
            "item": self.given.item,
            "by": self.given.person,
            "evidence": self.evidence,
            "recorded": iso_time(self.given.recorded),
            "expires": None if expires is None else iso_time(expires),
            "counts": not self.open_because,
            "open_because": self.open_because or None,
        }


def configuration(context: Context) -> dict[str, str]:
    """What an attestation is bound to, each part as a digest: a change of any of them opens the item again."""
    owner = context.account or (context.ledger.account if context.ledger else "")
    catalog = context.catalog
    parts = {
        "account": [owner, str(context.mode)],
        "deployment": [deployment_words(context.settings.deployment.name)],
        "endpoint": sorted([item.id, item.url] for item in context.our_endpoints),
        "catalogue": [
            [[package.slug, package.credits, package.amount, package.currency] for package in catalog],
            sorted(map(repr, catalog.listings.entries)),
        ],
    }
    return {name: digest(value)[:_DIGITS] for name, value in parts.items()}


def attest(context: Context, item: str, *, by: str, evidence: str, expires: int) -> int:
    """Keeps an attestation, bound to the configuration of now; returns its number in the ledger.

    Units:  `expires` in Unix seconds.
    Errors: ConfigurationError where there is no ledger to keep it in.
    """
    statement = json.dumps({"evidence": evidence, "configuration": configuration(context)}, ensure_ascii=False)
    with context.required_ledger.transaction() as tx:
        return tx.attest(item, by, statement, expires)


def revoke(context: Context, number: int, *, by: str, reason: str) -> Attestation:
    """Takes an attestation back. Shape: the attestation stays in the ledger, and so does who took it back.

    Errors: UsageError where there is none of this number that counts.
    """
    ledger = context.required_ledger
    with ledger.transaction() as tx:
        rows = tx.attestations()
        found = next((row for row in rows if row.id == number and _revoked_by(row) is None), None)
        if found is None or number in _revoked(rows):
            raise UsageError(
                f"There is no attestation {number} that could be taken back.",
                code="checklist.no_attestation",
                fix="`creditctl checklist attestations` lists them.",
            )
        statement = json.dumps({"revokes": number, "reason": reason}, ensure_ascii=False)
        tx.attest(found.item, by, statement, None)
    return found


def vouchings(context: Context, item: str | None = None) -> list[Vouching]:
    """The attestations of one item, or of all, newest first, each with whether it still counts."""
    if context.ledger is None:
        return []
    with context.ledger.reading() as view:
        rows = view.attestations(item)
    given = [row for row in rows if _revoked_by(row) is None]
    if not given:
        return []
    now, revoked = configuration(context), _revoked(rows)
    return [Vouching(row, _evidence(row), _open_because(row, now, context.clock(), revoked)) for row in given]


def attested(context: Context, item: str) -> CheckAnswer | None:
    """The attestation of an item that counts, as an answer; None where there is none, or it is open again."""
    for vouching in vouchings(context, item):
        if not vouching.open_because:
            given = vouching.given
            until = "" if given.expires is None else f", valid until {iso_time(given.expires)}"
            return passed(f"{given.person} attested on {iso_time(given.recorded)}{until}: {vouching.evidence}")
    return None


def _open_because(row: Attestation, now: Mapping[str, str], moment: int, revoked: frozenset[int]) -> str:
    if row.id in revoked:
        return "it was taken back"
    if row.expires is not None and moment >= row.expires:
        return "it expired"
    then = _statement(row).get("configuration")
    if not isinstance(then, dict):
        return "it does not say for which configuration it was given"
    changed = [name for name, value in now.items() if then.get(name) != value]
    return f"since then the {' and the '.join(changed)} changed" if changed else ""


def _revoked(rows: Sequence[Attestation]) -> frozenset[int]:
    return frozenset(number for number in map(_revoked_by, rows) if number is not None)


def _revoked_by(row: Attestation) -> int | None:
    """The attestation that a row takes back; None where it is one itself."""
    number = _statement(row).get("revokes")
    return number if isinstance(number, int) else None


def _evidence(row: Attestation) -> str:
    return str(_statement(row).get("evidence", ""))


def _statement(attestation: Attestation) -> dict[str, Any]:
    try:
        parsed = json.loads(attestation.statement)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
