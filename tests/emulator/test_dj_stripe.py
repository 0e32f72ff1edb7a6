"""What dj-stripe 2.11 asks when it syncs an account, request by request, as recorded from its own command."""

from typing import Any

import pytest

from tests.emulator.world import Inside

LISTS = """
/v1/accounts
/v1/application_fees
/v1/balance_transactions
/v1/charges?expand[0]=data.balance_transaction
/v1/checkout/sessions?expand[0]=data.line_items.data.discounts&expand[1]=data.total_details.breakdown&expand[2]=data.line_items
/v1/country_specs?limit=50
/v1/coupons?expand[0]=data.applies_to
/v1/customers?expand[0]=data.sources&expand[1]=data.default_source
/v1/customers/{customer}/sources?object=bank_account
/v1/customers/{customer}/sources?object=card
/v1/disputes
/v1/entitlements/active_entitlements
/v1/entitlements/features
/v1/events
/v1/file_links
/v1/files
/v1/identity/verification_reports
/v1/identity/verification_sessions
/v1/invoiceitems?expand[0]=data.discounts
/v1/invoices?expand[0]=data.discounts&expand[1]=data.lines.data.discounts
/v1/invoices/{invoice}/lines?expand[0]=data.discounts
/v1/issuing/authorizations
/v1/issuing/cardholders
/v1/issuing/cards
/v1/issuing/disputes
/v1/issuing/transactions
/v1/payment_intents
/v1/payment_methods?customer={customer}
/v1/payouts?expand[0]=data.destination
/v1/prices?expand[0]=data.tiers&expand[1]=data.product&expand[2]=data.currency_options
/v1/products
/v1/products/p/features
/v1/promotion_codes
/v1/radar/early_fraud_warnings
/v1/refunds
/v1/reviews
/v1/setup_intents
/v1/shipping_rates
/v1/subscription_schedules
/v1/subscriptions?status=all
/v1/tax_codes
/v1/tax_rates
/v1/transfers?expand[0]=data.balance_transaction
/v1/webhook_endpoints
"""
ITEM = "line_items[0][price_data][currency]=usd&line_items[0][price_data][product_data][name]=A"
SOLD = f"mode=payment&success_url=https://a.example&{ITEM}&line_items[0][price_data][unit_amount]=1000"


def shop(ask: Inside) -> dict[str, Any]:
    """A little of everything, and the ids that the requests name."""
    ask("POST", "/v1/products", "name=A&id=p&default_price_data[currency]=usd&default_price_data[unit_amount]=100")
    ask("POST", "/v1/coupons", "id=half&percent_off=50")
    customer = ask("POST", "/v1/customers", "source=tok_visa")[1]["id"]
    more = f"&line_items[0][quantity]=1&customer={customer}&discounts[0][coupon]=half&invoice_creation[enabled]=true"
    session = ask("POST", "/v1/checkout/sessions", SOLD + more)[1]
    paid = ask.control(f"/sessions/{session['id']}/pay")[1]
    ask("POST", "/v1/refunds", f"payment_intent={paid['payment_intent']}&amount=50")
    return {"customer": customer, "invoice": paid["invoice"]}


def test_every_list_is_answered(ask: Inside) -> None:
    ids = shop(ask)
    refused = []
    for line in LISTS.split():
        path, _, query = line.format(**ids).partition("?")
        status, body, _ = ask("GET", path, query)
        if (status, body.get("object"), body.get("url")) != (200, "list", path):
            refused.append((line, status, body))

    assert refused == []


def test_single_objects_are_answered(ask: Inside) -> None:
    ids = shop(ask)
    customer = ask("GET", f"/v1/customers/{ids['customer']}", "expand[0]=default_source&expand[1]=sources")[1]
    assert customer["default_source"]["object"] == "card"
    assert ask("GET", f"/v1/invoices/{ids['invoice']}")[0] == 200
    assert ask("GET", "/v1/account")[0] == 200


@pytest.mark.parametrize("form", ["id=cus_1"])
def test_what_stripe_has_not_either_is_refused(ask: Inside, form: str) -> None:
    """Its list of tax ids sends a parameter that Stripe does not document."""
    assert ask("GET", "/v1/tax_ids", form)[1]["error"]["code"] == "parameter_unknown"
