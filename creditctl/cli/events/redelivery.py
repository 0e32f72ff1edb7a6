"""Redelivery of `reconcile --repair`: an application gets its lost events again, signed, until it has booked them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from creditctl.cli.events.delivery_target import replay_target, sender_to
from creditctl.core.text import plural

if TYPE_CHECKING:
    from creditctl.cli.events.delivery_target import ReplayTarget
    from creditctl.cli.session import Session
    from creditctl.core.entitlement.entry import CreditEntry
    from creditctl.ledger.archive.models import EventQuery, EventRecord
    from creditctl.ledger.archive.store import Archive
    from creditctl.payments.facts import PaymentFacts
    from creditctl.payments.repair import RepairLimits
    from creditctl.payments.source.source_keeper import SourceKeeper
    from creditctl.reconciliation.redelivery.plan import PlannedRedelivery, RedeliveryTerms
    from creditctl.reconciliation.report import ReconcileReport


@dataclass(frozen=True)
class SourceRepair:
    """The repair of one report about an application's rows. Shape: `rows` reads them again."""

    session: Session
    report: ReconcileReport
    archive: Archive
    keeper: SourceKeeper
    rows: Callable[[bool], SourceKeeper]
    limits: RepairLimits

    def run(self) -> ReconcileReport:
        """Delivers what the report lacks, once it was shown and somebody agreed; a dry run only says what it would.

        Errors: GuardRefused, ConfigurationError where it is not clear where to deliver to, or no secret is there.
        """
        session, report = self.session, self.report
        plans = self._plans()
        planned = replace(report, redelivered=tuple(plan.planned() for plan in plans))
        wanted = [plan for plan in plans if plan.held is None]
        if session.dry_run or not wanted:
            return planned
        self._require_few(wanted)
        if not session.agreed_to_deliver(self._lines(wanted)):
            session.say("Nothing was delivered.")
            return planned
        return self._deliver(plans, wanted)

    @cached_property
    def target(self) -> ReplayTarget:
        """Where events go: the registered endpoint, or the backend of the settings."""
        return replay_target(self.session, None, via_stripe=False)

    @cached_property
    def fingerprint(self) -> str:
        """The name in the journal under which repairs at this target are found again."""
        from creditctl.events.replay import fingerprint

        return fingerprint({"repair": self.target.name})

    def _plans(self) -> list[PlannedRedelivery]:
        from creditctl.reconciliation.redelivery.plan import plan_redelivery

        terms, names = self._terms(), self.report.basis.names
        called = {repair.payment_key: {repair.payment_key, *repair.names} for repair in self.report.repairs}
        for name, key in names.items():
            if key in called:
                called[key].add(name)
        return [
            plan_redelivery(repair, called[repair.payment_key], self._find, terms) for repair in self.report.repairs
        ]

    def _terms(self) -> RedeliveryTerms:
        from creditctl.reconciliation.redelivery.plan import RedeliveryTerms
        from creditctl.reconciliation.redelivery.vanished import vanished_rows

        endpoint, session = self.target.endpoint, self.session
        return RedeliveryTerms(
            now=session.wiring.clock(),
            livemode=session.stripe.livemode,
            subscribed=("*",) if endpoint is None else endpoint.enabled_events,
            orphans=self._orphans(),
            vanished=vanished_rows(self.report.findings, self.report.entries),
            accepted=self.archive.replays.accepted_before(self.fingerprint),
            written_at=self.keeper.written_at,
        )

    def _orphans(self) -> tuple[CreditEntry, ...]:
        """The rows that gave credits and that nothing on Stripe explains."""
        from creditctl.core.entitlement.settlement import EntryKind
        from creditctl.payments.finding_codes import ORPHAN_CREDIT

        named = {finding.subject for finding in self.report.findings if finding.code == ORPHAN_CREDIT}
        if not named:
            return ()
        rows = self.keeper.own_entries.all()
        return tuple(each for each in rows if each.kind is EntryKind.PURCHASE and each.payment_key in named)

    def _find(self, query: EventQuery) -> list[EventRecord]:
        """Events of Stripe's as they are now, and those that only the archive has."""
        from creditctl.events.selection import ArchiveWriter
        from creditctl.events.source import read_pages

        writer, found = ArchiveWriter(self.archive, self.session.wiring.clock), dict[str, "EventRecord"]()
        for page in read_pages(self.session.stripe.client, query):
            writer.keep(page.records)
            found.update((record.id, record) for record in page.records)
        return list(({record.id: record for record in self.archive.events(query)} | found).values())

    def _require_few(self, wanted: Sequence[PlannedRedelivery]) -> None:
        from creditctl.payments.repair import require_repairable

        require_repairable(self.session.ledger, [plan.repair for plan in wanted], self.limits)

    def _lines(self, wanted: Sequence[PlannedRedelivery]) -> list[str]:
        from creditctl.cli.render.redelivery import delivery_lines

        return delivery_lines([plan.planned() for plan in wanted], self.target.name)

    def _deliver(self, plans: Sequence[PlannedRedelivery], wanted: Sequence[PlannedRedelivery]) -> ReconcileReport:
        from creditctl.reconciliation import run as room
        from creditctl.reconciliation.redelivery.run import Redeliverer

        session, journal = self.session, self.archive.replays
        send = sender_to(session, self.target, via_stripe=False)
        clock = session.wiring.clock
        with self.archive.lock("replay", "A replay"):
            ids = [record.id for plan in wanted for _, record in plan.events]
            number = journal.begin(self.fingerprint, self.target.name, clock(), ids)
            redeliverer = Redeliverer(
                read=self._payment,
                rows=self.rows,
                send=send,
                journal=journal,
                number=number,
                context=self.report.terms,
                sleep=session.wiring.sleep,
                tell=self._tell,
            )
            repaired = room.redeliver(self.report, plans, redeliverer, ledger=session.ledger, clock=clock)
            journal.finish(number, clock(), each_once=True)
        return repaired

    def _payment(self, payment_key: str) -> PaymentFacts:
        """One payment as Stripe has it now."""
        from creditctl.payments.reading.reader import PaymentReader

        reader = PaymentReader(self.session.stripe.client, self.report.terms.catalog, self.session.wiring.clock())
        return reader.payment(payment_key)

    def _tell(self, record: EventRecord, answer: str) -> None:
        if not (self.session.as_json or self.session.silent):
            self.session.say(f"delivered {record.type} {record.id} [{answer}]")


def repair_source(
    session: Session,
    report: ReconcileReport,
    archive: Archive,
    keeper: SourceKeeper,
    rows: Callable[[bool], SourceKeeper],
    limits: RepairLimits,
) -> ReconcileReport:
    """The report after its repair; as it is where nothing is to be repaired, or not everything could be read."""
    if not report.complete or not report.repairs:
        return report
    if not session.silent:
        session.say(f"{plural(len(report.repairs), 'payment')} to look for events of.")
    return SourceRepair(session, report, archive, keeper, rows, limits).run()
