"""Delivers one event several times from several threads; prints the outcomes as JSON.

Run as a program: `-m tests.fulfilment.concurrent_child LEDGER EVENT.json THREADS TIMES`.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import stripe

from creditctl.core.catalog import Catalog, Package
from creditctl.core.keys import Secret
from creditctl.fulfilment.webhook import Webhook
from creditctl.ledger.store import Ledger
from tests.support.clock import NOW
from tests.support.stripe_reads import NoReads

SECRET = "whsec_exampleexample"


def main(path: Path, body: str, threads: int, times: int) -> list[str]:
    """The outcomes of all deliveries."""
    header = stripe.WebhookSignature.generate_signature_header(body, SECRET, timestamp=NOW)
    with Ledger.open(path, account="acct_1", livemode=False, clock=lambda: NOW) as ledger:
        webhook = Webhook(
            ledger=ledger,
            stripe=NoReads(),
            secrets=(Secret(SECRET),),
            catalog=Catalog((Package(1, "starter", "Starter", 1000, 1000, "usd"),)),
            account="acct_1",
            livemode=False,
            clock=lambda: NOW,
        )
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(lambda _: webhook.receive(body.encode(), header).outcome, range(times)))


if __name__ == "__main__":
    outcomes = main(Path(sys.argv[1]), Path(sys.argv[2]).read_text(), int(sys.argv[3]), int(sys.argv[4]))
    print(json.dumps(outcomes))
