"""Healthy shops accuse nobody: whatever honest payments, refunds and corrections come together, nothing is found."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from creditctl.core.catalog import parse_catalog
from creditctl.core.entitlement.settlement import EntryKind
from creditctl.core.findings import Severity
from creditctl.ledger.store import Ledger
from tests.support.clock import NOW
from tests.support.payment_shop import ACCOUNT, Shop, sold_at

CATALOG = parse_catalog(
    "".join(
        f'[[package]]\nnumber = {number}\nslug = "{slug}"\nname = "{slug}"\ncredits = {credits}\n'
        f'amount = {amount}\ncurrency = "{currency}"\n'
        for number, (slug, credits, amount, currency) in enumerate(
            (("starter", 1000, 1000, "usd"), ("pro", 13_500, 10_000, "usd"), ("yen", 900, 1200, "jpy"),
             ("dinar", 700, 5000, "kwd")), 1
        )
    )
)  # fmt: skip
SLUGS = tuple(package.slug for package in CATALOG)


def plain(shop: Shop, user: str, slug: str) -> None:
    shop.fulfil(bought(shop, user, slug))


def bought(shop: Shop, user: str, slug: str, percent: int = 100, tax: int = 0) -> str:
    """A payment in the package's currency, with a discount or a tax."""
    package = CATALOG.by_slug(slug)
    assert package is not None
    total = package.amount * percent // 100 + tax
    key = shop.pay(slug, user, age=90_000, currency=package.currency, amount_total=total)
    shop.intent(key, created=shop.now - 90_000, amount=total, currency=package.currency,
                metadata=shop.session_of(key)["metadata"])  # fmt: skip
    return key


def discounted(shop: Shop, user: str, slug: str) -> None:
    shop.fulfil(bought(shop, user, slug, percent=70))


def taxed(shop: Shop, user: str, slug: str) -> None:
    shop.fulfil(bought(shop, user, slug, tax=190))


def free(shop: Shop, user: str, slug: str) -> None:
    currency = CATALOG.by_slug(slug)
    assert currency is not None
    shop.fulfil(
        shop.pay(slug, user, age=90_000, payment_status="no_payment_required", payment_intent=None, amount_total=0,
                 currency=currency.currency)
    )  # fmt: skip


def several_attempts(shop: Shop, user: str, slug: str) -> None:
    """A declined card, then one that pays an hour later: one intent, its latest charge is younger."""
    key = bought(shop, user, slug)
    body = shop.shelf.objects["payment_intents"][key]
    body["latest_charge"] = {"id": f"ch_second_{key}", "object": "charge", "created": shop.now - 86_400}
    shop.fulfil(key)


def declined(shop: Shop, user: str, slug: str) -> None:
    shop.pay(slug, user, age=90_000, status="expired", payment_status="unpaid", payment_intent=None)
    shop.intent(f"pi_declined{shop.number()}", created=shop.now - 90_000, status="requires_payment_method",
                metadata={"managed_by": "creditctl"})  # fmt: skip


def bank_debit_under_way(shop: Shop, user: str, slug: str) -> None:
    key = shop.pay(slug, user, age=90_000, payment_status="unpaid")
    shop.intent(key, created=shop.now - 90_000, status="processing", metadata=shop.session_of(key)["metadata"])


def refunded(shop: Shop, user: str, slug: str) -> None:
    """In parts, the last of which failed; rounded down each time, and together."""
    key = bought(shop, user, slug)
    for amount, status in ((333, "succeeded"), (333, "succeeded"), (250, "failed")):
        body = shop.shelf.objects["payment_intents"][key]
        refund = shop.refund(key, amount, status)
        shop.shelf.objects["refunds"][refund]["currency"] = body["currency"]
    shop.fulfil(key)


def disputed_and_won(shop: Shop, user: str, slug: str) -> None:
    del slug
    key = bought(shop, user, "starter")
    shop.dispute(key, 1000, "won")
    shop.fulfil(key)


def inquired(shop: Shop, user: str, slug: str) -> None:
    del slug
    key = bought(shop, user, "pro")
    shop.dispute(key, 10_000, "warning_needs_response")
    shop.fulfil(key)


