"""What payments are worth is kept all or nothing, and every change on Stripe leaves a note of its payment."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from creditctl.ledger.archive.pull_models import PulledObject, PullSlice
from creditctl.ledger.archive.pull_store import PullStore
from creditctl.ledger.matching.worth import Worth
from creditctl.ledger.matching.worth_store import WorthStore

SESSIONS, REFUNDS, BALANCE = "checkout/sessions", "refunds", "balance_transactions"


def pulled(store: WorthStore, path: str, *objects: PulledObject) -> None:
    PullStore(store.file).keep(PullSlice(path, 0, None), objects)


def worth(payment: str, user: str | None = "u1", look: int = 0) -> Worth:
    return Worth(payment, None, look, user, 1000, 1000, 1000, "usd", None, 1, 1, 0, 0, 0, 1)


def test_what_changes_on_stripe_is_noted_under_all_its_names(store: WorthStore) -> None:
    pulled(store, SESSIONS, PulledObject("cs_1", 1, "pi_1", True, b"{}"))
    pulled(store, REFUNDS, PulledObject("re_1", 1, "pi_2", True, b"{}"))
    pulled(store, BALANCE, PulledObject("txn_1", 1, "pi_3", False, b"{}"))
    PullStore(store.file).keep_items([("cs_4", b"[]")])
    assert store.touched() == {"cs_1", "pi_1", "re_1", "pi_2", "cs_4"}


def test_what_is_read_again_and_says_the_same_is_not_noted(store: WorthStore) -> None:
    same = PulledObject("cs_1", 1, None, True, b"{}")
    pulled(store, SESSIONS, same)
    store.replace([], "d")
    pulled(store, SESSIONS, same)
    assert store.touched() == frozenset()
    pulled(store, SESSIONS, same._replace(payment="pi_1", body=b"{ }"))
    assert store.touched() == {"cs_1", "pi_1"}


def test_rows_and_the_end_of_their_notes_are_one_step(store: WorthStore) -> None:
    pulled(store, SESSIONS, PulledObject("cs_1", 1, "pi_1", True, b"{}"))

    def killed() -> Iterator[Worth]:
        yield worth("pi_1")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.replace(killed(), "d")
    with pytest.raises(KeyboardInterrupt):
        store.update(killed(), "d", handled=("pi_1", "cs_1"))
    assert store.touched() == {"cs_1", "pi_1"}
    assert list(store.payments()) == []
    assert store.digest() is None


def test_rows_are_changed_dropped_and_counted(store: WorthStore) -> None:
    store.replace([worth("pi_1"), worth("pi_2", "u2"), worth("pi_3", None), worth("pi_4", look=1)], "d")
    store.update([worth("pi_5", "u5")], "e", gone=["pi_3"])
    assert sorted(store.payments()) == ["pi_1", "pi_2", "pi_4", "pi_5"]
    assert store.digest() == "e"
    assert (store.credited(), store.credited(["pi_1", "pi_4"])) == (3, 2)
    assert store.buys("u1")
    assert not store.buys("u1", ["pi_1"])
    assert not store.buys("nobody")
