"""What was pulled is kept together with how far the reading has come."""

from __future__ import annotations

import json

from creditctl.ledger.archive.pull_models import PulledObject, PullSlice, PullState
from creditctl.ledger.archive.pull_store import PullStore
from creditctl.ledger.archive.store import Archive

ALL = PullSlice("refunds", 0, None)


def kept(number: int, *, open_: bool = False, text: str = "", payment: str | None = None) -> PulledObject:
    return PulledObject(f"re_{number}", 100 + number, payment, open_, json.dumps({"n": number, "t": text}).encode())


def begun(archive: Archive) -> PullStore:
    store = PullStore(archive)
    store.begin_whole(1, 50, [ALL])
    return store


def ids(store: PullStore, since: int | None = None, until: int | None = None) -> list[int]:
    return [json.loads(body)["n"] for body in store.bodies("refunds", since, until)]


def test_an_archive_into_which_nothing_was_pulled_holds_nothing(archive: Archive) -> None:
    store = PullStore(archive)
    assert store.state() is None
    assert (store.marks(), store.slices(), ids(store), store.newest("refunds")) == ({}, [], [], None)
    assert (store.body("refunds", "re_1"), store.items("cs_1"), store.open("refunds", 0, 999)) == (None, None, [])
    assert (store.ids("refunds", 0), store.count("refunds", 0, 999)) == (frozenset(), 0)


def test_a_reading_of_everything_has_no_watermark_until_it_ties_out(archive: Archive) -> None:
    store = begun(archive)
    assert store.state() == PullState(layout=1, at=50, tied=False, whole=True)
    assert store.slices() == [ALL]
    rest = [PullSlice("refunds", 0, 103)]
    store.keep(ALL, [kept(4), kept(3)], rest, whole=True)
    assert store.slices() == rest
    store.keep(rest[0], [kept(2), kept(1)], whole=True)
    assert (store.slices(), store.marks()) == ([], {})
    store.settle('["refunds"]', 60)
    assert store.state() == PullState(layout=1, at=60, tied=True, whole=False)
    assert store.marks() == {"refunds": 104}
    assert ids(store) == [4, 3, 2, 1]
    assert ids(store, 102, 104) == [3, 2]


def test_what_a_reading_of_everything_did_not_see_is_gone(archive: Archive) -> None:
    store = begun(archive)
    store.keep(ALL, [kept(1), kept(2)], whole=True)
    store.settle('["refunds"]', 60)
    store.begin_whole(1, 70, [ALL])
    assert store.marks() == {}
    store.keep(ALL, [kept(2)], whole=True)
    assert ids(store) == [2], "what is judged meanwhile is what was seen"
    store.settle('["refunds"]', 80)
    assert ids(store) == [2]


def test_what_changed_is_not_tied_until_it_is_said(archive: Archive) -> None:
    store = begun(archive)
    store.keep(ALL, [kept(1)], whole=True)
    store.settle('["refunds"]', 60)
    store.keep(ALL, [kept(1)])
    state = store.state()
    assert state is not None
    assert state.tied, "it says the same as before"
    store.keep(ALL, [kept(1, text="failed")])
    state = store.state()
    assert state is not None
    assert not state.tied


def test_what_was_kept_already_is_not_written_again(archive: Archive) -> None:
    store = begun(archive)
    assert store.keep(ALL, [kept(1), kept(2)]) == [kept(1), kept(2)]
    assert store.keep(ALL, [kept(1), kept(2, text="failed"), kept(3)]) == [kept(2, text="failed"), kept(3)]
    twice = [kept(1, text="failed"), kept(3), kept(1)]
    assert store.keep(ALL, twice) == [], "of one that is shown twice, what is said last counts"
    assert dict(store.bodies_of("refunds", ["re_1", "re_9"])) == {"re_1": kept(1).body}


def test_only_lists_that_were_read_get_a_watermark(archive: Archive) -> None:
    store = begun(archive)
    store.keep(ALL, [kept(1)], whole=True)
    store.settle("[]", 60)
    assert store.marks() == {}


def test_what_is_open_is_told_with_payment_and_age(archive: Archive) -> None:
    store = begun(archive)
    store.keep(ALL, [kept(1, open_=True, payment="pi_1"), kept(2), kept(3, open_=True)])
    assert store.open("refunds", 0, 999) == [("re_1", "pi_1", 101), ("re_3", None, 103)]
    assert store.open("refunds", 102, 103) == []
    assert store.count("refunds", 101, 103) == 2
    assert store.ids("refunds", 102) == {"re_2", "re_3"}


def test_line_items_are_kept_by_session(archive: Archive) -> None:
    store = PullStore(archive)
    store.keep_items([("cs_1", b"[]"), ("cs_2", b"[1]")])
    assert (store.items("cs_1"), store.items("cs_2"), store.items("cs_3")) == (b"[]", b"[1]", None)
