"""Controls that act for the buyer and the bank."""

import pytest

from tests.emulator.world import World


def test_a_dispute_on_any_charge(emulated: World) -> None:
    intent = emulated.pay()
    dispute = emulated.control("POST", "/disputes", payment_intent=intent.id, kind="inquiry")
    assert dispute["charge"] == intent.latest_charge
    won = emulated.control("POST", f"/disputes/{dispute['id']}/settle", status="warning_closed")
    assert won["status"] == "warning_closed"


@pytest.mark.parametrize(
    ("kind", "refused", "ending", "moved"),
    [
        ("inquiry", ("won", "lost"), "warning_closed", [1000]),
        ("fraudulent", ("warning_closed",), "won", [-1000, 1000, 1000]),
    ],
)
def test_a_dispute_ends_only_as_its_money_allows(
    emulated: World, kind: str, refused: tuple[str, ...], ending: str, moved: list[int]
) -> None:
    """What was never taken is not given back; without a status the dispute ends well."""
    intent = emulated.pay("pm_card_bypassPending")
    path = f"/disputes/{emulated.control('POST', '/disputes', payment_intent=intent.id, kind=kind)['id']}/settle"
    for status in refused:
        answer = emulated.control_status("POST", path, status=status)
        assert (answer[0], answer[1]["error"]["param"]) == (400, "status")
    assert emulated.control("POST", path)["status"] == ending
    assert sorted(each.amount for each in emulated.stripe.balance_transactions.list().data) == moved


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
