"""Writing transaction of a ledger: posts entries, keeps facts, findings, deliveries, runs and attestations."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from creditctl.core.entitlement.decision import Proposal
from creditctl.core.entitlement.facts import DisputeFact, Fact, RefundFact
from creditctl.core.entitlement.findings import other_currency
from creditctl.core.entitlement.settlement import (
    EntryDraft,
    EntryKind,
    KeyScheme,
    settlement,
)
from creditctl.core.entitlement.user_ids import USER_ID_WORDS, is_user_id
from creditctl.core.errors import UsageError
from creditctl.core.findings import Finding, Stake
from creditctl.core.limits import MAX_MAGNITUDE
from creditctl.core.text import storable, storage_fault
from creditctl.ledger import finding_rows, rows
from creditctl.ledger.hashchain.canonical import fast_entry_hash
from creditctl.ledger.models import Delivery, Entry, FindingStatus, Outcome, Posting, StoredFinding
from creditctl.ledger.refund_position import facts_not_overtaken, refund_position
from creditctl.ledger.sqlite.statements import select
from creditctl.ledger.view import LedgerView

# Two lookups, each in its own index: of an OR, SQLite would make a walk through all purchases.
SELECT_SAME_PURCHASE = " UNION ALL ".join(
    select(rows.ENTRY_COLUMNS, "credit_transactions", f"WHERE kind = 'purchase' AND {name} = ?")
    for name in ("payment_key", "session_id")
)

_NAMES = ("payment_key", "session_id", "object_id", "idempotency_key", "source_event", "package", "currency")

KEPT_UNVERIFIED_DELIVERIES = 1000
"""How many deliveries with a bad signature are kept: anyone can send those, so they must not fill the disk."""


@dataclass(frozen=True, slots=True)
class LedgerTransaction(LedgerView):
    """One open writing transaction; what it did is there in full once it ends well, and not at all otherwise.

    Shape: it answers every question of a LedgerView too, its own writes included. Units: `now` in Unix seconds.
    """

    now: int

    def post(self, draft: EntryDraft) -> Posting:
        """Writes an entry, unless it is there already.

        Shape:  EXISTS when its key, or for a purchase its payment or session, has an entry that says the same;
                CONFLICT when that entry says something else: nothing is written then. Only an import of an
                application's own rows may bring a second purchase for one payment.
        Errors: UsageError for a draft that no entry can hold.
        """
        require_storable(draft)
        known = self._known(draft)
        if known:
            agreeing = next((entry for entry in known if entry.agrees_with(draft)), None)
            return Posting(Outcome.EXISTS, agreeing) if agreeing else Posting(Outcome.CONFLICT, known[0])
        return Posting(Outcome.POSTED, self._append(draft))

    def settle(
        self,
        payment_key: str,
        *,
        source_event: str | None = None,
        cause: str | None = None,
        note: str | None = None,
        new: bool = False,
    ) -> tuple[Entry, ...]:
        """Posts what the known refunds and disputes of a payment still take from or give back to its purchase.

        Shape: `cause` is the refund or dispute that was just received, `note` what the entries say of themselves.
               Nothing happens before there is a purchase, nor while other users hold or lack credits of the payment;
               but of a `new` purchase what went back is taken in any case, so that nobody is given what is not due.
        """
        facts = [stored.fact for stored in self.facts(payment_key)]
        purchase = self.purchase_of(payment_key) if facts else None
        if purchase is None:
            return ()
        self._report_other_currencies(purchase, facts, source_event)
        entries = [rows.entry_of(row) for row in self._entry_rows([("payment_key = ?", payment_key)])]
        facts = facts if source_event is None else facts_not_overtaken(facts, entries)
        position = refund_position(purchase, entries)
        position = replace(position, shared=position.shared and not new)
        drafts = settlement(position, facts, source_event=source_event, cause=cause)
        return tuple(self._append(draft if note is None else replace(draft, note=note)) for draft in drafts)

    def keep_fact(self, fact: Fact, *, source_event: str | None = None) -> Fact:
        """Merges a refund or dispute with what was known of it, and keeps the result.

        Errors: UsageError if what is known under its id is something else; nothing is written then.
        """
        row = self._rows(rows.FACT_COLUMNS, "facts", [("object_id = ?", fact.object_id)], "object_id").fetchone()
        merged = _merge(rows.fact_of(row).fact, fact) if row else fact
        self.connection.execute(rows.UPSERT_FACT, rows.fact_row(merged, self.now, source_event))
        return merged

    def add_finding(
        self,
        finding: Finding,
        *,
        payment_key: str | None = None,
        source_event: str | None = None,
        proposal: Proposal | None = None,
    ) -> int:
        """Keeps a finding and gives its id; the same code about the same subject is kept once, settled or not.

        Shape: `{id}` in the finding's fix becomes the id. One that was dismissed when less was at stake is open again.
        """
        known = self.finding_about(finding.code, finding.subject)
        number = known.id if known else self._next_finding()
        row = finding_rows.new_finding_row(
            number, self.now, finding, payment_key=payment_key, source_event=source_event, proposal=proposal
        )
        if known is None:
            self.connection.execute(finding_rows.INSERT_FINDING, row)
        elif known.status is FindingStatus.DISMISSED and not known.dismissed_at(finding_rows.stake_of(row[-4:])):
            self._change_finding(number, status=FindingStatus.OPEN.value, reason=None, resolved=None)
            self.see_finding(finding, proposal=proposal)
        return number

    def see_finding(self, finding: Finding, *, proposal: Proposal | None = None) -> None:
        """Keeps what a run says of an open finding now: a person settles it by what it is worth at that moment."""
        known = self.finding_about(finding.code, finding.subject)
        if known is None or known.status is not FindingStatus.OPEN:
            return
        row = finding_rows.new_finding_row(
            known.id, self.now, finding, payment_key=None, source_event=None, proposal=proposal or known.proposal
        )
        said = {name: getattr(row, name) for name in finding_rows.SAID_COLUMNS}
        self._change_finding(known.id, **said)

    def end_finding(self, finding: StoredFinding) -> None:
        """Keeps that an open finding is no longer true: whoever dismisses it now dismisses nothing.

        Shape: one that grew after it was dismissed, and shrank again, is dismissed as it was.
        """
        before = finding.dismissal
        self._change_finding(finding.id, **finding_rows.stake_row(Stake())._asdict())
        if before is not None:
            said = {"status": FindingStatus.DISMISSED.value, "reason": before.reason, "resolved": before.recorded}
            self._change_finding(finding.id, **said)

    def note_dismissed_stake(self, finding: StoredFinding, stake: Stake) -> None:
        """Notes what is at stake of a dismissed finding of which a program of an older format did not."""
        if finding.dismissal is None:
            self._dismiss(finding.id, finding.resolved or self.now, finding.reason or "", stake)
        else:
            names = ", ".join(f"{name} = ?" for name in finding_rows.STAKE_COLUMNS)
            query = f"UPDATE dismissals SET {names} WHERE finding_id = ? AND credits IS NULL"  # noqa: S608 - our names
            self.connection.execute(query, (*finding_rows.stake_row(stake), finding.id))

    def settle_finding(self, finding: StoredFinding, reason: str, entry_id: int | None) -> StoredFinding:
        """Marks a finding as credited by an entry, or without one as dismissed; gives it as it is kept now.

        Shape: it is dismissed for what was at stake when a run saw it last, so that more is a new finding. No run sees
               it any more, so that word of it goes out again if it comes back.
        """
        status = FindingStatus.DISMISSED if entry_id is None else FindingStatus.CREDITED
        reason = storable(reason)
        said = {"status": status.value, "reason": reason, "resolved": self.now, "entry_id": entry_id}
        self._change_finding(finding.id, **said)
        if entry_id is None:
            stake = finding_rows.stake_of(
                self._rows(finding_rows.STAKE_COLUMNS, "findings", [("id = ?", finding.id)]).fetchone()
            )
            self._dismiss(finding.id, self.now, reason, stake)
        query = "UPDATE sightings SET ended = ? WHERE code = ? AND subject = ? AND ended IS NULL"
        self.connection.execute(query, (self.now, *finding.identity))
        settled = self.finding(finding.id)
        assert settled is not None
        return settled

    def _next_finding(self) -> int:
        return int(self.connection.execute("SELECT coalesce(max(id), 0) + 1 FROM findings").fetchone()[0])

    def _change_finding(self, number: int, **said: object) -> None:
        """Changes columns of a finding; what stayed as it was costs no write."""
        names, values = tuple(said), tuple(said.values())
        set_to, differ = (
            glue.join(f"{name} {sign} ?" for name in names) for glue, sign in ((", ", "="), (" OR ", "IS NOT"))
        )
        query = f"UPDATE findings SET {set_to} WHERE id = ? AND ({differ})"  # noqa: S608 - names of ours
        self.connection.execute(query, (*values, number, *values))

    def _dismiss(self, number: int, recorded: int, reason: str, stake: Stake | None) -> None:
        columns = finding_rows.StakeRow() if stake is None else finding_rows.stake_row(stake)
        self.connection.execute(
            finding_rows.INSERT_DISMISSAL, finding_rows.DismissalRow(number, recorded, reason, *columns)
        )

    def add_delivery(self, delivery: Delivery) -> int:
        """Keeps one delivery; of unverified ones only the latest thousand."""
        cursor = self.connection.execute(rows.INSERT_DELIVERY, rows.delivery_values(delivery, self.now))
        if not delivery.verified:
            self.connection.execute(
                "DELETE FROM deliveries WHERE verified = 0 AND id <= (SELECT id FROM deliveries WHERE verified = 0 "
                "ORDER BY id DESC LIMIT 1 OFFSET ?)",
                (KEPT_UNVERIFIED_DELIVERIES,),
            )
        return cursor.lastrowid or 0

    def add_run(self, kind: str, started: int, finished: int, ok: bool, report: Mapping[str, Any]) -> int:
        """Keeps the result of one run, and gives its id."""
        values = (kind, started, finished, int(ok), json.dumps(report))
        return self.connection.execute(rows.INSERT_RUN, values).lastrowid or 0

    def attest(self, item: str, person: str, statement: str, expires: int | None = None) -> int:
        """Keeps what a person vouched for, and gives its id."""
        values = (self.now, item, storable(person), storable(statement), expires)
        return self.connection.execute(rows.INSERT_ATTESTATION, values).lastrowid or 0

    def _known(self, draft: EntryDraft) -> list[Entry]:
        """The entries that make a draft superfluous, or contradict it."""
        if draft.kind is not EntryKind.PURCHASE or _is_import(draft):
            return [rows.entry_of(row) for row in self._entry_rows([("idempotency_key = ?", draft.idempotency_key)])]
        # A purchase's own key names its payment, so that whoever holds the key is among these.
        known = self.connection.execute(SELECT_SAME_PURCHASE, (draft.payment_key, draft.session_id))
        return sorted(map(rows.entry_of, known), key=lambda entry: entry.id)

    def _append(self, draft: EntryDraft) -> Entry:
        head = self.head()
        draft = draft if draft.note is None else replace(draft, note=storable(draft.note))
        values = rows.entry_values(head, self.now, draft, self.account, self.livemode)
        row = (*values, fast_entry_hash(head.hash, values))
        self.connection.execute(rows.INSERT_ENTRY, row)
        return rows.entry_of(row)

    def _report_other_currencies(self, purchase: Entry, facts: Sequence[Fact], event: str | None) -> None:
        for fact in facts:
            if fact.currency != purchase.currency and fact.counted:
                finding = other_currency(
                    fact, entry_id=purchase.id, user_id=purchase.user_id, currency=purchase.currency
                )
                self.add_finding(finding, payment_key=purchase.payment_key, source_event=event)


def require_storable(draft: EntryDraft) -> None:
    """Refuses what no entry can hold, in a sentence, before SQLite would do it in its own words."""
    if not is_user_id(draft.user_id):
        raise UsageError(f"A user id is {USER_ID_WORDS}.", code="ledger.user_id")
    if max(abs(draft.credits), abs(draft.amount)) > MAX_MAGNITUDE:
        raise UsageError("Credits and amount must be below 10^15.", code="ledger.out_of_range")
    if draft.kind is EntryKind.PURCHASE and draft.payment_key is None:
        raise UsageError("A purchase needs the key of its payment.", code="ledger.payment_key")
    for name in _NAMES:
        fault = storage_fault(getattr(draft, name) or "")
        if fault is not None:
            raise UsageError(f"The {name.replace('_', ' ')} of an entry {fault}.", code="ledger.text")


def _is_import(draft: EntryDraft) -> bool:
    return draft.idempotency_key.startswith(f"{KeyScheme.IMPORT.value}:")


def _merge(known: Fact, received: Fact) -> Fact:
    if known.payment_key == received.payment_key:
        if isinstance(known, RefundFact) and isinstance(received, RefundFact):
            return known.merge(received)
        if isinstance(known, DisputeFact) and isinstance(received, DisputeFact):
            return known.merge(received)
    raise UsageError(
        f"{received.object_id} is known as a {known.kind} of payment {known.payment_key}.", code="ledger.other_fact"
    )
