"""What webhook, reconcile, trace, doctor and checklist say of a payment, read as a person reads it."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass

from creditctl.checks.answers import CheckAnswer
from creditctl.checks.context import Context
from creditctl.checks.env.collect import gather_env
from creditctl.checks.payments_credited import every_payment_credited
from creditctl.checks.production.guide import credits_added, small_payment
from creditctl.fulfilment.event import Event, parse_event
from creditctl.fulfilment.plan import plan, with_charges
from creditctl.payments.posting_plan import PlanOutcome
from creditctl.payments.reading.stripe_reader import StripeReader
from creditctl.payments.record import record
from creditctl.payments.verdict import JudgementContext
from creditctl.reconciliation.run import reconcile
from creditctl.stripe_api.pages import list_all
from creditctl.trace.reader import read_trace
from creditctl.trace.sources import TraceSources
from creditctl.trace.timeline import PaymentTrace, build_trace
from tests.journeys.one_story.stories import ABOUT_NO_PAYMENT, STORIES, Story
from tests.journeys.one_story.world import World


def reconcile_says(world: World, key: str) -> Story:
    """From the codes of its findings; what it would repair is what is missing or was taken too much, and only that."""
    report = reconcile(
        client=world.connection.client,
        ledger=world.ledger,
        catalog=world.catalog,
        livemode=False,
        clock=world.clock,
        record=False,
    )
    assert report.complete
    codes = {finding.code.rpartition(".")[2] for finding in report.findings} - ABOUT_NO_PAYMENT
    stories = {STORIES[code] for code in codes}
    assert all(repair.payment_key == key for repair in report.repairs)
    assert bool(report.repairs) <= (stories == {Story.MISSING} or codes == {"refund_over_taken"})
    return one(stories)


def trace_says(world: World, key: str) -> Story:
    """From what it calls missing, whether that is a fault, and its note."""
    sources = TraceSources(lambda: world.connection.client, None, world.ledger, world.clock)
    facts = read_trace(sources, key, world.catalog)
    context = JudgementContext(world.catalog, False, world.clock.now, facts.started, settled=facts.settled)
    (payment,) = build_trace(facts, context).payments
    return _story_of_trace(payment)


def webhook_says(world: World, key: str) -> Story:
    """From what it would do if every event of the payment came now; nothing of it is kept."""
    names = {key, *world.sessions_of(key)}
    listed = reversed(list(list_all(world.connection.client, "events")))
    events = map(parse_event, (json.dumps(event).encode() for event in listed))
    own = [event for event in events if event is not None and _is_about(event, names)]
    outcomes: list[PlanOutcome] = []
    with contextlib.suppress(_Undone), world.ledger.transaction() as tx:
        for event in own:
            reads = StripeReader(world.connection.client)
            planned = plan(event, reads, world.catalog, world.ledger.account, False)
            outcomes.append(record(tx, with_charges(planned, reads)).outcome)
        raise _Undone
    return next((story for outcome, story in OUTCOMES.items() if outcome in outcomes), Story.QUIET)


@dataclass(frozen=True)
class Checked:
    """The answers of the doctor and of the checklist's two items about payments."""

    credited: CheckAnswer
    paid: CheckAnswer
    added: CheckAnswer

    @property
    def words(self) -> str:
        """All that was said."""
        return " | ".join(answer.evidence for answer in (self.credited, self.paid, self.added))

    @property
    def doctor_says(self) -> Story:
        """From its status, and the codes that it names."""
        if self.credited.status.value != "pass":
            return one({story for code, story in STORIES.items() if f"({code})" in self.credited.evidence})
        if "may still be on their way" in self.credited.evidence:
            return Story.IN_FLIGHT
        return Story.HEALTHY if "of ours stand in the" in self.credited.evidence else Story.QUIET

    @property
    def checklist_says(self) -> Story:
        """From the small payment and its credits: only money for a package of ours is the checklist's business."""
        if self.paid.status.value == "fail":
            assert self.added.status.value == "fail"
            return Story.QUIET
        if "may still be on its way" in self.added.evidence:
            return Story.IN_FLIGHT
        if self.added.status.value == "pass" or "a person settled it" in self.added.evidence:
            return Story.HEALTHY
        told = {story for code, story in STORIES.items() if f" {code}: " in self.added.evidence}
        return one(told) if told else Story.MISSING


def checked(world: World) -> Checked:
    """Asks doctor and checklist."""
    context = Context(
        settings=world.settings,
        env=gather_env(world.folder, {}, git=lambda *_: (128, "")),
        catalog=world.catalog,
        clock=world.clock,
        stripe=world.connection,
        ledger=world.ledger,
    )
    return Checked(every_payment_credited(context), small_payment(context), credits_added(context))


def one(stories: set[Story]) -> Story:
    """The one story that is told; several about one payment would be one too many."""
    assert len(stories) < 2, stories
    return next(iter(stories), Story.QUIET)


def _story_of_trace(payment: PaymentTrace) -> Story:
    missing = payment.diagnosis.missing
    if missing is None:
        if payment.diagnosis.note.startswith(("Everything that Stripe tells", "A person settled")):
            return Story.HEALTHY
        if "may still be on its way" in payment.diagnosis.note:
            return Story.IN_FLIGHT
        assert "no credits are expected" in payment.diagnosis.note or "no purchase of" in payment.diagnosis.note
        return Story.NOT_OURS
    if not missing.fault:
        return Story.WAITING if missing.what in ("the payment", "the money") else Story.IN_FLIGHT
    if missing.what == "a decision":
        return Story.DECIDE
    return Story.WRONG if missing.what in ("agreement", "the payment on Stripe") else Story.MISSING


OUTCOMES = {
    PlanOutcome.CONFLICT: Story.WRONG,
    PlanOutcome.FINDING: Story.DECIDE,
    PlanOutcome.POSTED: Story.MISSING,
    PlanOutcome.EXISTS: Story.HEALTHY,
    PlanOutcome.WAITING: Story.WAITING,
    PlanOutcome.NOT_OURS: Story.NOT_OURS,
}
"""What a webhook says by what it would do now, the first that applies: it would post what is missing."""

WEBHOOK = {
    Story.HEALTHY: {Story.HEALTHY, Story.DECIDE},
    Story.MISSING: {Story.MISSING},
    Story.IN_FLIGHT: {Story.MISSING},
    Story.WAITING: {Story.WAITING, Story.QUIET},
    Story.NOT_OURS: {Story.NOT_OURS},
    Story.DECIDE: {Story.DECIDE, Story.QUIET},
    Story.WRONG: {Story.WRONG, Story.HEALTHY, Story.WAITING, Story.NOT_OURS, Story.QUIET},
}
"""What the webhook may say of each story: it sees no clock, no entries of others, nothing that a person settled."""


def _is_about(event: Event, names: set[str]) -> bool:
    return bool(names & {event.object_id, event.object.get("payment_intent")})


class _Undone(Exception):
    """Ends a transaction in which nothing is to be kept."""