def by_a_price_of_before(shop: Shop, user: str, slug: str) -> None:
    del slug
    key = shop.pay(user=user, age=90_000, metadata={}, amount_subtotal=900, amount_total=900)
    shop.intent(key, created=shop.now - 90_000, amount=900)
    sold_at(shop, key, 900)
    shop.fulfil(key)


def another_product(shop: Shop, user: str, slug: str) -> None:
    """A mug by Checkout, a subscription, a program's own intents, as much as a package costs or not."""
    del slug
    mug = {"id": "price_mug", "product": "prod_mug", "unit_amount": 1000, "currency": "usd", "metadata": {}}
    shop.shelf.put("products", {"id": "prod_mug", "object": "product", "metadata": {}})
    key = shop.pay(user=user, age=90_000, metadata={}, client_reference_id=None)
    shop.line_items(key, {"id": "li_mug", "quantity": 1, "amount_subtotal": 1000, "currency": "usd", "price": mug})
    shop.intent(f"pi_sub{shop.number()}", created=shop.now - 90_000, description="Subscription update")
    shop.intent(f"pi_app{shop.number()}", created=shop.now - 90_000, metadata={"order_id": "7"})
    shop.intent(f"pi_odd{shop.number()}", created=shop.now - 90_000, amount=1234)


def corrected_by_hand(shop: Shop, user: str, slug: str) -> None:
    """Given twice by an import, and one of them taken back by an adjustment that names it."""
    key = bought(shop, user, slug)
    shop.fulfil(key)
    draft = shop.purchase_draft(key)
    twin = shop.post(draft.credits, user, payment_key=key, amount=draft.amount, currency=draft.currency)
    shop.post(
        -draft.credits, user, kind=EntryKind.ADJUSTMENT, amount=0, currency=None, payment_key=key, corrects=twin.id
    )


def refund_booked_by_hand(shop: Shop, user: str, slug: str) -> None:
    del slug
    key = bought(shop, user, "starter")
    shop.fulfil(key)
    shop.refund(key, 400)
    shop.post(-400, user, kind=EntryKind.ADJUSTMENT, amount=0, currency=None, payment_key=key)


def goodwill_and_usage(shop: Shop, user: str, slug: str) -> None:
    del slug
    shop.post(500, user, kind=EntryKind.ADJUSTMENT, amount=0, currency=None)
    shop.post(-200, user, kind=EntryKind.USAGE, amount=0, currency=None)


def under_another_name(shop: Shop, user: str, slug: str) -> None:
    """An application's rows name the charge, or the session."""
    key = bought(shop, user, slug)
    draft = shop.purchase_draft(key)
    name = f"ch_{key}" if shop.number() % 2 else shop.session_of(key)["id"]
    shop.post(draft.credits, user, payment_key=name, amount=draft.amount, currency=draft.currency)


HEALTHY: tuple[Callable[[Shop, str, str], None], ...] = (
    *(plain, discounted, taxed, free, several_attempts, declined, bank_debit_under_way, refunded, disputed_and_won),
    *(inquired, by_a_price_of_before, another_product, corrected_by_hand, refund_booked_by_hand, goodwill_and_usage),
    under_another_name,
)
Sold = tuple[Callable[[Shop, str, str], None], str, str]
shops = st.lists(
    st.tuples(st.sampled_from(HEALTHY), st.sampled_from(("ann", "ben", "cem")), st.sampled_from(SLUGS)), max_size=14
)


@settings(max_examples=80, deadline=None)
@given(sold=shops)
def test_nothing_healthy_is_accused(sold: Sequence[Sold]) -> None:
    now = [NOW]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        with Ledger.open(path, account=ACCOUNT, livemode=False, clock=lambda: now[0]) as ledger:
            shop = Shop(ledger, CATALOG, moment=now)
            for sell, user, slug in sold:
                sell(shop, user, slug)
            report = shop.reconcile()
            notes = {finding.code for finding in report.findings if finding.severity is Severity.INFO}

            assert [each.as_dict() for each in report.findings if each.severity is not Severity.INFO] == []
            assert notes <= {"reconcile.double_payment"}
            assert report.repairs == ()
