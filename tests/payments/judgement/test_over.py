"""A finding that a webhook left is over when the payment stands as it should, however that came about."""

from __future__ import annotations

from dataclasses import replace

from creditctl.core.entitlement.decision import Proposal
from creditctl.core.findings import Finding, Severity
from tests.support.payment_shop import Shop


def find(shop: Shop, key: str, code: str = "fulfilment.quantity", subject: str | None = None) -> None:
    """What a webhook kept about a payment."""
    finding = Finding(code, Severity.HIGH, subject or key, "Sold twice.", "`creditctl ledger resolve {id} --credit`")
    proposal = Proposal(key, None, "u1", 2000, 2000, "usd", "starter", 5)
    with shop.ledger.transaction() as tx:
        tx.add_finding(finding, payment_key=key, proposal=proposal)


def told(shop: Shop, **options: int) -> list[tuple[str, str]]:
    return [(each.code.rpartition(".")[2], each.severity.value) for each in shop.reconcile(**options).findings]


def test_what_an_application_credited_rightly_is_listed_as_settled(shop: Shop) -> None:
    key = shop.pay()
    shop.fulfil(key)
    find(shop, key)
    report = shop.reconcile()
    (finding,) = report.findings
    assert (finding.code, finding.severity.value) == ("reconcile.settled_finding", "info")
    assert finding.fix.startswith("`creditctl ledger resolve 1 --dismiss --reason settled`; ")
    assert report.clean


def test_it_is_over_by_any_name_and_in_any_window_that_holds_the_payment(shop: Shop) -> None:
    key = shop.pay()
    shop.fulfil(key)
    find(shop, f"ch_{key}", subject="re_1")
    assert told(shop, since=shop.now - 2 * 86_400) == [("settled_finding", "info")]
    assert told(shop, since=shop.now - 60) == [], "the payment was not looked at"


def test_it_stays_while_the_payment_lacks_its_credits_or_contradicts(shop: Shop) -> None:
    key = shop.pay()
    find(shop, key)
    assert told(shop) == [("missing_credit", "critical"), ("quantity", "high")]
    shop.post(900, payment_key=key)
    assert told(shop) == [("quantity", "high"), ("wrong_amount", "high")]


def test_that_nobody_knows_the_owner_is_over_once_the_settings_name_them(shop: Shop) -> None:
    """`user = [...]` was set: the payment lacks its credits, and nobody has to find out whose it is any more."""
    ours = {"managed_by": "creditctl", "package": "starter", "credits": "1000"}
    price = {"id": "price_1", "product": "creditctl_starter", "unit_amount": 1000, "currency": "usd", "metadata": ours}
    key = shop.pay(user="u1", metadata={"user_id": "u2", "account": "u3"})
    shop.line_items(key, {"id": "li_1", "quantity": 1, "amount_subtotal": 1000, "currency": "usd", "price": price})
    assert told(shop) == [("owner_conflict", "high")]

    shop.catalog = replace(shop.catalog, user=("metadata.account",))
    assert told(shop) == [("missing_credit", "critical"), ("settled_finding", "info")]

    shop.post(1000, "u3", payment_key=key)
    assert told(shop) == [("settled_finding", "info")]


def test_it_stays_while_the_picture_is_incomplete(shop: Shop) -> None:
    key = shop.pay()
    shop.fulfil(key)
    find(shop, key)
    shop.refund("pi_nowhere", 10)
    assert ("quantity", "high") in told(shop)


def test_a_finding_about_no_payment_is_never_over(shop: Shop) -> None:
    shop.fulfil(shop.pay())
    with shop.ledger.transaction() as tx:
        tx.add_finding(Finding("fulfilment.malformed_event", Severity.HIGH, "evt_1", "What?", "`look`"))
    assert told(shop) == [("malformed_event", "high")]
