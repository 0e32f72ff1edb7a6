"""Disputes endpoints: evidence, closing, refusals."""

from typing import Any

from tests.emulator.world import Inside, Refused, World


def opened(world: World, token: str) -> Any:
    intent = world.pay(token)
    return world.stripe.disputes.list(params={"payment_intent": intent.id}).data[0]


PAY = "amount=1000&currency=usd&confirm=true&return_url=https://a.example"


def test_staged_evidence_is_handed_in_later(ask: Inside) -> None:
    ask("POST", "/v1/payment_intents", f"{PAY}&payment_method=pm_card_createDispute")
    path = "/v1/disputes/" + ask("GET", "/v1/disputes")[1]["data"][0]["id"]
    staged = ask("POST", path, "evidence[uncategorized_text]=winning_evidence&submit=false")[1]
    assert (staged["status"], staged["evidence_details"]["has_evidence"]) == ("needs_response", True)
    assert staged["evidence_details"]["submission_count"] == 0
    submitted = ask("POST", path, "submit=true")[1]
    assert (submitted["status"], submitted["evidence_details"]["submission_count"]) == ("under_review", 1)
    event = ask("GET", "/v1/events", "type=charge.dispute.updated")[1]["data"][0]
    assert event["data"]["previous_attributes"]["status"] == "needs_response"
    ask.emulator.move_clock(5)
    assert ask("GET", path)[1]["status"] == "won"
    assert ask("POST", path, "submit=true")[0] == 400


def test_no_refund_of_a_chargeback(world: World, refused: Refused) -> None:
    dispute = opened(world, "pm_card_createDispute")
    error = refused(lambda: world.stripe.refunds.create(params={"charge": dispute.charge}))
    assert error.code == "charge_disputed"


def test_staged_evidence_is_not_submitted(world: World) -> None:
    dispute = opened(world, "pm_card_createDispute")
    params = {"evidence": {"product_description": "credits"}, "submit": False}
    staged = world.stripe.disputes.update(dispute.id, params=params)
    assert (staged.status, staged.evidence_details.has_evidence) == ("needs_response", True)
    assert staged.evidence_details.submission_count == 0


def test_accepting_the_loss(world: World, refused: Refused) -> None:
    dispute = opened(world, "pm_card_createDisputeProductNotReceived")
    assert dispute.reason == "product_not_received"
    assert world.stripe.disputes.close(dispute.id).status == "lost"
    assert refused(lambda: world.stripe.disputes.close(dispute.id)).http_status == 400


def test_a_dispute_is_answered_and_closed_below_its_charge(ask: Inside) -> None:
    """Source: Stripe's OpenAPI description, `PostChargesChargeDispute`, `PostChargesChargeDisputeClose`."""
    pay = "amount=1000&currency=usd&confirm=true&return_url=https://a.example&payment_method=pm_card_"
    charge = ask("POST", "/v1/payment_intents", f"{pay}createDispute")[1]["latest_charge"]
    path = f"/v1/charges/{charge}/dispute"
    staged = ask("POST", path, "evidence[uncategorized_text]=sent&submit=false&metadata[a]=b")[1]
    assert (staged["charge"], staged["evidence"]["uncategorized_text"], staged["metadata"]) == (
        charge,
        "sent",
        {"a": "b"},
    )
    assert ask("POST", f"{path}/close")[1]["status"] == "lost"
    other = ask("POST", "/v1/payment_intents", f"{pay}visa")[1]["latest_charge"]
    assert [ask("POST", f"/v1/charges/{other}/dispute{end}")[0] for end in ("", "/close")] == [404, 404]
