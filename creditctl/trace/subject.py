"""Which payments an id, or a user, stands for."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from urllib.parse import quote

import stripe

from creditctl.core.errors import CreditctlError, Unreachable, UsageError
from creditctl.events.source import RETENTION_SECONDS, read_event
from creditctl.ledger.archive.models import EventQuery
from creditctl.ledger.models import EntryFilter
from creditctl.stripe_api.pages import list_all, retrieve
from creditctl.trace.sources import TraceSources, id_of

_MOST_SESSIONS = 2000

_PATHS = {
    "cs": "checkout/sessions",
    "ch": "charges",
    "py": "charges",
    "re": "refunds",
    "pyr": "refunds",
    "dp": "disputes",
    "du": "disputes",
}
"""Where the objects of each prefix are read. Source: ids in Stripe's API reference; `du_` are disputes since 2024."""


@dataclass(frozen=True, slots=True)
class SubjectFinder:
    """Finds the payments of a subject, by whichever side knows them."""

    eyes: TraceSources

    def payments_of(self, subject: str) -> list[str]:
        """The payment keys, latest first. Errors: UsageError for what is no id, or nobody knows."""
        if subject.startswith("user:"):
            return self._payments_of_user(subject.removeprefix("user:"))
        prefix = subject.split("_", 1)[0]
        if prefix == "pi":
            return [subject]
        if prefix == "evt":
            return self._payment_of_event(subject)
        if prefix not in _PATHS or "_" not in subject:
            raise UsageError(
                f"{subject} is nothing that can be traced.",
                code="trace.subject",
                fix="Give an id cs_…, pi_…, ch_…, re_…, dp_… or evt_…, or user:ID.",
            )
        return self._payment_of_object(subject, _PATHS[prefix])

    def _payment_of_object(self, subject: str, path: str) -> list[str]:
        body = self.eyes.see(subject, lambda client: retrieve(client, f"{path}/{quote(subject, safe='')}"), None)
        found = None if body is None else id_of(body.get("payment_intent"))
        if found is not None:
            return [found]
        remembered = [record.payment_key for record in self.eyes.kept(subject) if record.payment_key]
        if remembered:
            return remembered[-1:]
        entries = self.eyes.entries(EntryFilter(object_id=subject))
        known = [entry.payment_key for entry in entries if entry.payment_key]
        return known[:1] or [subject]

    def _payment_of_event(self, event_id: str) -> list[str]:
        record = self.eyes.see(event_id, lambda client: read_event(client, event_id), None)
        if record is None and self.eyes.archive is not None:
            record = self.eyes.archive.event(event_id)
        if record is None:
            raise nobody_knows(self.eyes, event_id)
        if record.payment_key is not None:
            return [record.payment_key]
        if record.charge_id is not None:
            return self._payment_of_object(record.charge_id, "charges")
        raise UsageError(
            f"{event_id} ({record.type}) is about no payment.",
            code="trace.no_payment",
            fix=f"`creditctl events show {event_id}` shows it.",
        )

    def _payments_of_user(self, user_id: str) -> list[str]:
        """A user's payments, latest first: of the ledger, of kept events, and of Stripe's sessions of thirty days."""
        keys = [entry.payment_key for entry in self.eyes.entries(EntryFilter(user_id=user_id)) if entry.payment_key]
        if self.eyes.archive is not None:
            keys += [
                each.payment_key for each in self.eyes.archive.events(EventQuery(user_id=user_id)) if each.payment_key
            ]
        keys += self.eyes.see("the user's checkout sessions", lambda client: self._sessions_of(client, user_id), [])
        named = set(keys)
        # A session that was seen before it was paid, and its payment intent, are one payment.
        paid = {record.object_id for key in named for record in self.eyes.kept(key) if key.startswith("pi_")}
        return [key for key in dict.fromkeys(reversed(keys)) if key not in paid or key.startswith("pi_")]

    def _sessions_of(self, client: stripe.StripeClient, user_id: str) -> list[str]:
        since = max(0, self.eyes.clock() - RETENTION_SECONDS)
        listed = list_all(client, "checkout/sessions", {"created": {"gte": since}})
        bodies = list(islice(listed, _MOST_SESSIONS))
        if len(bodies) == _MOST_SESSIONS:
            self.eyes.note(f"only the latest {len(bodies):,} checkout sessions were searched for the user")
        mine = [each for each in bodies if each.get("client_reference_id") == user_id]
        return [id_of(each.get("payment_intent")) or str(each["id"]) for each in reversed(mine)]


def nobody_knows(eyes: TraceSources, subject: str) -> CreditctlError:
    """The error for a subject that no side knows; another one where Stripe could not be asked."""
    if eyes.away:
        return Unreachable(
            f"Stripe did not answer, and neither the archive nor the ledger knows {subject}.",
            code="trace.unreachable",
            fix="Run the same command again when Stripe can be reached.",
        )
    return UsageError(
        f"Nothing is known about {subject}.",
        code="trace.unknown",
        fix="Check the id and the mode (--mode): test and live objects are separate.",
    )
