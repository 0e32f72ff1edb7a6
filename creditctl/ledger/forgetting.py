"""Forgetting a user in a ledger: which texts beside the entries name them, and what has to stay.

Entries stay: they are the books, each hash rests on the one before, and payments have to be accounted for by law. So do
runs and deliveries, which name no user. An open finding stays until somebody settles it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from creditctl.ledger.models import FindingStatus

if TYPE_CHECKING:
    from creditctl.ledger.transaction import LedgerTransaction
    from creditctl.ledger.view import LedgerView

_CLOSED = ("won", "lost", "warning_closed", "prevented")
"""Source: Stripe API reference, "The Dispute object", status: what is over."""

FORGOTTEN = "Forgotten at the user's request."
"""What stands in place of the text of a finding."""


@dataclass(frozen=True, slots=True)
class LedgerTraces:
    """What a ledger holds of one user.

    Shape: `findings` are the ids of settled ones, `sightings` code and subject of what is over; `entries` stay, and so
           do the findings that are `open`, by code and subject, whether a webhook or a comparison found them.
    """

    entries: int
    findings: tuple[int, ...]
    open: tuple[tuple[str, str], ...]
    sightings: tuple[tuple[str, str], ...]


def payments_of_user(view: LedgerView, user_id: str) -> frozenset[str]:
    """The payments that a user's entries are about, by intent and by session."""
    query = "SELECT payment_key, session_id FROM credit_transactions WHERE user_id = ?"
    return frozenset(name for row in view.connection.execute(query, (user_id,)) for name in row if name)


def needed_payments(view: LedgerView) -> frozenset[str]:
    """The payments that something is open about: a dispute that is not closed, or a finding."""
    facts = (stored.fact for stored in view.facts())
    found = {fact.payment_key for fact in facts if fact.kind == "dispute" and fact.status not in _CLOSED}
    found |= {each.payment_key for each in view.findings(FindingStatus.OPEN) if each.payment_key}
    query = "SELECT payment_key FROM sightings WHERE ended IS NULL AND payment_key IS NOT NULL"
    return frozenset({*found, *(row[0] for row in view.connection.execute(query))})


def traces_in_ledger(view: LedgerView, user_id: str, payments: Collection[str]) -> LedgerTraces:
    """Everything in a ledger that names a user, or is about one of their payments."""
    entries = view.connection.execute("SELECT count(*) FROM credit_transactions WHERE user_id = ?", (user_id,))
    rows = view.connection.execute("SELECT id, status, code, subject, message, proposal, payment_key FROM findings")
    named = [row[:4] for row in rows if _is_about(row[3:], user_id, payments) and row[4] != FORGOTTEN]
    rows = view.connection.execute("SELECT ended IS NULL, code, subject, message, NULL, payment_key FROM sightings")
    seen = [row[:3] for row in rows if _is_about(row[2:], user_id, payments)]
    still = {row[2:] for row in named if row[1] == FindingStatus.OPEN} | {row[1:] for row in seen if row[0]}
    return LedgerTraces(
        int(entries.fetchone()[0]),
        tuple(row[0] for row in named if row[1] != FindingStatus.OPEN),
        tuple(sorted(still)),
        tuple(row[1:] for row in seen if not row[0]),
    )


def _is_about(texts: Iterable[str | None], user_id: str, payments: Collection[str]) -> bool:
    subject, message, proposal, payment = texts
    proposed = None if proposal is None else json.loads(proposal).get("user_id")
    words = f"{subject} {message} ".replace(",", " ").replace(".", " ").replace(":", " ").replace("'", " ")
    return payment in payments or proposed == user_id or f"ser {user_id} " in words


def forget_texts(tx: LedgerTransaction, traces: LedgerTraces) -> None:
    """Takes the texts out; that there was a finding, when, and how it was settled stays."""
    tx.connection.execute("PRAGMA secure_delete = ON").fetchall()
    for number in traces.findings:
        tx.connection.execute(
            "UPDATE findings SET message = ?, fix = '', proposal = NULL, reason = ?, "
            "subject = CASE WHEN subject LIKE 'user %' THEN 'user forgotten ' || id ELSE subject END WHERE id = ?",
            (FORGOTTEN, FORGOTTEN, number),
        )
        tx.connection.execute("UPDATE dismissals SET reason = ? WHERE finding_id = ?", (FORGOTTEN, number))
    for code, subject in traces.sightings:
        tx.connection.execute("DELETE FROM sightings WHERE code = ? AND subject = ?", (code, subject))
