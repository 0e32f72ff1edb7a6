"""The webhook and its reader against the emulator: real events, signed and delivered by an independent witness."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import stripe

from creditctl.core.catalog import Catalog, Package
from creditctl.core.errors import StripeRefused, Unreachable
from creditctl.core.keys import Secret
from creditctl.emulator.app import Emulator
from creditctl.emulator.protocol.wire import Reply, Request
from creditctl.fulfilment.webhook import Receipt, Webhook
from creditctl.ledger.store import Ledger
from creditctl.payments.reading.stripe_reader import StripeReader
from tests.support.clock import NOW
from tests.support.keys import TEST_KEY
from tests.support.ledger_calls import read
from tests.support.scripted_stripe import Scripted, ScriptedStripe, answers, lost

STARTER = Package(1, "starter", "Starter", 1000, 1000, "usd")


@dataclass
class Shop:
    """An emulated Stripe that delivers to a webhook on a real ledger."""

    emulator: Emulator
    client: stripe.StripeClient
    http: ScriptedStripe
    ledger: Ledger
    price: str
    webhook: Webhook
    receipts: list[Receipt] = field(default_factory=list)

    @property
    def stripe(self) -> Any:
        return self.client.v1

    def control(self, path: str, /, **params: Any) -> Any:
        headers = {"authorization": f"Bearer {TEST_KEY}", "content-type": "application/json"}
        request = Request("POST", f"/_emulator{path}", "", headers, json.dumps(params).encode())
        return json.loads(self.emulator.handle(request).body)

    def buy(self, card: str = "4242424242424242", **params: Any) -> Any:
        metadata = {"managed_by": "creditctl", "user_id": "ada", "package": "starter", "credits": "1000"}
        given = {
            "mode": "payment",
            "success_url": "https://example.com/ok",
            "line_items": [{"price": self.price, "quantity": 1}],
            "client_reference_id": "ada",
            "metadata": metadata,
        }
        session = self.stripe.checkout.sessions.create(params=given | params)
        self.control(f"/sessions/{session.id}/pay", card=card)
        return self.stripe.checkout.sessions.retrieve(session.id)

    def deliver(self) -> int:
        """Sends what is due; the balance of the buyer afterwards."""
        self.emulator.pump(send=self.send)
        assert {receipt.status for receipt in self.receipts} <= {200}
        return read(self.ledger).balance("ada")

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        given = {name.lower(): value for name, value in headers.items()}
        receipt = self.webhook.receive(body, given.get("stripe-signature"))
        self.receipts.append(receipt)
        return Reply(receipt.status, b"{}", {})


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop with one package, one endpoint and an empty ledger."""
    emulator = Emulator(clock=lambda: NOW, real_clock=lambda: NOW)
    http = ScriptedStripe(emulator)
    client = stripe.StripeClient(TEST_KEY, http_client=http, max_network_retries=0)
    api: Any = client.v1
    product = api.products.create(params={"id": STARTER.product_id, "name": "Starter", "metadata": STARTER.metadata})
    price = api.prices.create(
        params={"product": product.id, "currency": "usd", "unit_amount": 1000, "metadata": STARTER.metadata}
    )
    endpoint = api.webhook_endpoints.create(
        params={"url": "https://example.com/api/credits/webhook", "enabled_events": ["*"]}
    )
    with Ledger.open(tmp_path / "ledger.db", account="acct_1", livemode=False, clock=lambda: NOW) as ledger:
        webhook = Webhook(
            ledger=ledger,
            stripe=StripeReader(client),
            secrets=(Secret(endpoint.secret),),
            catalog=Catalog((STARTER,)),
            account="acct_1",
            livemode=False,
            clock=lambda: NOW,
        )
        yield Shop(emulator, client, http, ledger, price.id, webhook)
        assert read(ledger).verify().ok
        assert read(ledger).findings(None) == []
    emulator.close()


def test_a_purchase_is_credited_once(shop: Shop) -> None:
    session = shop.buy()
    assert shop.deliver() == 1000
    (entry,) = read(shop.ledger).entries()
    assert (entry.payment_key, entry.session_id, entry.amount) == (session.payment_intent, session.id, 1000)


