"""Payment shop for tests: its Stripe is a shelf of objects behind the scripted client, its ledger a real one."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import stripe

from creditctl.core.catalog import Catalog, parse_catalog
from creditctl.core.entitlement.decision import Grants, decide
from creditctl.core.entitlement.facts import DisputeFact, RefundFact, SessionFacts
from creditctl.core.entitlement.prices import LineItem
from creditctl.core.entitlement.settlement import EntryDraft, EntryKind
from creditctl.core.findings import Finding
from creditctl.ledger.models import Entry, Posting
from creditctl.ledger.store import Ledger
from creditctl.payments.price_origins import PriceOrigins
from creditctl.payments.reading.stripe_reader import StripeReader
from creditctl.reconciliation.report import ReconcileReport
from creditctl.reconciliation.run import reconcile, repair
from tests.support.clock import NOW
from tests.support.scripted_stripe import ScriptedStripe
from tests.support.shelf import Shelf

ACCOUNT = "acct_test0000000000"


@dataclass
class Shop:
    """Buyers, Stripe and the ledger, moved by hand: what a webhook would do is done by `fulfil`."""

    ledger: Ledger
    catalog: Catalog
    shelf: Shelf = field(default_factory=Shelf)
    moment: list[int] = field(default_factory=lambda: [NOW])
    _serial: int = 0

    def __post_init__(self) -> None:
        self.http = ScriptedStripe(self.shelf)

    @property
    def now(self) -> int:
        return self.moment[0]

    def clock(self) -> int:
        return self.now

    @property
    def client(self) -> stripe.StripeClient:
        return stripe.StripeClient("sk_test_shelf0000000000", http_client=self.http, max_network_retries=0)

    def number(self) -> int:
        self._serial += 1
        return self._serial

    def pay(self, slug: str = "starter", user: str = "u1", age: int = 86_400, **changes: Any) -> str:
        """A finished checkout; the payment's key."""
        package, n, created = self.catalog.by_slug(slug), self.number(), self.now - age
        assert package is not None
        metadata = {"managed_by": "creditctl", "user_id": user, "package": slug, "credits": str(package.credits)}
        intent_id, session_id = f"pi_{n:04}", f"cs_test_{n:04}"
        session = {
            "id": session_id,
            "object": "checkout.session",
            "status": "complete",
            "payment_status": "paid",
            "mode": "payment",
            "amount_subtotal": package.amount,
            "amount_total": package.amount,
            "currency": "usd",
            "payment_intent": intent_id,
            "client_reference_id": user,
            "metadata": metadata,
            "livemode": False,
            "created": created,
            **changes,
        }
        self.shelf.put("checkout/sessions", session)
        if session["payment_intent"] is None:
            return session_id
        self.intent(intent_id, amount=int(session["amount_total"]), metadata=session["metadata"], created=created)
        return intent_id

    def intent(
        self, intent_id: str, *, created: int, amount: int = 1000, status: str = "succeeded", **changes: Any
    ) -> None:
        received = amount if status == "succeeded" else 0
        body = {
            "id": intent_id,
            "object": "payment_intent",
            "status": status,
            "amount": amount,
            "amount_received": received,
            "currency": "usd",
            "metadata": {},
            "livemode": False,
            "latest_charge": {"id": f"ch_{intent_id}", "object": "charge", "created": created},
            "created": created,
            **changes,
        }
        self.shelf.put("payment_intents", body)

    def session_of(self, key: str) -> dict[str, Any]:
        rows = self.shelf.objects["checkout/sessions"].values()
        return next(row for row in rows if key in (row.get("payment_intent"), row["id"]))

    def line_items(self, key: str, *items: dict[str, Any]) -> None:
        path = f"checkout/sessions/{self.session_of(key)['id']}/line_items"
        self.shelf.objects[path] = {item["id"]: item for item in items}

    def refund(self, key: str, amount: int, status: str = "succeeded", age: int = 3600) -> str:
        refund_id = f"re_{self.number():04}"
        body = {"id": refund_id, "object": "refund", "amount": amount, "currency": "usd", "status": status}
        body |= {"payment_intent": key, "charge": f"ch_{key}", "created": self.now - age}
        self.shelf.put("refunds", body)
        return refund_id

    def dispute(self, key: str, amount: int, status: str = "needs_response", age: int = 3600) -> str:
        dispute_id = f"du_{self.number():04}"
        moves = [] if status.startswith("warning") else [-amount, amount] if status == "won" else [-amount]
        body = {"id": dispute_id, "object": "dispute", "amount": amount, "currency": "usd", "status": status}
        body |= {"payment_intent": key, "charge": f"ch_{key}", "created": self.now - age}
        body["balance_transactions"] = [
            {"id": f"txn_{dispute_id}_{n}", "object": "balance_transaction", "amount": move, "currency": "usd"}
            for n, move in enumerate(moves)
        ]
        self.shelf.put("disputes", body)
        return dispute_id

    def purchase_draft(self, key: str) -> EntryDraft:
        session = SessionFacts.from_stripe(self.session_of(key))
        path = f"checkout/sessions/{session.id}/line_items"
        items = [LineItem.from_stripe(item) for item in self.shelf.objects.get(path, {}).values()]
        known = PriceOrigins(StripeReader(self.client), self.catalog).completed(items)
        decision = decide(session, self.catalog, known or None)
        assert isinstance(decision, Grants)
        return decision.purchase.draft(source_event="evt_1")

    def fulfil(self, *keys: str) -> None:
        """What the webhooks of these payments leave behind: purchases, refunds and disputes as they are now."""
        for key in keys:
            with self.ledger.transaction() as tx:
                tx.post(self.purchase_draft(key))
                for path, make in (("refunds", RefundFact.from_stripe), ("disputes", DisputeFact.from_stripe)):
                    for body in self.shelf.objects.get(path, {}).values():
                        fact = make(body, body["created"])
                        if fact is not None and fact.payment_key == key:
                            tx.keep_fact(fact)
                            tx.settle(key, cause=fact.object_id)

    def post(self, credits: int = 1000, user: str = "u1", **changes: Any) -> Entry:
        """An entry as an import of an application's own rows could bring it."""
        number = self.number()
        known: dict[str, Any] = {
            "created": self.now - 86_400,
            "user_id": user,
            "kind": EntryKind.PURCHASE,
            "credits": credits,
            "amount": 1000,
            "currency": "usd",
            "payment_key": None,
            "session_id": None,
            "object_id": None,
            "package": None,
            "idempotency_key": f"import:app:{number}",
        }
        with self.ledger.transaction() as tx:
            posting: Posting = tx.post(EntryDraft(**{**known, **changes}))
        assert posting.entry is not None
        return posting.entry

    def later(self, seconds: int = 60) -> None:
        self.moment[0] += seconds

    def reconcile(self, **options: Any) -> ReconcileReport:
        """One run, a minute after what happened last."""
        self.later()
        return reconcile(
            client=self.client, ledger=self.ledger, catalog=self.catalog, livemode=False, clock=self.clock, **options
        )

    def repair(self, report: ReconcileReport, **options: Any) -> ReconcileReport:
        self.later()
        return repair(report, ledger=self.ledger, clock=self.clock, **options)

    def found(self, **options: Any) -> list[tuple[str, str]]:
        """Codes (without `reconcile.`) and subjects of one run."""
        return [
            (finding.code.removeprefix("reconcile."), finding.subject) for finding in self.reconcile(**options).findings
        ]


