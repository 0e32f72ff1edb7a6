"""Objects have every key that Stripe's own example objects have, at the top and in the hashes that matter.

The examples are Stripe's `fixtures3.json` (or a part of it in `{"resources": …}`); CREDITCTL_STRIPE_FIXTURES names it.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.emulator.world import Inside

NAME = os.environ.get("CREDITCTL_STRIPE_FIXTURES", "")
pytestmark = pytest.mark.skipif(not NAME, reason="CREDITCTL_STRIPE_FIXTURES does not name Stripe's fixture file")
INCLUDABLE = {"charge": {"refunds"}}
PAY = "amount=2000&currency=usd&confirm=true&return_url=https://example.com&payment_method=pm_card_"


def made(ask: Inside) -> dict[str, Any]:
    """One object of each kind."""
    product = ask("POST", "/v1/products", "name=A")[1]
    price = ask("POST", "/v1/prices", f"product={product['id']}&currency=usd&unit_amount=1000")[1]
    items = f"line_items[0][price]={price['id']}&line_items[0][quantity]=1"
    session = ask("POST", "/v1/checkout/sessions", f"mode=payment&success_url=https://example.com&{items}")[1]
    intent = ask("POST", "/v1/payment_intents", PAY + "bypassPending")[1]
    charge = ask("GET", f"/v1/charges/{intent['latest_charge']}")[1]
    payout = ask("POST", "/v1/payouts", "amount=500&currency=usd")[1]
    refund = ask("POST", "/v1/refunds", f"charge={charge['id']}&amount=100")[1]
    ask("POST", "/v1/payment_intents", PAY + "createDispute")
    customer = ask("POST", "/v1/customers")[1]
    return {
        "account": ask("GET", "/v1/account")[1],
        "balance": ask("GET", "/v1/balance")[1],
        "balance_transaction": ask("GET", "/v1/balance_transactions")[1]["data"][0],
        "charge": charge,
        "checkout.session": session,
        "customer": customer,
        "deleted_customer": ask("DELETE", f"/v1/customers/{customer['id']}")[1],
        "dispute": ask("GET", "/v1/disputes")[1]["data"][0],
        "event": ask("GET", "/v1/events")[1]["data"][0],
        "item": ask("GET", f"/v1/checkout/sessions/{session['id']}/line_items")[1]["data"][0],
        "payment_intent": intent,
        "payment_method": ask("GET", f"/v1/payment_methods/{charge['payment_method']}")[1],
        "payout": payout,
        "price": price,
        "product": product,
        "refund": refund,
        "webhook_endpoint": ask("POST", "/v1/webhook_endpoints", "url=https://a.example&enabled_events[]=*")[1],
    }


def test_no_key_is_missing(ask: Inside) -> None:
    resources = json.loads(Path(NAME).read_text())["resources"]
    missing = {
        kind: sorted(set(resources[kind]) - set(body) - INCLUDABLE.get(kind, set())) for kind, body in made(ask).items()
    }
    assert {kind: keys for kind, keys in missing.items() if keys} == {}
