"""What the tests of matching are given: an empty store of worth in an archive of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from creditctl.ledger.archive.store import Archive
from creditctl.ledger.matching.worth_store import WorthStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[WorthStore]:
    with Archive.open(tmp_path / "m.db", account="acct_1", livemode=False) as archive:
        made = WorthStore(archive)
        made.prepare()
        yield made
