"""Reconciles a shop of many past payments night after night, in a process of its own, and prints what a night took.

Usage: python -m tests.bench.night_run PAYMENTS TOUCHED   prints a line for each of four nights, the first of which
reads everything, the second nothing new, and the others so many new payments: seconds of processor time, megabytes.
"""

from __future__ import annotations

import bisect
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import stripe

from creditctl.core.catalog import parse_catalog
from creditctl.core.entitlement.settlement import EntryDraft, EntryKind
from creditctl.ledger.archive.pull_store import PullStore
from creditctl.ledger.archive.sessionless import SessionlessStore
from creditctl.ledger.archive.store import Archive
from creditctl.ledger.matching.worth_store import WorthStore
from creditctl.ledger.store import Ledger
from creditctl.payments.reading.reader import PaymentReader
from creditctl.reconciliation.bulk_reader import BulkReader
from creditctl.reconciliation.kept.archive_pull import ArchivePull
from creditctl.reconciliation.probed_match import ProbedMatch
from creditctl.reconciliation.pull import PullPlan
from creditctl.reconciliation.run import reconcile
from tests.support.clock import NOW
from tests.support.scripted_stripe import ScriptedStripe, SentRequest, StripeAnswer

ACCOUNT = "acct_bench"
DAY = 86_400
PAST_SECONDS = 400 * DAY
USERS = 5_000
MADE_BY_LIST = {"checkout/sessions": "cs_test_", "payment_intents": "pi_", "balance_transactions": "txn_"}
POSTED_AT_ONCE = 5_000


class YearsOfPayments:
    """A Stripe that answers lists of payments, each made up from its number alone."""

    def __init__(self, made: Sequence[int]) -> None:
        self.made = list(made)
        self.seconds = 0.0

    def __call__(self, request: SentRequest) -> StripeAnswer:
        """One page of a list; the processor time that it takes to make it up is noted: it is none of the night's."""
        started = time.process_time()
        answer = self._page(request)
        self.seconds += time.process_time() - started
        return answer

    def _page(self, request: SentRequest) -> StripeAnswer:
        """Newest first; lists of other things are empty."""
        path = request.path.removeprefix("/v1/")
        query = {name: values[0] for name, values in request.query.items()}
        numbers: Sequence[int] = ()
        if path in MADE_BY_LIST:
            low = bisect.bisect_left(self.made, int(query.get("created[gte]", "0")))
            top = bisect.bisect_left(self.made, int(query["created[lt]"])) if "created[lt]" in query else len(self.made)
            if "starting_after" in query:
                top = number(query["starting_after"])
            numbers = range(low, top)
        shown = numbers[-int(query.get("limit", "10")) :]
        data = [body(path, n, self.made[n]) for n in reversed(shown)]
        page = {"object": "list", "url": request.path, "has_more": len(shown) < len(numbers), "data": data}
        return StripeAnswer(json.dumps(page))


def number(name: str) -> int:
    """The number of a payment in any of its names."""
    return int(name.rpartition("_")[2])


def user(n: int) -> str:
    """Who paid the n-th payment."""
    return f"user_{n % USERS:05}"


def body(path: str, n: int, made: int) -> dict[str, object]:
    """An object of the n-th payment."""
    metadata = {"managed_by": "creditctl", "user_id": user(n), "package": "starter", "credits": "1000"}
    money: dict[str, object] = {"currency": "usd", "livemode": False, "metadata": metadata, "created": made}
    charge = {"id": f"ch_{n:09}", "object": "charge", "created": made, "status": "succeeded", "currency": "usd"}
    if path == "checkout/sessions":
        said = {"status": "complete", "payment_status": "paid", "mode": "payment", "client_reference_id": user(n)}
        paid = {"amount_subtotal": 1000, "amount_total": 1000, "payment_intent": f"pi_{n:09}"}
        return {"id": f"cs_test_{n:09}", "object": "checkout.session", **said, **paid, **money}
    if path == "payment_intents":
        taken = {"amount": 1000, "amount_captured": 1000, "amount_refunded": 0, "disputed": False}
        latest = {**charge, **taken, "balance_transaction": f"txn_{n:09}"}
        paid = {"status": "succeeded", "amount": 1000, "amount_received": 1000, "latest_charge": latest}
        return {"id": f"pi_{n:09}", "object": "payment_intent", **paid, **money}
    source = {"id": charge["id"], "object": "charge", "created": made, "payment_intent": f"pi_{n:09}"}
    moved = {"type": "charge", "reporting_category": "charge", "amount": 1000, "fee": 59, "net": 941, "source": source}
    return {"id": f"txn_{n:09}", "object": "balance_transaction", "currency": "usd", "created": made, **moved}


