"""Controls that act for the buyer and the bank."""

from tests.emulator.world import World


def test_a_dispute_on_any_charge(emulated: World) -> None:
    intent = emulated.pay()
    dispute = emulated.control("POST", "/disputes", payment_intent=intent.id, kind="inquiry")
    assert dispute["charge"] == intent.latest_charge
    won = emulated.control("POST", f"/disputes/{dispute['id']}/settle", status="warning_closed")
    assert won["status"] == "warning_closed"


def test_controls_pay_and_decline(emulated: World) -> None:
    session = emulated.session()
    declined = emulated.control("POST", f"/sessions/{session.id}/decline", card="4000000000009995")
    assert declined["session"]["status"] == "open"
    assert declined["error"]["decline_code"] == "insufficient_funds"
    status, body = emulated.control_status("POST", f"/sessions/{session.id}/pay", card="4242424242424241")
    assert (status, body["error"]["code"]) == (402, "incorrect_number")
    paid = emulated.control("POST", f"/sessions/{session.id}/pay", card="4242 4242 4242 4242", email="b@example.com")
    assert (paid["payment_status"], paid["customer_details"]["email"]) == ("paid", "b@example.com")


def test_a_session_that_takes_no_card_says_how_it_is_paid(emulated: World) -> None:
    session = emulated.session(excluded_payment_method_types=["card", "link"])
    status, body = emulated.control_status("POST", f"/sessions/{session.id}/pay")
    assert (status, body["error"]["param"]) == (400, "bank")
    assert "us_bank_account" in body["error"]["message"]
    assert "--bank success" in body["error"]["message"]
    assert emulated.control("POST", f"/sessions/{session.id}/pay", bank="success")["status"] == "complete"
