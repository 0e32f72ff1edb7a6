"""A balance transaction that names another charge than is kept of its payment says that the payment changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from creditctl.ledger.archive.pull_models import PulledObject, PullSlice
from creditctl.ledger.archive.pull_store import PullStore
from creditctl.ledger.archive.store import Archive
from creditctl.reconciliation.kept.unknown_charges import payments_of_unknown_charges


def kept(name: str, payment: str | None, **said: object) -> PulledObject:
    return PulledObject(name, 100, payment, False, json.dumps({"id": name, **said}).encode())


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.open(tmp_path / "archive.db", account="acct_1", livemode=False) as opened:
        yield opened


@pytest.mark.parametrize("latest", [None, "ch_1", {"id": "ch_1"}], ids=["not paid yet", "by id", "expanded"])
def test_a_payment_is_named_where_its_charge_is_another(archive: Archive, latest: object) -> None:
    store = PullStore(archive)
    store.begin_whole(3, 50, [])
    store.keep(PullSlice("payment_intents", 0, None), [kept("pi_1", "pi_1", latest_charge=latest)])
    charged = [
        kept("txn_1", "pi_1", source={"id": "ch_1", "payment_intent": "pi_1"}),
        kept("txn_2", "pi_1", source={"id": "re_1", "payment_intent": "pi_1"}),
        kept("txn_3", "pi_unknown", source={"id": "ch_9"}),
        kept("txn_4", None, source="ch_8"),
        kept("txn_5", "pi_1", source=None),
    ]
    later = [kept(f"txn_{n}", "pi_1", source={"id": "ch_2"}) for n in (6, 7)]
    assert payments_of_unknown_charges(store, charged) == ([] if latest else ["pi_1"])
    assert payments_of_unknown_charges(store, [*charged, *later]) == ["pi_1"]
