"""Payments without a session: what Stripe said once is kept."""

from __future__ import annotations

from creditctl.ledger.archive.sessionless import SessionlessStore
from creditctl.ledger.archive.store import Archive


def test_nothing_is_known_where_nothing_was_kept(archive: Archive) -> None:
    assert SessionlessStore(archive).known() == frozenset()


def test_what_is_kept_is_known_however_often(archive: Archive) -> None:
    store = SessionlessStore(archive)
    store.keep(["pi_1", "pi_2"])
    store.keep(["pi_2", "pi_3"])
    assert store.known() == {"pi_1", "pi_2", "pi_3"}
