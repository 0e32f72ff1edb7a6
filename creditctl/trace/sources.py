"""The three data sources of `trace`, Stripe, archive and ledger, each optional; read errors are collected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import stripe

from creditctl.core.entitlement.entry import CreditEntry
from creditctl.core.errors import CreditctlError, GuardRefused, Unreachable
from creditctl.core.when import in_step
from creditctl.ledger.archive.models import EventQuery, EventRecord
from creditctl.ledger.archive.store import Archive
from creditctl.ledger.models import Entry, EntryFilter
from creditctl.ledger.store import Ledger
from creditctl.payments.keeper import OUR_LEDGER, Keeper
from creditctl.stripe_api.errors import translate

Seen = TypeVar("Seen")

MOST_ROWS = 1000
_REFUSED_KEY = "stripe.authentication"
_NO_SUCH_OBJECT = "stripe.resource_missing"


@dataclass
class TraceSources:
    """The three sides that a trace looks at.

    Shape: `client` is called at the first read, because that may already fail; None where Stripe is not to be asked;
           `archive` and `ledger` are None where there is none; `away` says that Stripe did not answer; `failures`
           counts the reads that ended in an error. `keeper` has the entries; `ahead_seconds` says how far
           Stripe's clock is ahead of this machine's.
    """

    client: Callable[[], stripe.StripeClient] | None
    archive: Archive | None
    ledger: Ledger | None
    clock: Callable[[], int]
    progress: Callable[[str], None] | None = None
    ahead_seconds: Callable[[], int] = in_step
    keeper: Keeper = OUR_LEDGER
    unseen: list[str] = field(default_factory=list)
    away: bool = False
    failures: int = 0

    def note(self, sentence: str) -> None:
        """Remembers what could not be seen, once."""
        if sentence not in self.unseen:
            self.unseen.append(sentence)

    def read(self, what: str, read: Callable[[stripe.StripeClient], Seen], otherwise: Seen) -> Seen:
        """One read from Stripe; a failure is noted, and where Stripe is away nothing more is asked.

        Errors: CreditctlError or stripe.AuthenticationError where nothing at all is to be seen with that key.
        """
        if self.client is None or self.away:
            self.failures += 1
            return otherwise
        if self.progress is not None:
            self.progress(what)
        try:
            return read(self.client())
        except (stripe.StripeError, CreditctlError) as error:
            known = error if isinstance(error, CreditctlError) else translate(error)
            if known is None or isinstance(known, GuardRefused) or known.code == _REFUSED_KEY:
                raise
            self.away = isinstance(known, Unreachable)
            if known.code != _NO_SUCH_OBJECT:
                self.failures += 1
                self.note(f"{what} could not be read from Stripe: {known.message.rstrip('.')}")
            return otherwise

    def attempt(self, what: str, read: Callable[[], Seen], otherwise: Seen) -> Seen:
        """One read of a payment reader, noted where it fails."""
        return self.read(what, lambda _client: read(), otherwise)

    def archived(self, object_id: str) -> list[EventRecord]:
        """The archived events about an object, oldest first."""
        if self.archive is None:
            return []
        return list(self.archive.events(EventQuery(object_id=object_id), limit=MOST_ROWS))

    def entries_of_user(self, user_id: str) -> list[CreditEntry]:
        """Every entry of a user, in order, whoever keeps them."""
        if self.ledger is None:
            return []
        with self.ledger.reading() as view:
            return list(self.keeper.entries(view).of_user(user_id))

    def named(self, name: str) -> list[str]:
        """The payments of the entries that carry a name that may be the application's own, latest first."""
        if self.ledger is None:
            return []
        with self.ledger.reading() as view:
            return list(self.keeper.entries(view).payments_named(name))

    def entries(self, wanted: EntryFilter) -> list[Entry]:
        """All entries of the ledger that match, in order."""
        found: list[Entry] = []
        while self.ledger is not None:
            with self.ledger.reading() as view:
                page = view.entries(wanted, after_id=found[-1].id if found else 0, limit=MOST_ROWS)
            found += page
            if len(page) < MOST_ROWS:
                break
        return found