def write(folder: Path, now: int, shop: YearsOfPayments, numbers: Sequence[int]) -> None:
    """What the webhooks of some payments left behind."""
    with Ledger.open(folder / "ledger.db", account=ACCOUNT, livemode=False, clock=lambda: now) as ledger:
        for at in range(0, len(numbers), POSTED_AT_ONCE):
            with ledger.transaction() as tx:
                for n in numbers[at : at + POSTED_AT_ONCE]:
                    tx.post(draft(n, shop.made[n]))


def draft(n: int, made: int) -> EntryDraft:
    """The purchase of the n-th payment."""
    return EntryDraft(
        created=made,
        user_id=user(n),
        kind=EntryKind.PURCHASE,
        credits=1000,
        amount=1000,
        currency="usd",
        payment_key=f"pi_{n:09}",
        session_id=f"cs_test_{n:09}",
        object_id=None,
        package="starter",
        idempotency_key=f"purchase:pi_{n:09}",
        source_event=f"evt_{n:09}",
    )


def night(client: stripe.StripeClient, folder: Path, now: int) -> tuple[float, int]:
    """One run, everything opened anew; its processor time, and how many payments it compared.

    Shape: without the proof of the entries' hashes, which takes as long for any large ledger and less for a small one.
    """
    catalog = parse_catalog(resources.files("creditctl.core").joinpath("packages.toml").read_text(encoding="utf-8"))
    started = time.process_time()
    path = folder / "ledger.db"
    with (
        Ledger.open(path, account=ACCOUNT, livemode=False, clock=lambda: now) as ledger,
        Archive.open(folder / "ledger-archive.db", account=ACCOUNT, livemode=False) as archive,
    ):

        def kept(reader: PaymentReader) -> ArchivePull:
            return ArchivePull(reader, PullStore(archive), BulkReader(client, workers=1))

        matcher = ProbedMatch(WorthStore(archive), path)
        plan = PullPlan(SessionlessStore(archive), kept, matcher=matcher, news=matcher.news)
        report = reconcile(client=client, ledger=ledger, catalog=catalog, livemode=False, clock=lambda: now, plan=plan)
        assert report.complete, report.basis.gaps
        assert report.clean, report.findings[:3]
        taken, began = time.process_time() - started, time.process_time()
        with ledger.reading() as view:
            view.verify_partly(now // DAY)
        return taken - (time.process_time() - began), report.payments


def main(payments: int, touched: int) -> None:
    """Four nights, each a line: seconds of processor time, peak megabytes of the process, payments."""
    with tempfile.TemporaryDirectory(prefix="creditctl-bench-") as name:
        folder, now = Path(name), NOW
        shop = YearsOfPayments([NOW - PAST_SECONDS + (PAST_SECONDS - 2 * DAY) * n // payments for n in range(payments)])
        write(folder, now, shop, range(payments))
        http = ScriptedStripe(shop)
        client = stripe.StripeClient("sk_test_bench000000000000", http_client=http, max_network_retries=0)
        for new in (0, 0, touched, touched):
            known = len(shop.made)
            now += DAY
            shop.made += [now - DAY // 2 + n * (DAY // 4) // max(1, new) for n in range(new)]
            write(folder, now, shop, range(known, known + new))
            if os.fork() == 0:  # memory that one night took is not to be counted for the next
                shop.seconds = 0.0
                seconds, compared = night(client, folder, now)
                seconds -= shop.seconds
                megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                print(f"{seconds:.3f} {megabytes:.0f} {compared}", flush=True)
                os._exit(0)
            assert os.wait()[1] == 0


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
