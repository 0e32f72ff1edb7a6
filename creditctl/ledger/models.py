"""Values of a ledger: entries, balances, deliveries, facts, findings, sightings, runs, alerts, attestations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from creditctl.core.entitlement.decision import Proposal
from creditctl.core.entitlement.facts import Fact
from creditctl.core.entitlement.settlement import EntryDraft, EntryKind
from creditctl.core.findings import Finding, Stake


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger, its fields in the order of the table's columns."""

    id: int
    recorded: int
    created: int
    user_id: str
    kind: EntryKind
    credits: int
    amount: int
    currency: str | None
    payment_key: str | None
    session_id: str | None
    object_id: str | None
    package: str | None
    idempotency_key: str
    source_event: str | None
    corrects: int | None
    account: str
    livemode: bool
    note: str | None
    hash: str

    @property
    def name(self) -> str:
        """What a person finds it by."""
        return str(self.id)

    @property
    def status(self) -> str:
        """An entry of the ledger always counts."""
        return "done"

    def as_dict(self) -> dict[str, Any]:
        """The entry as it appears in JSON documents."""
        return {**asdict(self), "kind": str(self.kind)}

    def agrees_with(self, draft: EntryDraft) -> bool:
        """Whether a draft says the same; event, time and note may differ, and an unknown package agrees with any."""
        mine = (self.user_id, self.kind, self.credits, self.amount, self.currency)
        theirs = (draft.user_id, draft.kind, draft.credits, draft.amount, draft.currency)
        return mine == theirs and (None in (self.package, draft.package) or self.package == draft.package)


class Outcome(StrEnum):
    """Outcome of posting: written, there already, or contradicted by what is there."""

    POSTED = "posted"
    EXISTS = "exists"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Posting:
    """Result of posting an entry. Shape: `entry` is the one written, or the one that was there."""

    outcome: Outcome
    entry: Entry


@dataclass(frozen=True, slots=True)
class Balance:
    """Balance of one user: the sum of their entries, and how many there are."""

    user_id: str
    credits: int
    entries: int


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Filter of entries; None admits all. Units: `since` <= created < `until`, Unix seconds."""

    user_id: str | None = None
    kind: EntryKind | None = None
    payment_key: str | None = None
    object_id: str | None = None
    since: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """Head of the hash chain: number of entries and hash of the last; together they pin the whole history."""

    count: int
    hash: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook received. Shape: an unverified one has only reason, size and digest of its body."""

    outcome: str
    event_id: str | None = None
    event_type: str | None = None
    object_id: str | None = None
    entry_id: int | None = None
    verified: bool = True
    reason: str | None = None
    size: int | None = None
    digest: str | None = None
    received: int = 0
    id: int = 0


@dataclass(frozen=True, slots=True)
class StoredFact:
    """A refund or dispute as it is known, and when it was last written."""

    fact: Fact
    recorded: int
    source_event: str | None


class FindingStatus(StrEnum):
    """Status of a finding: open, or settled in one of two ways."""

    OPEN = "open"
    CREDITED = "credited"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class Dismissal:
    """A person's word that a finding is as it should be, for as much as was at stake then.

    Shape: `stake` is None where it is not known: a program of an older format dismissed it.
    """

    recorded: int
    reason: str
    stake: Stake | None

    def as_dict(self) -> dict[str, Any]:
        """The dismissal as it appears in JSON documents."""
        stake = None if self.stake is None else self.stake.as_dict()
        return {"recorded": self.recorded, "reason": self.reason, "at_stake": stake}


@dataclass(frozen=True, slots=True)
class StoredFinding:
    """A finding as a run saw it last, and how it was settled; one that is open and has a `dismissal` grew since."""

    id: int
    recorded: int
    finding: Finding
    status: FindingStatus
    payment_key: str | None
    source_event: str | None
    proposal: Proposal | None
    reason: str | None
    resolved: int | None
    entry_id: int | None
    dismissal: Dismissal | None = None

    @property
    def identity(self) -> tuple[str, str]:
        """Code and subject: what makes it the same finding in the next run."""
        return self.finding.code, self.finding.subject

    @property
    def dismissed_unnoted(self) -> bool:
        """Whether it is dismissed, and nobody noted what was at stake: an older format did not."""
        return self.status is FindingStatus.DISMISSED and (self.dismissal is None or self.dismissal.stake is None)

    def dismissed_at(self, stake: Stake | None) -> bool:
        """Whether a person dismissed it when no less was at stake; a stake that nobody noted covers any."""
        if self.dismissal is None or self.dismissal.stake is None or self.status is FindingStatus.CREDITED:
            return self.dismissed_unnoted
        return self.dismissal.stake.covers(stake or Stake())

    def as_dict(self) -> dict[str, Any]:
        """The finding as it appears in JSON documents."""
        return {
            **self.finding.as_dict(),
            "id": self.id,
            "recorded": self.recorded,
            "status": str(self.status),
            "payment_key": self.payment_key,
            "source_event": self.source_event,
            "proposal": self.proposal.as_dict() if self.proposal else None,
            "reason": self.reason,
            "resolved": self.resolved,
            "entry_id": self.entry_id,
            "dismissal": None if self.dismissal is None else self.dismissal.as_dict(),
        }


@dataclass(frozen=True, slots=True)
class Resolution:
    """How a finding was settled, and the entry that came of it."""

    finding: StoredFinding
    posting: Posting | None


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One finished run of something that is run again and again."""

    id: int
    kind: str
    started: int
    finished: int
    ok: bool
    report: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sighting:
    """A finding as the runs saw it: since when, what is at stake, and whether word of it went out.

    Shape:  `payment_key` where it is about one payment; `ended` is None while it is open; `told` is when an alert about
            it was taken, `tries` how many alerts about it went out whose fate is unknown.
    Units:  times in Unix seconds; `credits` and `amount` (minor units) are at stake, never negative.
    """

    finding: Finding
    payment_key: str | None
    credits: int
    amount: int
    currency: str | None
    first_seen: int
    ended: int | None = None
    told: int | None = None
    tries: int = 0

    @property
    def identity(self) -> tuple[str, str]:
        """What makes it the same finding in the next run."""
        return self.finding.code, self.finding.subject

    @property
    def stake(self) -> Stake | None:
        """What is at stake, None where that is not known."""
        return Stake(self.credits, self.amount, self.currency) if self.credits or self.amount else None

    def as_finding(self) -> Finding:
        """The finding with what is at stake, and the payment as its evidence."""
        said, payment = self.finding, (self.payment_key,) if self.payment_key else ()
        return Finding(said.code, said.severity, said.subject, said.message, said.fix, self.stake, payment)


class AlertKind(StrEnum):
    """What an alert says: that findings are new, or that none is left."""

    NEW = "new"
    CLEAR = "clear"


class AlertOutcome(StrEnum):
    """Outcome of an alert.

    Shape: SENDING is one whose process was killed before it could say more; UNCONFIRMED was sent, and no answer came.
    """

    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True, slots=True)
class AlertRecord:
    """One alert that was sent, or tried. Shape: `findings` is how many it spoke of."""

    id: int
    recorded: int
    kind: AlertKind
    findings: int
    outcome: AlertOutcome


@dataclass(frozen=True, slots=True)
class Attestation:
    """What a person vouched for where no machine can look."""

    id: int
    recorded: int
    item: str
    person: str
    statement: str
    expires: int | None
