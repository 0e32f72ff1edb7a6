"""Queries of an archive: order, and every key that finds an event."""

from __future__ import annotations

from creditctl.ledger.archive.models import EventQuery
from creditctl.ledger.archive.store import Archive
from tests.support.archives import keep, record


def test_order_is_time_then_reading_then_against_the_list(archive: Archive) -> None:
    """Ids are no order: what Stripe lists further down in one second is older, what a later reading finds is newer."""
    keep(archive, record(7, 101), record(5, 100), record(9, 100), record(1, 99))
    keep(archive, record(3, 100), record(2, 99))

    assert archive.ids(EventQuery()) == ["evt_1", "evt_2", "evt_9", "evt_5", "evt_3", "evt_7"]
    backwards = [each.id for each in archive.events(EventQuery(), newest_first=True)]
    assert backwards == archive.ids(EventQuery())[::-1]
    assert [each.id for each in archive.events(EventQuery(), limit=2)] == ["evt_1", "evt_2"]


def test_queries_find_by_every_key(archive: Archive) -> None:
    keep(
        archive,
        record(4, 130, type="charge.dispute.created", object_id="dp_1", payment_key="pi_2", charge_id="ch_2"),
        record(3, 120, object_id="ch_1", payment_key="pi_1", charge_id="ch_1"),
        record(2, 110, type="checkout.session.completed", object_id="cs_1", payment_key="pi_1", user_id="ann"),
        record(1, 100, type="product.created", object_id="prod_1"),
    )

    assert archive.ids(EventQuery(types=("charge.*",))) == ["evt_3", "evt_4"]
    assert archive.ids(EventQuery(types=("product.created", "charge.refunded"))) == ["evt_1", "evt_3"]
    assert archive.ids(EventQuery(types=("charge.[r]efunded", "?harge.refunded"))) == []
    assert archive.ids(EventQuery(since=110, until=120)) == ["evt_2"]
    assert archive.ids(EventQuery(object_id="pi_1")) == ["evt_2", "evt_3"]
    assert archive.ids(EventQuery(object_id="ch_2")) == ["evt_4"]
    assert archive.ids(EventQuery(user_id="ann")) == ["evt_2"]
    assert archive.ids(EventQuery(user_id="ann", payment_keys=frozenset(("pi_1", "pi_2")))) == [
        "evt_2",
        "evt_3",
        "evt_4",
    ]
    assert archive.ids(EventQuery(user_id="bob")) == []
