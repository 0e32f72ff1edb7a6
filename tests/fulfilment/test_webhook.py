"""What the webhook answers, and what is in the ledger afterwards."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from creditctl.core.catalog import Catalog
from creditctl.core.entitlement.settlement import EntryKind
from creditctl.core.errors import ConfigurationError, GuardRefused
from creditctl.core.keys import Secret
from creditctl.fulfilment.webhook import Webhook
from creditctl.ledger.models import Delivery
from creditctl.ledger.store import Ledger
from creditctl.ledger.transaction import KEPT_UNVERIFIED_DELIVERIES
from tests.fulfilment.conftest import Signer, World
from tests.support.clock import NOW
from tests.support.ledger_calls import read, resolved

Spoil = Callable[[bytes, Signer], tuple[bytes, str | None]]
"""Makes of a body and its signature a delivery that must be refused."""

PRICE_OF_OURS = {
    "id": "price_old",
    "product": "creditctl_starter",
    "lookup_key": "creditctl_starter_usd",
    "unit_amount": 900,
    "currency": "usd",
    "metadata": {"managed_by": "creditctl", "package": "starter", "credits": "800"},
}


def line_item(price: dict[str, Any], quantity: int = 1) -> dict[str, Any]:
    return {
        "object": "item",
        "id": "li_1",
        "quantity": quantity,
        "amount_subtotal": price["unit_amount"] * quantity,
        "currency": price["currency"],
        "price": price,
    }


def test_a_paid_session_adds_its_credits_and_logs_as_the_guide_shows(world: World) -> None:
    receipt = world.deliver(world.events.session(1))
    assert (receipt.status, receipt.outcome, receipt.event_id) == (200, "posted", "evt_1")
    assert receipt.log == (
        "Handling Stripe webhook event: checkout.session.completed",
        "Successfully added 1000 credits to user user1 from Stripe payment pi_1",
    )
    (entry,) = read(world.ledger).entries()
    assert (entry.kind, entry.credits, entry.amount, entry.payment_key) == (EntryKind.PURCHASE, 1000, 1000, "pi_1")
    assert (entry.session_id, entry.package, entry.source_event) == ("cs_test_1", "starter", "evt_1")
    assert (entry.idempotency_key, entry.account, entry.livemode) == ("purchase:pi_1", "acct_1", False)
    assert entry.created == world.events.created


def test_the_same_event_and_another_event_of_the_same_payment_add_nothing(world: World) -> None:
    event = world.events.session(1)
    again = world.events.session(1, "async_payment_succeeded")
    assert world.outcomes(event, event, again) == ["posted", "exists", "exists"]
    assert world.balances() == {"user1": 1000}
    deliveries = read(world.ledger).deliveries()
    assert [(row.outcome, row.entry_id) for row in deliveries] == [("posted", 1), ("exists", 1), ("exists", 1)]


def test_a_session_credited_before_its_payment_intent_was_known_is_not_credited_again(world: World) -> None:
    early = world.events.session(1, payment_intent=None)
    assert world.outcomes(early, world.events.session(1)) == ["posted", "exists"]


def test_a_delayed_payment_is_credited_when_the_money_has_come(world: World) -> None:
    unpaid = world.events.session(1, payment_status="unpaid")
    paid = world.events.session(1, "async_payment_succeeded")
    assert world.outcomes(unpaid, paid, unpaid) == ["waiting", "posted", "waiting"]
    assert world.balances() == {"user1": 1000}


@pytest.mark.parametrize(
    "type", ["checkout.session.expired", "payment_intent.succeeded", "payment_intent.payment_failed", "made.up"]
)
def test_other_events_are_logged_and_change_nothing(world: World, type: str) -> None:
    receipt = world.deliver(world.events.event(type, {"id": "x_1", "object": "whatever"}))
    assert (receipt.status, receipt.outcome) == (200, "ignored")
    assert read(world.ledger).count() == 0
    assert [row.event_type for row in read(world.ledger).deliveries()] == [type]


def test_a_failed_delayed_payment_gives_nothing(world: World) -> None:
    failed = world.events.session(1, "async_payment_failed", payment_status="unpaid")
    assert world.outcomes(failed) == ["ignored"]
    assert world.balances() == {}


def test_what_is_not_ours_leaves_neither_entry_nor_finding(world: World) -> None:
    world.reads.items["cs_test_1"] = [line_item({**PRICE_OF_OURS, "product": "prod_mug", "metadata": {}})]
    assert world.outcomes(world.events.session(1, metadata={})) == ["not_ours"]
    assert read(world.ledger).count() == 0
    assert read(world.ledger).findings(None) == []


def test_a_session_opened_before_a_reprice_is_credited_what_it_sold(world: World) -> None:
    world.reads.items["cs_test_1"] = [line_item(PRICE_OF_OURS)]
    metadata = {"managed_by": "creditctl", "user_id": "user1", "package": "starter", "credits": "800"}
    old = world.events.session(1, amount_subtotal=900, amount_total=900, metadata=metadata)
    assert world.outcomes(old) == ["posted"]
    assert world.balances() == {"user1": 800}


def test_unreadable_line_items_make_stripe_come_again(world: World) -> None:
    event = world.events.session(1, metadata={})
    receipt = world.deliver(event)
    assert (receipt.status, receipt.outcome) == (503, "failed")
    world.reads.items["cs_test_1"] = [line_item({**PRICE_OF_OURS, "unit_amount": 1000})]
    assert world.outcomes(event) == ["posted"]
    assert [(row.outcome, row.reason) for row in read(world.ledger).deliveries()] == [
        ("failed", "stripe.unreachable"),
        ("posted", None),
    ]


def test_what_disagrees_is_a_finding_once_and_can_be_credited(world: World) -> None:
    world.reads.items["cs_test_1"] = [line_item({**PRICE_OF_OURS, "unit_amount": 1000}, quantity=2)]
    event = world.events.session(1, amount_subtotal=2000, amount_total=2000)
    refund = world.events.refund("created", "re_1", 500)
    assert world.outcomes(event, refund, event) == ["finding", "fact", "finding"]
    (finding,) = read(world.ledger).findings()
    assert finding.finding.code == "fulfilment.quantity"
    assert f"creditctl ledger resolve {finding.id} --credit" in finding.finding.fix
    resolved(world.ledger, finding.id, action="credit", reason="sold twice", credits=1600)
    assert world.balances() == {"user1": 1200}
    assert world.outcomes(event) == ["exists"]
    assert read(world.ledger).findings() == []


def test_the_same_payment_for_another_user_is_a_conflict_and_writes_nothing(world: World) -> None:
    metadata = {"managed_by": "creditctl", "user_id": "thief", "package": "starter", "credits": "1000"}
    other = world.events.session(1, client_reference_id="thief", metadata=metadata)
    assert world.outcomes(world.events.session(1), other) == ["posted", "conflict"]
    assert world.balances() == {"user1": 1000}
    assert [finding.finding.code for finding in read(world.ledger).findings()] == ["fulfilment.conflict"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"livemode": True}, "fulfilment.other_livemode"),
        ({"account": "acct_2"}, "fulfilment.other_account"),
    ],
)
def test_events_of_elsewhere_are_findings(world: World, changes: dict[str, Any], code: str) -> None:
    receipt = world.deliver(world.events.session(1) | changes)
    assert (receipt.status, receipt.outcome) == (200, "finding")
    assert [finding.finding.code for finding in read(world.ledger).findings()] == [code]
    assert read(world.ledger).count() == 0


def test_a_live_session_in_a_test_event_is_a_finding(world: World) -> None:
    assert world.outcomes(world.events.session(1, livemode=True)) == ["finding"]
    assert [finding.finding.code for finding in read(world.ledger).findings()] == ["fulfilment.other_livemode"]
    assert world.balances() == {}


def test_an_event_that_names_our_own_account_is_ours(world: World) -> None:
    assert world.outcomes(world.events.session(1) | {"account": "acct_1"}) == ["posted"]


def test_a_session_of_old_that_has_no_created_is_judged_by_the_events_time(world: World) -> None:
    event = world.events.session(1)
    del event["data"]["object"]["created"]
    assert world.outcomes(event) == ["posted"]
    (entry,) = read(world.ledger).entries()
    assert entry.created == event["created"]


@pytest.mark.parametrize("name", ["id", "payment_intent"])
def test_a_payment_with_an_endless_id_is_a_finding_and_no_entry(world: World, name: str) -> None:
    event = world.events.session(1)
    event["data"]["object"][name] = ("cs_test_" if name == "id" else "pi_") + "a" * 10_000

    assert world.deliver(event).outcome == "finding"
    assert not read(world.ledger).entries()
    assert "a" * 300 not in str([*read(world.ledger).findings(), *read(world.ledger).deliveries()])


def test_a_snapshot_that_cannot_be_read_is_a_finding(world: World) -> None:
    assert world.outcomes(world.events.session(1, amount_total="1000")) == ["finding"]
    assert read(world.ledger).findings()[0].finding.code == "fulfilment.malformed_event"


def test_a_full_refund_takes_everything_and_a_failed_one_gives_it_back(world: World) -> None:
    events = world.events
    receipts = [
        world.deliver(event)
        for event in (
            events.session(1),
            events.refund("created", "re_1", 1000, "pending"),
            events.refund("updated", "re_1", 1000, "succeeded"),
            events.refund("failed", "re_1", 1000, "failed"),
        )
    ]
    assert [receipt.outcome for receipt in receipts] == ["posted", "posted", "exists", "posted"]
    assert receipts[1].log[1] == "Successfully took 1000 credits from user user1 for Stripe refund re_1"
    assert receipts[3].log[1] == "Successfully returned 1000 credits to user user1 from Stripe refund re_1"
    entries = read(world.ledger).entries()
    assert [(entry.kind.value, entry.credits, entry.amount, entry.corrects) for entry in entries] == [
        ("purchase", 1000, 1000, None),
        ("refund", -1000, -1000, 1),
        ("refund_reversal", 1000, 1000, 2),
    ]


def test_charge_refunded_is_a_hint_to_read_the_refunds(world: World) -> None:
    events = world.events
    hint = events.charge_refunded(1, 700)
    assert world.outcomes(events.session(1), hint) == ["posted", "failed"]
    alone = events.refund_object("re_1", 300) | {"payment_intent": None}
    world.reads.by_charge["ch_1"] = [alone, events.refund_object("re_2", 400)]
    assert world.outcomes(hint, events.refund("created", "re_2", 400)) == ["posted", "exists"]
    assert world.balances() == {"user1": 300}
    assert {entry.object_id for entry in read(world.ledger).entries()} == {"cs_test_1", "re_1", "re_2"}


def test_an_inquiry_holds_nothing_until_it_is_escalated(world: World) -> None:
    events = world.events
    steps = [
        (events.session(1), 1000),
        (events.dispute("created", "warning_needs_response"), 1000),
        (events.dispute("updated", "needs_response"), 1000),
        (events.dispute("funds_withdrawn", "needs_response", -1000), 0),
        (events.dispute("closed", "won", -1000), 1000),
        (events.dispute("funds_reinstated", "won", -1000, 1000), 1000),
        (events.dispute("funds_withdrawn", "lost", -1000, 1000, -1000), 0),
    ]
    for event, balance in steps:
        assert world.deliver(event).status == 200
        assert world.balances() == {"user1": balance}
    keys = [entry.idempotency_key for entry in read(world.ledger).entries()]
    assert keys == ["purchase:pi_1", "dispute:dp_1", "dispute_reversal:dp_1", "dispute:dp_1:2"]


def test_facts_before_their_purchase_are_kept_and_applied_with_it(world: World) -> None:
    events = world.events
    early = [events.refund("created", "re_1", 250), events.dispute("created", "needs_response", -1000)]
    assert world.outcomes(*early) == ["fact", "fact"]
    assert world.outcomes(events.session(1)) == ["posted"]
    assert [entry.credits for entry in read(world.ledger).entries()] == [1000, -250, -750]
    assert {entry.source_event for entry in read(world.ledger).entries()} == {"evt_3"}


def test_a_refund_in_another_currency_is_a_finding(world: World) -> None:
    refund = world.events.refund("created", "re_1", 900, currency="eur")
    assert world.outcomes(world.events.session(1), refund) == ["posted", "exists"]
    assert [finding.finding.code for finding in read(world.ledger).findings()] == ["fulfilment.currency"]
    assert world.balances() == {"user1": 1000}


def test_a_refund_without_a_payment_intent_is_not_ours(world: World) -> None:
    assert world.outcomes(world.events.refund("created", "re_1", 5, payment_intent=None)) == ["not_ours"]
    assert read(world.ledger).facts() == []


def test_every_secret_of_a_rotation_is_accepted(world: World, signer: Signer) -> None:
    body = json.dumps(world.events.session(1)).encode()
    receipt = world.webhook.receive(body, signer(body, secret="whsec_theoneofbefore"))
    assert receipt.outcome == "posted"


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda body, sign: (body, None), "no Stripe-Signature header"),
        (lambda body, sign: (body, "nonsense"), "no signature matches a signing secret of this endpoint"),
        (lambda body, sign: (body, "t=1,v1=é"), "no signature matches a signing secret of this endpoint"),
        (lambda body, sign: (b"\xff" + body, sign(body)), "no signature matches a signing secret of this endpoint"),
        (lambda body, sign: (body + b" ", sign(body)), "no signature matches a signing secret of this endpoint"),
        (
            lambda body, sign: (body, sign(body, secret="whsec_somebodyelse")),
            "no signature matches a signing secret of this endpoint",
        ),
        (lambda body, sign: (body, sign(body, at=NOW - 301)), "the signature's timestamp is too old"),
        (lambda body, sign: (body, sign(body, at=NOW + 301)), "the signature's timestamp lies in the future"),
    ],
)
def test_a_bad_signature_is_refused_and_only_its_digest_kept(
    world: World, signer: Signer, spoil: Spoil, reason: str
) -> None:
    body, header = spoil(json.dumps(world.events.session(1)).encode(), signer)
    receipt = world.webhook.receive(body, header)
    assert (receipt.status, receipt.outcome, receipt.message) == (400, "bad_signature", reason)
    (row,) = read(world.ledger).deliveries()
    assert (row.verified, row.event_id, row.size, row.reason) == (False, None, len(body), reason)
    assert row.digest is not None
    assert len(row.digest) == 64
    assert read(world.ledger).count() == 0


def test_what_follows_the_time_in_a_header_changes_nothing(world: World, signer: Signer) -> None:
    body = json.dumps(world.events.session(1)).encode()
    header = signer(body)
    assert world.webhook.receive(body, header.replace(",", "=1,", 1)).outcome == "posted"
    late = signer(body, at=NOW - 301).replace(",", f"={NOW},", 1) + f",t={NOW}"
    assert world.webhook.receive(body, late).outcome == "bad_signature"


def test_timestamps_at_the_edge_of_the_tolerance_pass(world: World, signer: Signer) -> None:
    for at in (NOW - 300, NOW + 300):
        body = json.dumps(world.events.session(1)).encode()
        assert world.webhook.receive(body, signer(body, at=at)).status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"no json",
        b"[]",
        b"{}",
        b'{"id": "evt_1", "type": "x", "created": 1}',
        b'{"object": {"id": "cs_test_1", "object": "checkout.session"}}',
        b'{"object": ["event"], "id": "evt_1", "type": "x", "created": 1}',
        b'{"id": "evt_1", "type": "x", "created": 1, "data": {"object": []}}',
        b'{"id": {}, "type": "x", "created": 1, "data": {"object": {}}}',
        pytest.param(
            b'{"id": "evt_%b", "type": "x", "created": 1, "data": {"object": {}}}' % (b"1" * 252), id="an endless id"
        ),
        pytest.param(b'{"a":' * 50_000, id="nested beyond measure"),
        pytest.param(
            b'{"id": "evt_\\ud800", "type": "x", "created": 1, "data": {"object": {}}}', id="half a character"
        ),
        pytest.param(
            b'{"id": "evt_1", "type": "x", "created": 1%b, "data": {"object": {}}}' % (b"0" * 30), id="no time"
        ),
    ],
)
def test_a_signed_body_that_is_no_event_is_refused(world: World, signer: Signer, body: bytes) -> None:
    receipt = world.webhook.receive(body, signer(body))

    assert (receipt.status, receipt.outcome) == (400, "bad_payload")
    assert [row.outcome for row in read(world.ledger).deliveries()] == ["bad_payload"]


def test_a_thin_event_is_ignored(world: World, signer: Signer) -> None:
    body = b'{"id": "evt_1", "object": "v2.core.event", "type": "v1.billing.meter.no_meter_found"}'
    assert world.webhook.receive(body, signer(body)).status == 200
    assert [row.outcome for row in read(world.ledger).deliveries()] == ["ignored"]


def test_unverified_deliveries_do_not_fill_the_disk(world: World) -> None:
    with world.ledger.transaction() as tx:
        for number in range(KEPT_UNVERIFIED_DELIVERIES + 20):
            tx.add_delivery(Delivery("bad_signature", verified=False, reason="x", size=number))
    world.webhook.receive(b"x", None)
    rows = [row for row in read(world.ledger).deliveries(limit=5000) if not row.verified]
    assert len(rows) == KEPT_UNVERIFIED_DELIVERIES
    assert (rows[0].size, rows[-1].size) == (21, 1)


def test_a_bug_answers_500_and_is_noted(world: World) -> None:
    class Broken:
        def line_items(self, session_id: str) -> list[Any]:
            raise RuntimeError("jenny@example.com")

    webhook = Webhook(
        ledger=world.ledger,
        stripe=Broken(),  # type: ignore[arg-type]
        secrets=(Secret("whsec_exampleexample"),),
        catalog=Catalog(()),
        account=None,
        livemode=False,
        clock=world.clock,
    )
    world.webhook = webhook
    receipt = world.deliver(world.events.session(1))
    assert (receipt.status, receipt.outcome) == (500, "failed")
    assert "jenny" not in repr(receipt)
    assert [row.reason for row in read(world.ledger).deliveries()] == ["RuntimeError"]


def test_a_locked_ledger_makes_stripe_come_again(world: World) -> None:
    with Ledger.open(world.path, account=None, livemode=None, clock=world.clock, busy_timeout_seconds=0) as impatient:
        world.webhook = world.webhook_on(impatient)
        event = world.events.session(1)
        blocker = sqlite3.connect(world.path, isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        assert world.deliver(event).status == 503
        blocker.execute("ROLLBACK")
        blocker.close()
        assert world.deliver(event).outcome == "posted"
    assert [row.outcome for row in read(world.ledger).deliveries()] == ["posted"]


def test_no_personal_data_reaches_log_or_ledger(world: World) -> None:
    receipt = world.deliver(world.events.session(1))
    world.ledger.close()
    assert "jenny" not in repr(receipt).lower()
    for file in world.path.parent.iterdir():
        assert b"jenny" not in file.read_bytes().lower()


def test_a_user_id_cannot_forge_a_line_of_the_log(world: World) -> None:
    metadata = {"managed_by": "creditctl", "user_id": "1\nINFO: forged", "package": "starter", "credits": "1000"}
    receipt = world.deliver(world.events.session(1, client_reference_id=None, metadata=metadata))
    assert receipt.outcome == "finding"
    assert [each.finding.code for each in read(world.ledger).findings()] == ["fulfilment.owner_unusable"]
    assert not any("\n" in line for line in receipt.log)


def test_a_webhook_without_secret_or_with_anothers_ledger_is_refused(world: World) -> None:
    def build(**changes: Any) -> Webhook:
        arguments: dict[str, Any] = {
            "ledger": world.ledger,
            "stripe": world.reads,
            "secrets": (Secret("whsec_exampleexample"),),
            "catalog": Catalog(()),
            "account": "acct_1",
            "livemode": False,
            "clock": world.clock,
        }
        return Webhook(**arguments | changes)

    with pytest.raises(ConfigurationError):
        build(secrets=())
    with pytest.raises(GuardRefused):
        build(account="acct_2")
    with pytest.raises(GuardRefused):
        build(livemode=True)


def test_a_refund_that_changes_nothing_cannot_forge_a_line_of_the_log(world: World) -> None:
    metadata = {"managed_by": "creditctl", "user_id": "1\nINFO: forged", "package": "starter", "credits": "1000"}
    world.deliver(world.events.session(1, client_reference_id=None, metadata=metadata))
    receipt = world.deliver(world.events.refund("updated", "re_1", 500, "canceled"))
    assert receipt.outcome == "fact"
    assert not any("\n" in line for line in receipt.log)


def test_an_id_that_names_two_things_is_a_finding_and_changes_nothing(world: World) -> None:
    events = world.events
    world.outcomes(events.session(1), events.session(2), events.refund("created", "re_1", 500))
    assert world.outcomes(events.refund("created", "re_1", 500, n=2)) == ["finding"]
    assert world.outcomes(events.dispute("created", "needs_response", -1000, name="re_1")) == ["finding"]
    assert world.balances() == {"user1": 500, "user2": 1000}
    assert [finding.finding.code for finding in read(world.ledger).findings()] == ["fulfilment.other_fact"]


def test_a_number_that_no_ledger_can_hold_is_a_finding(world: World) -> None:
    events = world.events
    assert world.outcomes(
        events.session(1, amount_total=10**20),
        events.refund("created", "re_1", 10**20),
        events.dispute("created", "needs_response", -(10**20)),
    ) == ["finding", "finding", "finding"]


def test_a_copied_price_of_ours_sells_nothing_and_a_price_with_other_terms_is_a_finding(world: World) -> None:
    dear: dict[str, Any] = {**PRICE_OF_OURS, "id": "price_x", "lookup_key": None, "unit_amount": 1000}
    dear["metadata"] = {**dear["metadata"], "credits": "120000"}
    world.reads.products = {"prod_mug": {"id": "prod_mug", "metadata": {}}}
    world.reads.items["cs_test_1"] = [line_item({**dear, "product": "prod_mug"})]
    world.reads.items["cs_test_2"] = [line_item(dear)]
    events = [world.events.session(n, metadata={}) for n in (1, 2)]
    assert world.outcomes(*events) == ["not_ours", "finding"]
    (stored,) = read(world.ledger).findings()
    assert (stored.finding.code, stored.proposal and stored.proposal.credits) == ("fulfilment.price_terms", None)
    world.reads.all_prices = [{**PRICE_OF_OURS, "id": "price_new", "metadata": {"supersedes": "price_x"}}]
    assert world.outcomes(world.events.session(2, metadata={})) == ["posted"]
    assert world.balances() == {"user2": 120_000}
