"""Refusals of payment intent calls: amounts, and intents that a session owns."""

import pytest

from tests.emulator.world import Inside, Refused, World


@pytest.mark.parametrize(("amount", "code"), [(49, "amount_too_small"), (100_000_000, "amount_too_large")])
def test_amounts_have_bounds(world: World, refused: Refused, amount: int, code: str) -> None:
    assert refused(lambda: world.pay(amount=amount)).code == code


def test_the_session_owns_its_intent(world: World, refused: Refused) -> None:
    session = world.session()
    refused(lambda: world.complete(session, world.method("tok_chargeDeclined")))
    intent = world.stripe.checkout.sessions.retrieve(session.id).payment_intent
    if intent is not None:
        assert refused(lambda: world.stripe.payment_intents.cancel(intent)).http_status == 400


@pytest.mark.parametrize(("version", "types"), [("2022-11-15", ["card"]), ("2023-08-16", ["card", "us_bank_account"])])
@pytest.mark.parametrize("path", ["/v1/payment_intents", "/v1/setup_intents"])
def test_an_intent_that_asks_for_no_methods_takes_cards_alone_before_2023_08_16(
    ask: Inside, path: str, version: str, types: list[str]
) -> None:
    """Source: types of stripe-node 8.222 to 13.11 ("If this is not provided, defaults to ["card"]")."""
    form = "amount=1000&currency=usd" if path == "/v1/payment_intents" else "usage=off_session"
    assert ask("POST", path, form, headers={"stripe-version": version})[1]["payment_method_types"] == types


@pytest.mark.parametrize(
    "other",
    [
        "excluded_payment_method_types[]=us_bank_account",
        "automatic_payment_methods[enabled]=true",
        "payment_method_configuration=pmc_1",
        "payment_method_types[]=card",
    ],
)
@pytest.mark.parametrize("path", ["/v1/payment_intents", "/v1/setup_intents"])
def test_allowed_methods_stand_alone(ask: Inside, path: str, other: str) -> None:
    """Source: Stripe changelog, 2026-07-29.dahlia: mutually exclusive."""
    amount = "amount=1000&currency=usd&" if path == "/v1/payment_intents" else ""
    allowed = f"{amount}allowed_payment_method_types[]=card"
    assert ask("POST", path, allowed)[1]["payment_method_types"] == ["card"]
    status, body, _ = ask("POST", path, f"{allowed}&{other}")
    assert (status, body["error"]["param"]) == (400, "allowed_payment_method_types")
