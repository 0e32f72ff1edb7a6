"""Every write of set-up names the permission that a restricted key lacks for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import stripe

from creditctl.core.errors import ConfigurationError
from creditctl.provisioning import stripe_writes
from tests.support.scripted_stripe import ScriptedStripe, error, queue

Write = Callable[[stripe.StripeClient], object]


@pytest.mark.parametrize(
    ("write", "permission"),
    [
        (lambda client: stripe_writes.create_product(client, {"name": "Starter"}), "rak_product_write"),
        (lambda client: stripe_writes.update_product(client, "prod_1", {"active": False}), "rak_product_write"),
        (lambda client: stripe_writes.create_price(client, {"currency": "usd"}, "key"), "rak_plan_write"),
        (lambda client: stripe_writes.update_price(client, "price_1", {"active": False}), "rak_plan_write"),
        (lambda client: stripe_writes.post_endpoint(client, {"url": "https://a.io"}, "key"), "rak_webhook_write"),
        (lambda client: stripe_writes.update_endpoint(client, "we_1", {"disabled": True}), "rak_webhook_write"),
    ],
)
def test_a_permission_that_is_lacking_is_named(write: Write, permission: str) -> None:
    client = stripe.StripeClient(
        "rk_test_example0000", http_client=ScriptedStripe(queue(error(403))), max_network_retries=0
    )
    with pytest.raises(ConfigurationError, match=permission) as caught:
        write(client)

    assert (caught.value.code, caught.value.request_id) == ("stripe.permission", "req_1")
