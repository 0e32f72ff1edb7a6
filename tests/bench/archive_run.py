"""Archives all events once, in a process of its own, and prints how many, in which time and how its memory grew.

Usage: python -m tests.bench.archive_run URL KEY PATH   prints: added seconds early-megabytes peak-megabytes.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import stripe

from creditctl.events.archive import archive_events
from creditctl.ledger.archive.store import Archive
from creditctl.stripe_api.retry import ANSWER_SECONDS, RetryPolicy
from creditctl.stripe_api.transport import RetryingTransport, real_transport
from tests.bench.bench_tools import peak_megabytes


def main(url: str, key: str, path: Path) -> None:
    """Archives everything that the Stripe at `url` has, into a new archive."""
    client = patient_client(url, key)
    with Archive.open(path, account="acct_bench", livemode=False) as archive:
        client.v1.balance.retrieve()
        start, marks = time.perf_counter(), [peak_megabytes()]
        report = archive_events(
            client, archive, clock=lambda: int(time.time()), progress=lambda count: marks.append(peak_megabytes())
        )
        seconds = time.perf_counter() - start
    print(report.added, seconds, marks[len(marks) // 10], peak_megabytes())


def patient_client(url: str, key: str) -> stripe.StripeClient:
    """A client as the command line has it, without a log."""
    transport = RetryingTransport(
        real_transport(proxied=False, answer_seconds=ANSWER_SECONDS),
        sleep=time.sleep,
        chance=lambda: 0.5,
        policy=RetryPolicy(),
        audit=None,
        writes_locked=True,
    )
    return stripe.StripeClient(key, base_addresses={"api": url}, http_client=transport)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