OpenShop = Callable[[], AbstractContextManager[Shop]]
"""A maker of shops, each in a folder of its own, for tests that need many; use it in a `with`."""


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The five packages."""
    return parse_catalog(resources.files("creditctl.core").joinpath("packages.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def open_shop(catalog: Catalog) -> OpenShop:
    """Opens shops."""

    @contextmanager
    def make() -> Iterator[Shop]:
        now = [NOW]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "ledger.db"
            with Ledger.open(path, account=ACCOUNT, livemode=False, clock=lambda: now[0]) as ledger:
                yield Shop(ledger, catalog, moment=now)

    return make


@pytest.fixture
def shop(open_shop: OpenShop) -> Iterator[Shop]:
    """A shop in which nothing has happened yet."""
    with open_shop() as made:
        yield made


@pytest.fixture
def sound(shop: Shop) -> Shop:
    """A shop in which everything is as it should be, so that each test plants one thing."""
    plain, refunded, disputed, free = (
        shop.pay(),
        shop.pay("pro", "u2"),
        shop.pay(user="u3"),
        shop.pay(user="u4", payment_status="no_payment_required", payment_intent=None, amount_total=0),
    )
    shop.refund(refunded, 4000)
    shop.dispute(disputed, 1000, "won")
    shop.fulfil(plain, refunded, disputed, free)
    shop.pay(user="u5", status="open", payment_status="unpaid", payment_intent=None)
    shop.pay(user="u6", status="expired", payment_status="unpaid", payment_intent=None)
    shop.intent("pi_foreign", created=shop.now - 9000, metadata={"order": "7"})
    shop.shelf.put("checkout/sessions", {"id": "cs_test_setup", "mode": "setup", "created": shop.now})
    return shop


def only(shop: Shop) -> Finding:
    """The one finding of a run."""
    findings = shop.reconcile().findings
    assert len(findings) == 1, [finding.as_dict() for finding in findings]
    return findings[0]


def sold_at(shop: Shop, key: str, amount: int) -> None:
    """Gives a session its one line item: a price of ours that has been replaced since."""
    metadata = {"managed_by": "creditctl", "package": "starter", "credits": "850"}
    shop.shelf.put(
        "prices",
        {"id": "price_new", "product": "creditctl_starter", "metadata": {**metadata, "supersedes": "price_old"}},
    )
    sold = {
        "id": "price_old",
        "product": "creditctl_starter",
        "unit_amount": amount,
        "currency": "usd",
        "metadata": metadata,
    }
    shop.line_items(key, {"id": "li_1", "quantity": 1, "amount_subtotal": amount, "currency": "usd", "price": sold})
