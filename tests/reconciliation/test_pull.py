"""Everything is read, or nothing is concluded."""

from __future__ import annotations

import pytest

from creditctl.core.errors import Unreachable
from creditctl.core.when import Window
from creditctl.payments.reading.reader import PaymentReader
from creditctl.reconciliation.pull import pull
from creditctl.reconciliation.pulled import Pulled
from tests.support.ledger_calls import read
from tests.support.payment_shop import Shop
from tests.support.scripted_stripe import Scripted, answers, lost

DAY = 86_400


def read_all(shop: Shop, since: int | None = None, until: int | None = None) -> Pulled:
    return pull(PaymentReader(shop.client, shop.catalog, shop.now), Window(since, until))


def paths(shop: Shop) -> list[str]:
    return [request.path.removeprefix("/v1/") for request in shop.http.requests]


def test_lists_of_several_pages_are_read_whole(shop: Shop) -> None:
    keys = [shop.pay(age=10 * n) for n in range(1, 251)]
    refunds = {shop.refund(key, 100) for key in keys[:120]}
    found = read_all(shop)
    assert set(found.intents) == set(keys)
    assert {sold.session.payment_key for sold in found.sessions.values()} == set(keys)
    assert set(found.facts) == refunds
    assert found.counts == {"checkout_sessions": 250, "payment_intents": 250, "refunds": 120, "disputes": 0}
    assert found.complete
    assert all(request.query["limit"] == ["100"] for request in shop.http.requests)
    expanded = {r.path for r in shop.http.requests if r.query.get("expand[0]") == ["data.latest_charge"]}
    assert expanded == {"/v1/payment_intents"}
    lists = ["checkout/sessions"] * 3 + ["payment_intents"] * 3 + ["refunds"] * 2 + ["disputes"]
    assert paths(shop) == [*lists, "balance_transactions"]


def test_payments_of_one_second_are_not_lost_between_pages(shop: Shop) -> None:
    keys = {shop.pay(age=500) for _ in range(201)}
    assert set(read_all(shop).intents) == keys


@pytest.mark.parametrize("request_number", range(1, 10))
@pytest.mark.parametrize("fault", [lost(should_retry=False), 500, 429], ids=["None", "500", "429"])
def test_a_fault_at_any_request_ends_the_run(shop: Shop, request_number: int, fault: Scripted) -> None:
    for n in range(1, 251):
        shop.refund(shop.pay(age=10 * n), 100) if n <= 120 else shop.pay(age=10 * n)
    shop.http.on(answers(fault), at=request_number)
    from creditctl.stripe_api.errors import translate

    with pytest.raises(Exception, match=r".") as caught:
        shop.reconcile()
    error = caught.value if isinstance(caught.value, Unreachable) else translate(caught.value)
    assert isinstance(error, Unreachable)
    assert read(shop.ledger).count() == 0
    (run,) = read(shop.ledger).runs("reconcile")
    assert not run.ok
    assert "error" in run.report


def test_line_items_are_read_only_where_the_session_does_not_decide(shop: Shop) -> None:
    shop.pay()
    shop.pay(metadata={}, status="open", payment_status="unpaid", payment_intent=None)
    needed = shop.pay(metadata={})
    shop.line_items(needed)
    read_all(shop)
    assert [path for path in paths(shop) if path.endswith("line_items")] == [
        f"checkout/sessions/{shop.session_of(needed)['id']}/line_items"
    ]


def own_sessions(shop: Shop, count: int, lines: int = 1) -> list[str]:
    """Payments of an application that makes its sessions itself: only the price says that they are ours."""
    keys = [shop.pay(metadata={}, age=5000 + n, client_reference_id=f"u{n}") for n in range(count)]
    metadata = {"managed_by": "creditctl", "package": "starter", "credits": "1000"}
    price = {
        "id": "price_1",
        "product": "creditctl_starter",
        "unit_amount": 1000,
        "currency": "usd",
        "metadata": metadata,
    }
    item = {"quantity": 1, "amount_subtotal": 1000, "currency": "usd", "price": price}
    for key in keys:
        shop.line_items(key, *({**item, "id": f"li_{n}"} for n in range(lines)))
    return keys


def test_line_items_of_many_sessions_are_read_by_the_hundred(shop: Shop) -> None:
    keys = own_sessions(shop, 130)
    assert shop.found() == [("missing_credit", key) for key in sorted(keys)]
    assert paths(shop).count("checkout/sessions") == 4
    assert not [path for path in paths(shop) if path.endswith("line_items")]


def test_line_items_that_a_page_cuts_short_are_read_whole(shop: Shop) -> None:
    keys = own_sessions(shop, 25, lines=11)
    found = read_all(shop)
    assert {len(sold.items or ()) for sold in found.sessions.values()} == {11}
    assert len([path for path in paths(shop) if path.endswith("line_items")]) == len(keys)


def test_an_intent_that_a_session_names_and_no_list_shows_is_a_gap(shop: Shop) -> None:
    key = shop.pay()
    del shop.shelf.objects["payment_intents"][key]
    found = read_all(shop)
    assert not found.complete
    assert key in found.gaps[0]


def test_a_window_reads_what_surrounds_it_and_no_more(shop: Shop) -> None:
    since, until = shop.now - 20 * DAY, shop.now - 10 * DAY
    read_all(shop, since, until)
    bounds = {
        r.path.removeprefix("/v1/"): tuple(r.query.get(f"created[{bound}]", [None])[0] for bound in ("gte", "lt"))
        for r in shop.http.requests
    }
    assert bounds == {
        "checkout/sessions": (str(since - DAY), str(until)),
        "payment_intents": (str(since - DAY), str(until + DAY)),
        "refunds": (str(since - DAY), None),
        "disputes": (str(since - DAY), None),
        "balance_transactions": (str(since - DAY), None),
    }


def test_an_old_refund_of_an_intent_that_no_list_shows_is_a_gap(shop: Shop) -> None:
    shop.refund("pi_lost", 100, age=5)
    assert "pi_lost" in read_all(shop).gaps[0]


def test_in_a_window_a_refund_of_an_older_payment_is_no_gap(shop: Shop) -> None:
    shop.refund(shop.pay(age=40 * DAY), 100, age=5)
    assert read_all(shop, since=shop.now - DAY).complete


def test_what_the_ledger_names_and_only_asking_by_name_shows_is_a_gap(shop: Shop) -> None:
    key = shop.pay()
    shop.fulfil(key)
    shop.shelf.hidden = {key, shop.session_of(key)["id"]}
    report = shop.reconcile()
    assert not report.complete
    assert key in report.findings[0].message or shop.session_of(key)["id"] in report.findings[0].message
    assert [finding.code for finding in report.findings] == ["reconcile.pull_incomplete"]


@pytest.mark.parametrize(
    "cut", [["checkout/sessions"], ["checkout/sessions", "payment_intents", "balance_transactions"]]
)
def test_a_list_that_is_cut_does_not_ask_for_everything_that_the_ledger_names(shop: Shop, cut: list[str]) -> None:
    """A run on a cut list is incomplete whatever is asked besides: a large ledger would take days to say so."""
    keys = [shop.pay(age=7 * DAY - n) for n in range(200)]
    shop.fulfil(*keys)
    page = {"object": "list", "data": [], "has_more": False}
    for path in cut:
        shop.http.on(answers(page), path=f"/v1/{path}", when=lambda request: "payment_intent" not in request.query)

    report = shop.reconcile()

    assert [finding.code for finding in report.findings] == ["reconcile.pull_incomplete"]
    assert len(shop.http.requests) < 300, "200 payments by name are three requests each"
