"""Customers: made with a payment method, deleted into a stub."""

from tests.emulator.world import Inside, World


def test_a_customer_is_made_with_a_method(ask: Inside) -> None:
    made = ask(
        "POST", "/v1/customers", "payment_method=pm_card_visa&invoice_settings[default_payment_method]=pm_card_visa"
    )[1]
    methods = ask("GET", f"/v1/customers/{made['id']}/payment_methods")[1]["data"]
    assert [method["id"] for method in methods] == [made["invoice_settings"]["default_payment_method"]]
    assert ask("POST", "/v1/customers", "payment_method=pm_card_chargeDeclined")[0] == 402
    expanded = ask("GET", f"/v1/customers/{made['id']}", "expand[]=sources&expand[]=subscriptions&expand[]=tax")[1]
    assert expanded["sources"]["data"] == expanded["subscriptions"]["data"] == []
    assert expanded["tax"]["location"] is None


def test_deleted_customers_answer_with_a_stub(world: World) -> None:
    customer = world.stripe.customers.create(params={"email": "gone@example.com"})
    assert world.stripe.customers.delete(customer.id).deleted is True
    assert world.stripe.customers.retrieve(customer.id).deleted is True
