"""Seeded account for tests: many past payments on the emulator, a ledger that agrees with them, and lists that lie."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import stripe

from creditctl.core.catalog import Catalog
from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from creditctl.ledger.archive.pull_store import PullStore
from creditctl.ledger.archive.sessionless import SessionlessStore
from creditctl.ledger.archive.store import Archive
from creditctl.ledger.matching.worth_store import WorthStore
from creditctl.ledger.store import Ledger
from creditctl.payments.reading.reader import PaymentReader
from creditctl.payments.repair import RepairLimits
from creditctl.reconciliation.bulk_reader import BulkReader
from creditctl.reconciliation.kept.archive_pull import ArchivePull
from creditctl.reconciliation.kept.offline_pull import OfflinePull
from creditctl.reconciliation.probed_match import ProbedMatch
from creditctl.reconciliation.pull import PullPlan
from creditctl.reconciliation.report import ReconcileReport
from creditctl.reconciliation.run import reconcile, repair
from tests.emulator.world import control
from tests.support.clock import NOW, Clock
from tests.support.keys import TEST_KEY
from tests.support.scripted_stripe import Act, Forward, ScriptedStripe, SentRequest, StripeAnswer

BASE = "http://127.0.0.1:12111"
LISTS = ("checkout/sessions", "payment_intents", "refunds", "disputes", "balance_transactions")
DAY = 86_400
Rows = list[dict[str, Any]]


@dataclass
class SeededAccount:
    """An account of the emulator with a past, as one run sees it."""

    emulator: Emulator
    catalog: Catalog
    ledger_path: Path
    clock: Clock = field(default_factory=Clock)
    key: str = TEST_KEY

    def __post_init__(self) -> None:
        self.http = ScriptedStripe(self.emulator)

    @property
    def client(self) -> stripe.StripeClient:
        return stripe.StripeClient(self.key, http_client=self.http, base_addresses={"api": BASE}, max_network_retries=0)

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        account = self.client.v1.accounts.retrieve_current().id
        with Ledger.open(self.ledger_path, account=account, livemode=False, clock=self.clock) as opened:
            yield opened

    def reconcile(self, **options: Any) -> ReconcileReport:
        with self.ledger() as ledger:
            return reconcile(
                client=self.client, ledger=ledger, catalog=self.catalog, livemode=False, clock=self.clock, **options
            )

    @contextmanager
    def archive(self) -> Iterator[Archive]:
        account = self.client.v1.accounts.retrieve_current().id
        path = self.ledger_path.with_name("archive.db")
        with Archive.open(path, account=account, livemode=False) as opened:
            yield opened

    def pulled(self, *, whole: bool = False, workers: int = 4, **options: Any) -> ReconcileReport:
        """One run that keeps Stripe's lists in an archive."""
        with self.archive() as archive:

            def kept(reader: PaymentReader) -> ArchivePull:
                return ArchivePull(reader, PullStore(archive), BulkReader(self.client, workers=workers), whole)

            night, sessionless = ProbedMatch(WorthStore(archive), self.ledger_path), SessionlessStore(archive)
            part = PullPlan(sessionless, kept, matcher=night, news=night.news)
            return self.reconcile(plan=PullPlan(sessionless, kept) if whole else part, **options)

    def offline(self, **options: Any) -> ReconcileReport:
        """One run on what the archive kept."""
        with self.archive() as archive:
            state = PullStore(archive).state()
            as_of = None if state is None else state.at
            plan = PullPlan(source=lambda reader: OfflinePull(reader, PullStore(archive)), as_of=as_of)
            return self.reconcile(plan=plan, **options)

    def repaired(self) -> ReconcileReport:
        """One run and its repair: afterwards the ledger agrees with what Stripe has."""
        report = self.reconcile()
        with self.ledger() as ledger:
            return repair(report, ledger=ledger, clock=self.clock, limits=RepairLimits(10_000))

    def copy(self, folder: Path) -> SeededAccount:
        """The same account and a copy of the ledger, for a test of its own."""
        path = folder / self.ledger_path.name
        shutil.copy(self.ledger_path, path)
        return SeededAccount(self.emulator, self.catalog, path, Clock(self.clock.now), self.key)

    def objects(self, path: str) -> Rows:
        """Everything of one list, newest first."""
        client = stripe.StripeClient(
            TEST_KEY, http_client=EmulatorHTTPClient(self.emulator), base_addresses={"api": BASE}
        )
        found: Rows = []
        while True:
            after = {"starting_after": found[-1]["id"]} if found else {}
            page = json.loads(client.raw_request("get", f"/v1/{path}", limit=100, **after).body)
            found += page["data"]
            if not page["has_more"]:
                return found


MANY_RETURNS = {"refunded": 0.2, "partial": 0.2, "disputed": 0.15, "declined": 0.05, "expired": 0.05}
"""So much is refunded and disputed that each list is long."""


def seeded(
    folder: Path, catalog: Catalog, payments: int = 260, shares: Mapping[str, float] = MANY_RETURNS
) -> SeededAccount:
    """An account with payments of the last 40 days, refunded, disputed and declined ones among them."""
    emulator = Emulator(clock=lambda: NOW, seed=1)
    account = SeededAccount(emulator, catalog, folder / "ledger.db")
    for package in catalog.packages:
        metadata = {"managed_by": "creditctl", "package": package.slug, "credits": str(package.credits)}
        product = account.client.v1.products.create(
            params={"id": f"creditctl_{package.slug}", "name": package.name, "metadata": metadata}
        )
        account.client.v1.prices.create(
            params={
                "product": product.id,
                "currency": "usd",
                "unit_amount": package.amount or 0,
                "lookup_key": f"creditctl_{package.slug}_usd",
                "metadata": metadata,
            }
        )
    span = {"since": NOW - 40 * DAY, "until": NOW - 2 * DAY}
    made = control(emulator, "POST", "/seed", payments=payments, seed=5, **span, **shares)
    assert made["payments"] == payments, made
    with Ledger.open(
        account.ledger_path,
        account=account.client.v1.accounts.retrieve_current().id,
        livemode=False,
        clock=account.clock,
    ):
        pass
    account.repaired()
    return account


def changed(change: Callable[[SentRequest, dict[str, Any]], dict[str, Any]]) -> Act:
    """The answer, changed on its way."""

    def act(request: SentRequest, forward: Forward) -> StripeAnswer:
        answer = forward()
        body = json.loads(answer.body) if isinstance(answer.body, str | bytes) else dict(answer.body)
        return StripeAnswer(change(request, body), answer.status, answer.headers)

    return act


def without(ids: Sequence[str]) -> Act:
    """A list that shows everything but these."""
    lost = frozenset(ids)
    return changed(lambda _request, page: {**page, "data": [row for row in page["data"] if row["id"] not in lost]})


def unfiltered(request: SentRequest) -> bool:
    """Whether a request reads a list as a whole, not that of one payment."""
    return "payment_intent" not in request.query
