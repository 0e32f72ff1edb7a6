"""Finding codes of reconciliation: their severities, their fixes, and findings made by them."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace

from creditctl.core.entitlement.decision import Proposal
from creditctl.core.entitlement.facts import Fact
from creditctl.core.findings import Finding, Severity, Stake
from creditctl.core.when import iso_time
from creditctl.ledger.models import Dismissal

REPAIR = "`creditctl reconcile --repair`"
"""What puts right everything that may be put right without a person."""

SEVERITIES = {
    "missing_credit": Severity.CRITICAL,
    "pending_not_completed": Severity.CRITICAL,
    "orphan_credit": Severity.CRITICAL,
    "not_paid_credit": Severity.CRITICAL,
    "wrong_user": Severity.CRITICAL,
    "mode_mix": Severity.CRITICAL,
    "pull_incomplete": Severity.CRITICAL,
    "run_failed": Severity.CRITICAL,
    "duplicate_credit": Severity.HIGH,
    "wrong_amount": Severity.HIGH,
    "undecided_credit": Severity.HIGH,
    "clawback_without_credit": Severity.HIGH,
    "clawback_wrong_user": Severity.HIGH,
    "refund_not_taken": Severity.HIGH,
    "refund_failed_not_returned": Severity.HIGH,
    "refund_over_taken": Severity.HIGH,
    "refund_over_returned": Severity.HIGH,
    "mapping_fault": Severity.HIGH,
    "ledger_tampered": Severity.CRITICAL,
    "dispute_lost_not_taken": Severity.HIGH,
    "credited_before_paid": Severity.MEDIUM,
    "negative_balance": Severity.MEDIUM,
    "refund_pending": Severity.INFO,
    "double_payment": Severity.INFO,
    "payment_by_hand": Severity.INFO,
    "fraud_warning": Severity.INFO,
    "dispute_not_held": Severity.HIGH,
    "dispute_won_not_returned": Severity.HIGH,
    "unreadable_object": Severity.HIGH,
    "amount_mismatch": Severity.MEDIUM,
    "currency_mismatch": Severity.MEDIUM,
    "package_mismatch": Severity.MEDIUM,
    "row_changed": Severity.HIGH,
    "row_gone": Severity.HIGH,
    "user_mapping": Severity.HIGH,
    "balance_mismatch": Severity.HIGH,
    "unattributed_payment": Severity.MEDIUM,
    "in_flight": Severity.INFO,
    "not_ours_credit": Severity.INFO,
    "settled_finding": Severity.INFO,
}
"""Every code of reconciliation's own, without its `reconcile.`, and how bad it is."""

REPAIRABLE = frozenset(
    (
        *("missing_credit", "refund_not_taken", "refund_failed_not_returned"),
        *("dispute_not_held", "dispute_lost_not_taken", "dispute_won_not_returned"),
    )
)
"""What a repair settles where nothing else speaks against it; all else a person or time does."""

DISMISSAL = "`creditctl ledger resolve {id} --dismiss --reason TEXT`"
"""The command that settles a finding without an entry; its number is filled in when the finding is kept."""

PREFIX = "reconcile."

ABOUT_ROWS = frozenset(f"{PREFIX}{name}" for name in ("row_changed", "row_gone", "balance_mismatch", "user_mapping"))
"""What an application's rows say beside their payments: that a payment stands as it should does not settle it."""

MAPPING_FAULT = "mapping_fault"
"""That entries carry other names of their payments than are read, without its prefix: nothing is repaired then."""

LEDGER_TAMPERED = f"{PREFIX}ledger_tampered"
"""That the ledger does not verify: nothing is repaired then, and the exit code says so."""

ORPHAN_CREDIT = f"{PREFIX}orphan_credit"
"""Credits that nothing on Stripe explains."""


@dataclass(frozen=True, slots=True)
class ClassifiedFinding:
    """A finding of this run.

    Shape: `lasting` ones are kept in the ledger until a person settles them; the others a repair or time settles.
           `facts` are the refunds and disputes of a payment that a person may credit, to be kept with it.
    """

    finding: Finding
    payment_key: str | None = None
    proposal: Proposal | None = None
    lasting: bool = False
    facts: tuple[Fact, ...] = ()

    @property
    def identity(self) -> tuple[str, str]:
        """What makes it the same finding in the next run."""
        return self.finding.code, self.finding.subject


def classified(
    name: str,
    subject: str,
    message: str,
    fix: str = REPAIR,
    *,
    payment_key: str | None = None,
    lasting: bool = False,
    severity: Severity | None = None,
    stake: Stake | None = None,
) -> ClassifiedFinding:
    """A finding by its short name; only what a person has to settle is lasting."""
    finding = Finding(f"{PREFIX}{name}", severity or SEVERITIES[name], subject, message, fix, stake)
    return ClassifiedFinding(finding, payment_key, lasting=lasting)


def for_person(
    name: str,
    payment_key: str | None,
    message: str,
    fix: str,
    *,
    subject: str | None = None,
    stake: Stake | None = None,
) -> ClassifiedFinding:
    """A finding that only a person may settle; if all is well as it is, by dismissing it."""
    about = subject or payment_key or ""
    fix = f"{fix}; or, if that is as it should be, {DISMISSAL}"
    return classified(name, about, message, fix, payment_key=payment_key, lasting=True, stake=stake)


def grown(found: ClassifiedFinding, before: Dismissal) -> ClassifiedFinding:
    """A finding that is worth more than when a person dismissed it: open again, and for a person only.

    Shape: what was dismissed may be right as it was, so that no command stands there without saying so.
    """
    was = "when nothing was at stake"
    if before.stake is not None and (before.stake.credits or before.stake.amount):
        was = f"at {before.stake.words}"
    said, now = found.finding, (found.finding.stake or Stake()).words
    text = f"{said.message} Dismissed {was} ({iso_time(before.recorded)}), now {now}."
    fix = f"Find out what came since, and correct it by hand; or, if all is as it should be, {DISMISSAL}"
    if found.lasting:
        difference = "If what was dismissed is right, correct only the difference"
        fix = f"Find out what came since. {difference}. All of it: {said.fix}"
    return replace(found, finding=replace(said, message=text, fix=fix), lasting=True)


def in_flight(payment_key: str, message: str) -> ClassifiedFinding:
    """The finding about what may still be on its way."""
    fix = "Wait; `creditctl reconcile` again later"
    return classified("in_flight", payment_key, message, fix, payment_key=payment_key)


def correction(user_id: str, credits: int, corrects: int) -> str:
    """The ready command that corrects an entry.

    Shape: its key makes it post once, however often it is run: it stands in a finding that stays open for a while.
    """
    user, key = quoted(user_id), quoted(f"{corrects}:{credits:+}:{user_id}")
    return (
        f"`creditctl ledger adjust --user {user} --credits {credits} --corrects {corrects} --key {key} --reason TEXT`"
    )


def booking(user_id: str, credits: int, payment_key: str) -> str:
    """The ready command that books credits for a payment, as its own webhook would have: it corrects no entry.

    Shape: its key makes it post once, as that of `correction`.
    """
    user, key = quoted(user_id), quoted(f"{payment_key}:{credits:+}:{user_id}")
    payment = quoted(payment_key)
    return f"`creditctl ledger adjust --user {user} --credits {credits} --payment {payment} --key {key} --reason TEXT`"


def quoted(text: str) -> str:
    """A text as a shell takes it literally."""
    return shlex.quote(text)