def test_a_session_without_metadata_is_decided_by_its_price(shop: Shop) -> None:
    shop.buy(metadata={})
    assert shop.deliver() == 1000


def test_a_price_that_was_archived_meanwhile_still_decides(shop: Shop) -> None:
    metadata = {**STARTER.metadata, "credits": "700"}
    product, amount = STARTER.product_id, 900
    old = shop.stripe.prices.create(
        params={"product": product, "currency": "usd", "unit_amount": amount, "metadata": metadata}
    )
    shop.stripe.prices.create(
        params={
            "product": product,
            "currency": "usd",
            "unit_amount": 1000,
            "metadata": {**STARTER.metadata, "supersedes": old.id},
        }
    )
    shop.buy(line_items=[{"price": old.id, "quantity": 1}])
    shop.stripe.prices.update(old.id, params={"active": False})
    assert shop.deliver() == 700


def test_what_sells_something_else_is_left_alone(shop: Shop) -> None:
    product = shop.stripe.products.create(params={"name": "A mug"})
    mug = shop.stripe.prices.create(params={"product": product.id, "currency": "usd", "unit_amount": 1500})
    shop.buy(line_items=[{"price": mug.id, "quantity": 2}], metadata={})
    assert shop.deliver() == 0
    assert "not_ours" in {receipt.outcome for receipt in shop.receipts}


def test_refunds_take_back_their_part_and_in_the_end_everything(shop: Shop) -> None:
    session = shop.buy()
    for amount, left in ((333, 667), (167, 500), (500, 0)):
        shop.stripe.refunds.create(params={"payment_intent": session.payment_intent, "amount": amount})
        shop.deliver()
        assert read(shop.ledger).balance("ada") == left
    assert [entry.amount for entry in read(shop.ledger).entries()] == [1000, -333, -167, -500]


def test_a_refund_before_any_delivery_is_settled_with_the_purchase(shop: Shop) -> None:
    session = shop.buy()
    shop.stripe.refunds.create(params={"payment_intent": session.payment_intent})
    assert shop.deliver() == 0


@pytest.mark.parametrize(
    ("evidence", "left"), [("winning_evidence", 1000), ("losing_evidence", 0)], ids=["won", "lost"]
)
def test_a_dispute_takes_the_credits_until_it_is_won(shop: Shop, evidence: str, left: int) -> None:
    session = shop.buy()
    shop.deliver()
    dispute = shop.control("/disputes", payment_intent=session.payment_intent)
    assert shop.deliver() == 0
    shop.stripe.disputes.update(dispute["id"], params={"evidence": {"uncategorized_text": evidence}})
    shop.emulator.move_clock(86_400)
    assert shop.deliver() == left


def test_an_inquiry_takes_nothing_until_it_is_escalated(shop: Shop) -> None:
    session = shop.buy()
    inquiry = shop.control("/disputes", payment_intent=session.payment_intent, kind="inquiry")
    assert shop.deliver() == 1000
    evidence = {"uncategorized_text": "escalate_inquiry_evidence"}
    shop.stripe.disputes.update(inquiry["id"], params={"evidence": evidence})
    shop.emulator.move_clock(86_400)
    assert shop.deliver() == 0


@pytest.mark.parametrize("fault", [500, 429, lost(should_retry=False)], ids=["500", "429", "cut"])
def test_an_event_whose_read_failed_is_delivered_again_and_counts_once(shop: Shop, fault: Scripted) -> None:
    session = shop.buy(metadata={})
    shop.http.on(answers(fault), path="*line_items*")
    with pytest.raises(Unreachable):
        StripeReader(shop.client).line_items(session.id)
    shop.emulator.pump(send=shop.send)
    assert [receipt.status for receipt in shop.receipts if receipt.status != 200] == [503]
    shop.receipts.clear()
    shop.http.recover()
    shop.emulator.move_clock(2 * 86_400)
    assert shop.deliver() == 1000


def test_a_read_that_stripe_refuses_says_so(shop: Shop) -> None:
    with pytest.raises(StripeRefused) as caught:
        StripeReader(shop.client).line_items("cs_test_unknown")
    assert caught.value.request_id
