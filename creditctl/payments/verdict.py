"""Verdict: what a payment was judged by, and what it came to, for everyone who asks about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from creditctl.core.catalog import Catalog
from creditctl.core.entitlement.decision import Decision, Disagrees, Grants
from creditctl.core.entitlement.entry import CreditEntry
from creditctl.core.entitlement.settlement import EntryDraft
from creditctl.core.limits import GRACE_SECONDS
from creditctl.ledger.models import Dismissal, FindingStatus, StoredFinding
from creditctl.payments.finding_codes import ClassifiedFinding, grown
from creditctl.payments.keeper import OUR_LEDGER, Keeper
from creditctl.payments.reading.fraud_warnings import FraudWarning
from creditctl.payments.repair import Repair

UserCredits = tuple[str, int]
"""A user, and a number of credits that were given to them at once."""


@dataclass(frozen=True, slots=True)
class JudgementContext:
    """What a payment is judged by.

    Shape: `settled` are the findings that the ledger has, open or settled, by code and subject. `unexplained` are
           entries of other names that nothing on Stripe explains: they may be what a payment seems to lack. `keeper`
           has the entries. `warned` are the payments that issuers called fraud. `ahead_seconds` is how far Stripe's
           clock is ahead of this machine's: what Stripe dates is as old as the later of both says.
    Units: `now` and `started` (of the reading) in Unix seconds, by this machine's clock.
    """

    catalog: Catalog
    livemode: bool
    now: int
    started: int
    grace_seconds: int = GRACE_SECONDS
    settled: Mapping[tuple[str, str], StoredFinding] = field(default_factory=dict)
    unexplained: Mapping[UserCredits, CreditEntry] = field(default_factory=dict)
    keeper: Keeper = OUR_LEDGER
    warned: Mapping[str, FraudWarning] = field(default_factory=dict)
    ahead_seconds: int = 0

    @property
    def stripe_now(self) -> int:
        """Now, as Stripe dates what is made: by its clock where that is ahead. Units: Unix seconds."""
        return self.now + self.ahead_seconds

    def within_grace(self, moment: int) -> bool:
        """Whether a webhook about something of that time may simply still be on its way.

        Shape: a time far in the future says that two clocks disagree, and excuses nothing.
        """
        return abs(self.stripe_now - moment) < self.grace_seconds

    def written_meanwhile(self, entries: Iterable[CreditEntry]) -> bool:
        """Whether one of these entries was written while Stripe was being read, so that the next run knows more.

        Shape: an entry that lies further in the future than a clock may differ was not, and is judged like any other.
        """
        latest = self.now + max(self.grace_seconds, GRACE_SECONDS)
        return any(self.started <= entry.recorded < latest for entry in entries)

    def dismissed(self, found: ClassifiedFinding) -> bool:
        """Whether a person said that a finding is as it should be, when no less was at stake."""
        stored = self.settled.get(found.identity)
        return stored is not None and stored.dismissed_at(found.finding.stake)

    def still_open(self, found: Iterable[ClassifiedFinding]) -> Iterator[ClassifiedFinding]:
        """What was found, without what a person dismissed; what has grown since says so, and is for a person."""
        for each in found:
            if not self.dismissed(each):
                before = self.dismissed_before(each)
                yield each if before is None else grown(each, before)

    def dismissed_before(self, found: ClassifiedFinding) -> Dismissal | None:
        """The dismissal of a finding that has grown since."""
        stored = self.settled.get(found.identity)
        if stored is None or stored.status is FindingStatus.CREDITED or self.dismissed(found):
            return None
        return stored.dismissal

    def decided(self, found: ClassifiedFinding) -> bool:
        """Whether a person has credited or dismissed a finding."""
        stored = self.settled.get(found.identity)
        return stored is not None and (stored.status is FindingStatus.CREDITED or self.dismissed(found))


class PaymentState(StrEnum):
    """How a payment stands, in one word.

    Shape:  CREDITED: everything due is written. MISSING: credits, or what a refund or dispute takes or returns, are
            not. IN_FLIGHT: not yet, but the webhook may be on its way. WAITING: nobody has paid yet. NOT_OURS: no
            package was sold. UNDECIDED: a person has to decide. SETTLED: a person has. WRONG: what is written
            contradicts Stripe. UNREADABLE: Stripe's objects could not be understood.
    """

    CREDITED = "credited"
    MISSING = "missing"
    IN_FLIGHT = "in_flight"
    WAITING = "waiting"
    NOT_OURS = "not_ours"
    UNDECIDED = "undecided"
    SETTLED = "settled"
    WRONG = "wrong"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a payment came to.

    Shape: `found` is what is wrong, `repair` what puts it right without a person. `decision` is what its session is
           worth, None where it has none. `drafts` are the entries still to come, by a webhook, a repair or by hand.
    """

    state: PaymentState
    found: tuple[ClassifiedFinding, ...] = ()
    repair: Repair | None = None
    decision: Decision | None = None
    drafts: tuple[EntryDraft, ...] = ()

    @property
    def ours(self) -> bool:
        """Whether its session was paid and sold a package of ours, even if a person has to say what it is worth."""
        return isinstance(self.decision, Grants | Disagrees)

    @property
    def package(self) -> str | None:
        """The package that was sold, as far as it can be told."""
        if isinstance(self.decision, Grants):
            return self.decision.purchase.package
        return self.decision.proposal.package if isinstance(self.decision, Disagrees) else None

    @property
    def due(self) -> int:
        """The credits that are still to be written; negative where they are to be taken back."""
        return sum(draft.credits for draft in self.drafts)
