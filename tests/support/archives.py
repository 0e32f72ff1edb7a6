"""An archive to keep events in, and pages of events."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from creditctl.ledger.archive.models import EventRecord
from creditctl.ledger.archive.store import Archive


def record(number: int, created: int = 100, body: bytes | None = None, **keys: str) -> EventRecord:
    names = {"type": "charge.refunded", "object_id": None, "payment_key": None, "charge_id": None, "user_id": None}
    fields = {**names, **keys}
    return EventRecord(
        id=f"evt_{number}",
        created=created,
        type=str(fields["type"]),
        object_id=fields["object_id"],
        payment_key=fields["payment_key"],
        charge_id=fields["charge_id"],
        user_id=fields["user_id"],
        body=body or b'{"number": %d}' % number,
    )


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.open(tmp_path / "m.db", account="acct_1", livemode=False) as built:
        yield built


def keep(archive: Archive, *page: EventRecord) -> int:
    """Keeps a page, newest first, as one reading."""
    return archive.store(archive.begin("read", 1, None), page, finished=1)
