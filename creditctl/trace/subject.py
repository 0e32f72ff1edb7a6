"""Subject finder: the payments that an id, or a user, stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from creditctl.core.entitlement.entry import CreditEntry
from creditctl.core.entitlement.fields import id_of
from creditctl.core.entitlement.settlement import EntryKind
from creditctl.core.errors import CreditctlError, Unreachable, UsageError
from creditctl.core.stripe_ids import IdKind, id_kind, require_id
from creditctl.events.source import read_event
from creditctl.ledger.models import EntryFilter
from creditctl.payments.reading.event_users import events_of_user, users_on
from creditctl.payments.reading.stripe_reader import CHARGES, DISPUTES, REFUNDS, SESSIONS, StripeReader
from creditctl.trace.other_names import OtherNames
from creditctl.trace.sources import TraceSources

_PATHS = {
    IdKind.SESSION: SESSIONS,
    IdKind.CHARGE: CHARGES,
    IdKind.REFUND: REFUNDS,
    IdKind.DISPUTE: DISPUTES,
}
"""Where the objects that lead to a payment are read."""


@dataclass(frozen=True, slots=True)
class SubjectFinder:
    """Finds the payments of a subject, by whichever side knows them.

    Shape: `places` say where sessions carry the buyer, none where it is as usual.
    """

    sources: TraceSources
    places: Sequence[str] = ()

    def payments_of(self, subject: str) -> list[str]:
        """The payment keys, latest first. Errors: UsageError for what is no id, or nobody knows."""
        if subject.startswith("user:"):
            return self._payments_of_user(subject.removeprefix("user:"))
        kind = id_kind(require_id(subject, "The subject"))
        if kind is IdKind.PAYMENT_INTENT:
            return [subject]
        if kind is IdKind.EVENT:
            return self._payment_of_event(subject)
        if kind in _PATHS:
            return self._payment_of_object(subject, _PATHS[kind])
        return self._payments_by_another_name(subject, kind)

    def _payments_by_another_name(self, subject: str, kind: IdKind) -> list[str]:
        """The payments of what is no object of a payment. Errors: UsageError for what leads to none."""
        others, prefix = OtherNames(self.sources), subject.partition("_")[0]
        if prefix == "in":
            found = others.of_invoice(subject) or self.sources.named(subject)
        elif prefix == "cus":
            found = others.of_customer(subject)
        elif prefix == "txn":
            source = others.of_movement(subject)
            found = [] if source is None else self.payments_of(source)
        elif kind is IdKind.OTHER:
            raise UsageError(
                f"{subject} is nothing that can be traced.",
                code="trace.subject",
                fix="Give an id cs_…, pi_…, ch_…, re_…, dp_…, in_…, cus_… or evt_…, user:ID, or an order number.",
            )
        else:
            found = others.of_reference(subject)
        if not found:
            raise nobody_knows(self.sources, subject)
        return found

    def _payment_of_object(self, subject: str, path: str) -> list[str]:
        body = self.sources.read(subject, lambda client: StripeReader(client).one(path, subject), None)
        found = None if body is None else id_of(body.get("payment_intent"))
        if found is not None:
            return [found]
        remembered = [record.payment_key for record in self.sources.archived(subject) if record.payment_key]
        if remembered:
            return remembered[-1:]
        entries = self.sources.entries(EntryFilter(object_id=subject))
        known = [entry.payment_key for entry in entries if entry.payment_key]
        return known[:1] or [subject]

    def _payment_of_event(self, event_id: str) -> list[str]:
        record = self.sources.read(event_id, lambda client: read_event(client, event_id), None)
        if record is None and self.sources.archive is not None:
            record = self.sources.archive.event(event_id)
        if record is None:
            raise nobody_knows(self.sources, event_id)
        if record.payment_key is not None:
            return [record.payment_key]
        if record.charge_id is not None:
            return self._payment_of_object(record.charge_id, CHARGES)
        raise UsageError(
            f"{event_id} ({record.type}) is about no payment.",
            code="trace.no_payment",
            fix=f"`creditctl events show {event_id}` shows it.",
        )

    def _payments_of_user(self, user_id: str) -> list[str]:
        """A user's payments, latest first: of the entries, of what was kept, and of Stripe's latest thirty days."""
        keys = [str(entry.payment_key) for entry in self.sources.entries_of_user(user_id) if _names_payment(entry)]
        if self.sources.archive is not None:
            kept = events_of_user(self.sources.archive, user_id, self.places)
            keys += [each.payment_key for each in kept if each.payment_key]
        on_stripe = OtherNames(self.sources).of_objects(
            f"user {user_id}", lambda body: user_id in users_on(body, self.places)
        )
        keys += reversed(on_stripe)
        named = set(keys)
        # A session that was seen before it was paid, and its payment intent, are one payment.
        paid = {record.object_id for key in named for record in self.sources.archived(key) if key.startswith("pi_")}
        return [key for key in dict.fromkeys(reversed(keys)) if key not in paid or key.startswith("pi_")]


def _names_payment(entry: CreditEntry) -> bool:
    """Whether an entry is about a payment; usage of an application's is not, whatever its row carries."""
    return bool(entry.payment_key) and entry.kind is not EntryKind.USAGE


def nobody_knows(sources: TraceSources, subject: str) -> CreditctlError:
    """The error for a subject that no side knows; another one where Stripe could not be asked."""
    if sources.away:
        return Unreachable(
            f"Stripe did not answer, and neither the archive nor the ledger knows {subject}.",
            code="trace.unreachable",
            fix="Run the same command again when Stripe can be reached.",
        )
    return UsageError(
        f"Nothing is known about {subject}.",
        code="trace.unknown",
        fix="Check the id and the mode (--mode): test and live objects are separate; a user is written user:ID.",
    )
