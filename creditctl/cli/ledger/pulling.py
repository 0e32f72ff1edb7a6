"""Pulling for a command: where Stripe's lists are kept beside its ledger, and at which rate they are read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.cli.ledger.source import archive_beside_ledger
from creditctl.core.errors import Unreachable, UsageError
from creditctl.core.modes import Mode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from creditctl.cli.command import Session
    from creditctl.core.when import Window
    from creditctl.ledger.archive.store import Archive
    from creditctl.payments.reading.reader import PaymentReader
    from creditctl.reconciliation.probed_match import ProbedMatch
    from creditctl.reconciliation.pull import PullPlan, PullSource
    from creditctl.stripe_api.pages import Progress

DEFAULT_RATE = 20
"""Requests a second. Source: Stripe documentation, "Rate limits": 25 for an endpoint, and production asks there too."""


@dataclass(frozen=True, slots=True)
class PullOptions:
    """How Stripe is read: each field is an option of the command."""

    offline: Annotated[
        bool, typer.Option("--offline", help="Ask Stripe nothing and keep nothing: judge what a run has kept of it.")
    ] = False
    rate: Annotated[
        int | None,
        typer.Option(
            "--rate",
            min=1,
            max=100,
            help="Send no more requests a second to Stripe than this.",
            metavar="NUMBER",
            show_default=f"{DEFAULT_RATE}, or [reconcile] rate of creditctl.toml; the emulator has no limit",
        ),
    ] = None

    def require_consistent(self, *, repair: bool, full: bool) -> None:
        """Refuses what cannot be had without asking Stripe. Errors: UsageError."""
        for name, given in (("--repair", repair), ("--full", full)):
            if self.offline and given:
                raise UsageError(
                    f"{name} needs Stripe as it is now, and --offline asks it nothing.",
                    code="usage.offline",
                    fix="Leave one of them out.",
                )


@dataclass
class Pulling:
    """Where one run keeps what it reads of Stripe.

    Shape: while not everything was read once, a dry run and a window read Stripe's lists as they are, and keep nothing;
           afterwards a dry run has a copy of what is kept. It is `reconciliation.inquiry.SessionlessPayments` too.
           A `report` of everything that was sold needs everything that is kept.
    """

    session: Session
    options: PullOptions
    full: bool = False
    progress: Progress | None = None
    report: bool = False

    def limit_rate(self) -> None:
        """Keeps the requests of this run to its rate."""
        import time

        from creditctl.stripe_api.rate import RateBudget

        rate = self._rate
        if rate is not None:
            self.session.stripe.transport.budget = RateBudget(rate, time.monotonic, self.session.wiring.sleep)

    @property
    def _rate(self) -> int | None:
        """The rate of option or project file, or the usual one. Units: requests a second."""
        usual = None if self.session.stripe.mode is Mode.EMULATOR else DEFAULT_RATE
        return self.options.rate or self.session.project.reconcile.rate or usual

    def plan(self, window: Window) -> PullPlan:
        """How the run reads Stripe. Errors: Unreachable where nothing is kept that --offline needs."""
        from creditctl.reconciliation.pull import PullPlan

        source = self._source(window)
        night = self._night(kept=source is not None)
        plan = PullPlan(self, source, self._as_of())
        if night is not None:
            plan = replace(plan, matcher=night, news=None if self.report else night.news)
        return plan if self.options.offline else replace(plan, ahead_seconds=self.session.stripe.ahead_seconds)

    def _night(self, *, kept: bool) -> ProbedMatch | None:
        """Probes over what is kept; with --full, or where nothing may be kept, everything is compared in memory."""
        from creditctl.ledger.matching.worth_store import WorthStore
        from creditctl.reconciliation.probed_match import ProbedMatch

        if not kept or self.full or self.options.offline:
            return None
        return ProbedMatch(WorthStore(archive_beside_ledger(self.session)), self.session.ledger_path)

    def _source(self, window: Window) -> Callable[[PaymentReader], PullSource] | None:
        """Where the lists are kept, for the reader of a run; None where nothing is."""
        from creditctl.ledger.archive.pull_store import PullStore
        from creditctl.reconciliation.bulk_reader import BulkReader, workers_for
        from creditctl.reconciliation.kept.archive_pull import ArchivePull
        from creditctl.reconciliation.kept.offline_pull import OfflinePull

        if self.options.offline:
            store = PullStore(self._archive_that_is_there())
            return lambda reader: OfflinePull(reader, store)
        if not (self._reads_everything(window) or self._everything_was_read()):
            return None
        store = PullStore(archive_beside_ledger(self.session))
        bulk = BulkReader(self.session.stripe.client, self.progress, workers_for(self._rate))
        return lambda reader: ArchivePull(reader, store, bulk, self.full)

    def _as_of(self) -> int | None:
        """When the lists were read that are judged; None where they are read now. Units: Unix seconds."""
        from creditctl.ledger.archive.pull_store import PullStore

        if not self.options.offline:
            return None
        state = PullStore(self._archive_that_is_there()).state()
        return None if state is None else state.at

    def known(self) -> frozenset[str]:
        """The payments of which an earlier run kept that no session belongs to them."""
        from creditctl.ledger.archive.sessionless import SessionlessStore

        return SessionlessStore(archive_beside_ledger(self.session)).known() if self._is_there() else frozenset()

    def keep(self, intents: Iterable[str]) -> None:
        """Keeps some more of these, beside the ledger."""
        from creditctl.ledger.archive.sessionless import SessionlessStore

        learned = list(intents)
        if learned and not self.session.dry_run:
            SessionlessStore(archive_beside_ledger(self.session)).keep(learned)

    def _reads_everything(self, window: Window) -> bool:
        return not self.session.dry_run and (window.unbounded or self.full)

    def _is_there(self) -> bool:
        from creditctl.ledger.archive.location import archive_exists, archive_path

        return archive_exists(archive_path(self.session.ledger_path))

    def _everything_was_read(self) -> bool:
        from creditctl.ledger.archive.pull_store import PullStore

        return self._is_there() and bool(PullStore(archive_beside_ledger(self.session)).marks())

    def _archive_that_is_there(self) -> Archive:
        if self._is_there():
            return archive_beside_ledger(self.session)
        raise Unreachable(
            "There is no archive of what Stripe answered.",
            code="reconcile.not_kept",
            fix="Run `creditctl reconcile` without --offline once.",
        )
