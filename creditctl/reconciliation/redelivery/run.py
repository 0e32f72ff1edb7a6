"""Redelivery run: delivers lost events one after the other, and reads the application's rows in between.

What has to hold whenever it is killed: the journal names an event before it is sent, the next run judges the rows as
they are then, and an event that was accepted is not sent again. The first payment goes alone: where its event made the
rows worse, no other is sent. What was wrong with a payment before anything was delivered makes nothing worse.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from creditctl.core.findings import Stake
from creditctl.ledger.archive.journal import ReplayJournal
from creditctl.ledger.archive.models import EventRecord, ReplayItem
from creditctl.payments.case import PaymentCase
from creditctl.payments.facts import PaymentFacts
from creditctl.payments.finding_codes import PREFIX, REPAIRABLE
from creditctl.payments.judgement.judge import judge
from creditctl.payments.source.source_keeper import SourceKeeper
from creditctl.payments.verdict import JudgementContext, PaymentState, Verdict
from creditctl.reconciliation.redelivery.event_choice import FactKey, fact_key
from creditctl.reconciliation.redelivery.outcome import UNSEEN_REASON, Delivered, Redelivered, RedeliveryOutcome
from creditctl.reconciliation.redelivery.plan import PlannedRedelivery
from creditctl.stripe_api.delivery import DeliveryResult

WAITS_SECONDS = (0, 1, 2, 4, 8)
"""Pauses before the rows are read again: a backend may answer first and book later."""

_LEAST_WAIT_SECONDS = 2
_SLACK = 3
"""How many times as long as the slowest booking so far a booking is waited for."""

MOST_REFUSED = 3
"""How many deliveries may be refused one after the other before the rest is left for another run."""

KNOWN_REASON = (
    "known to the application: it accepted and changed nothing, as one does that keeps a record of what it has "
    "handled; a redelivery cannot mend it"
)


@dataclass
class _Progress:
    """How far one payment has come.

    Shape: `facts` are what Stripe says of it now, `verdict` how its rows stand, `before` what contradicted Stripe in
           them at the first look.
    """

    plan: PlannedRedelivery
    facts: PaymentFacts
    left: list[tuple[FactKey, EventRecord]]
    sent: list[Delivered] = field(default_factory=list)
    refused: str = ""
    verdict: Verdict | None = None
    before: frozenset[tuple[str, str, Stake | None]] = frozenset()
    done: Redelivered | None = None

    @property
    def worse(self) -> str:
        """What contradicts Stripe and did not before anything was delivered; empty where nothing does."""
        if self.verdict is None or self.verdict.state is not PaymentState.WRONG:
            return ""
        return next((text for found, text in _wrong(self.verdict).items() if found not in self.before), "")

    @property
    def missing(self) -> set[FactKey]:
        """What the application lacks now."""
        return set() if self.verdict is None else {fact_key(draft) for draft in self.verdict.drafts}

    def end(self, outcome: RedeliveryOutcome, reason: str) -> None:
        """Says what became of it."""
        self.done = self.plan.result(outcome, reason, self.sent)


@dataclass
class Redeliverer:
    """Delivers the events of a plan.

    Shape: `read` asks Stripe for a payment as it is now; `rows` reads the application's rows again, all of them where
           it is told so, else those that were updated; `context` is what payments are judged by; `number` is the
           replay in the journal that has all events of the plan.
    """

    read: Callable[[str], PaymentFacts]
    rows: Callable[[bool], SourceKeeper]
    send: Callable[[EventRecord], DeliveryResult]
    journal: ReplayJournal
    number: int
    context: JudgementContext
    sleep: Callable[[float], None]
    tell: Callable[[EventRecord, str], None]
    _refused: int = field(default=0, init=False)
    _worse: str = field(default="", init=False)
    _slowest: int | None = field(default=None, init=False)
    _written: list[int | None] = field(default_factory=list, init=False)

    def run(self, plans: Sequence[PlannedRedelivery]) -> list[Redelivered]:
        """Delivers what each payment lacks until it is healed; what came of each, in their order."""
        going = [_Progress(plan, self.read(plan.repair.payment_key), list(plan.events)) for plan in plans]
        items = {item.event_id: item for item in self.journal.open_items(self.number)}
        self._look(going)
        for one in going:
            _recheck(one)
        for batch in (going[:1], going[1:]):
            while sent := [one for one in batch if self._deliver_next(one, items)]:
                self._settle(sent)
        self._look_at_all([one for one in going if one.done is None and one.sent])
        return [self._ended(one) for one in going]

    def _look_at_all(self, open_: Sequence[_Progress]) -> None:
        """Before it is said that nothing was booked: an application may write the time of the payment into its row."""
        if not open_:
            return
        self._look(open_, full=True)
        for one in open_:
            self._conclude(one, 0)

    def _deliver_next(self, one: _Progress, items: dict[str, ReplayItem]) -> bool:
        """Sends the next event of a payment; whether there was one."""
        one.left = [(key, record) for key, record in one.left if key in one.missing]
        if one.done is not None or not one.left or self._stopped:
            return False
        _, record = one.left.pop(0)
        item = items[record.id]
        self.journal.sending(self.number, item)
        answer = self.send(record)
        text = answer.told
        self.journal.settle(self.number, item, "accepted" if answer.accepted else "failed", text)
        self.tell(record, text)
        one.sent.append(Delivered(record.id, record.type, text))
        one.refused = "" if answer.accepted else text
        self._refused = 0 if answer.accepted else self._refused + 1
        return True

    @property
    def _stopped(self) -> str:
        """Why nothing more is sent; empty while it goes on."""
        if self._worse:
            return f"the rows of {self._worse} contradict Stripe since its event was delivered again"
        return f"{self._refused} deliveries were refused one after the other" if self._refused >= MOST_REFUSED else ""

    def _settle(self, sent: Sequence[_Progress]) -> None:
        """Waits until the rows show what was delivered, as long as the application may take."""
        waited = 0
        for pause in WAITS_SECONDS:
            if waited + pause > self._patience:
                return
            if pause:
                self.sleep(pause)
            waited += pause
            open_ = [one for one in sent if one.done is None]
            self._look(open_)
            for one in open_:
                self._conclude(one, waited)
            if all(one.done is not None or one.refused for one in sent):
                return

    @property
    def _patience(self) -> int:
        return sum(WAITS_SECONDS) if self._slowest is None else max(_LEAST_WAIT_SECONDS, _SLACK * self._slowest)

    def _conclude(self, one: _Progress, waited: int) -> None:
        """Ends a payment whose rows show what was missing, or show something else that is wrong."""
        if one.worse:
            self._worse = one.plan.repair.payment_key
            one.end(RedeliveryOutcome.WORSE, one.worse)
        elif not one.missing:
            self._slowest = max(waited, self._slowest or 0)
            one.end(RedeliveryOutcome.HEALED, "the application has booked it")

    def _look(self, open_: Sequence[_Progress], *, full: bool = False) -> None:
        """Reads the rows again, and judges by them."""
        keeper = self.rows(full)
        self._written.append(keeper.written_at)
        now = keeper.read_at or self.context.now
        context = replace(self.context, keeper=keeper, now=now, started=now)
        for one in open_:
            names = {*one.facts.other_names, *(fact.object_id for fact in one.facts.facts)}
            entries = keeper.own_entries.of_payment(one.facts.key, names)
            one.verdict = judge(PaymentCase.of(one.facts, entries, {}, keeper), context)

    def _ended(self, one: _Progress) -> Redelivered:
        if one.done is None and one.left and self._stopped:
            one.end(RedeliveryOutcome.NOT_TRIED, self._stopped)
        elif one.done is None and one.refused:
            one.end(RedeliveryOutcome.REFUSED, f"the application refused it: {one.refused}")
        elif one.done is None and self._written[-1] is not None and self._written[-1] == self._written[0]:
            one.end(RedeliveryOutcome.UNSEEN, UNSEEN_REASON)
        elif one.done is None:
            one.end(RedeliveryOutcome.KNOWN, KNOWN_REASON)
        assert one.done is not None
        return one.done


def _recheck(one: _Progress) -> None:
    """What was booked since it was judged, or stands otherwise now, is no longer what somebody agreed to."""
    repair = one.plan.repair
    one.before = frozenset(() if one.verdict is None else _wrong(one.verdict))
    if not one.missing:
        one.end(RedeliveryOutcome.HEALED, "the application has booked it meanwhile")
    elif one.verdict is not None and one.verdict.due != repair.credits:
        one.end(RedeliveryOutcome.HELD, "it stands otherwise than when it was judged: the next run looks again")


def _wrong(verdict: Verdict) -> dict[tuple[str, str, Stake | None], str]:
    """What contradicts Stripe about the credits of a payment, in words.

    Shape: what is only lacking is what events are delivered for, and what a row says beside its credits is as the
           application always writes it.
    """
    found = (each.finding for each in verdict.found if each.finding.code.removeprefix(PREFIX) not in _BESIDE)
    return {(each.code, each.subject, each.stake): each.message for each in found}


_BESIDE = REPAIRABLE | {"pending_not_completed", "amount_mismatch", "currency_mismatch", "package_mismatch"}
