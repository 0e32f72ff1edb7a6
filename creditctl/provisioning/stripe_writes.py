"""Typed Stripe write requests of set-up: create or update a product, a price or a webhook endpoint.

A step's parameters are a plain mapping, so that plans can be printed, compared and kept in a file; here, and nowhere
else, they become the parameter types of the SDK.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from creditctl.stripe_api.permissions import needs

if TYPE_CHECKING:
    import stripe
    from stripe import params as sdk

Params = Mapping[str, object]


def create_product(client: stripe.StripeClient, params: Params) -> stripe.Product:
    """Creates a product. Errors: stripe.StripeError; ConfigurationError for a missing permission."""
    with needs("write products", "rak_product_write"):
        return client.v1.products.create(cast("sdk.ProductCreateParams", dict(params)))


def update_product(client: stripe.StripeClient, product_id: str, params: Params) -> stripe.Product:
    """Updates a product. Errors: as create_product."""
    with needs("write products", "rak_product_write"):
        return client.v1.products.update(product_id, cast("sdk.ProductUpdateParams", dict(params)))


def create_price(client: stripe.StripeClient, params: Params, idempotency_key: str) -> stripe.Price:
    """Creates a price under an idempotency key. Errors: as create_product."""
    with needs("write prices", "rak_plan_write"):
        return client.v1.prices.create(
            cast("sdk.PriceCreateParams", dict(params)), {"idempotency_key": idempotency_key}
        )


def update_price(client: stripe.StripeClient, price_id: str, params: Params) -> stripe.Price:
    """Updates a price. Errors: as create_product."""
    with needs("write prices", "rak_plan_write"):
        return client.v1.prices.update(price_id, cast("sdk.PriceUpdateParams", dict(params)))


def post_endpoint(client: stripe.StripeClient, params: Params, idempotency_key: str) -> stripe.WebhookEndpoint:
    """Creates a webhook endpoint under an idempotency key; this answer alone holds its signing secret.

    Errors: as create_product.
    """
    with needs("create the webhook endpoint", "rak_webhook_write"):
        return client.v1.webhook_endpoints.create(
            cast("sdk.WebhookEndpointCreateParams", dict(params)), {"idempotency_key": idempotency_key}
        )


def update_endpoint(client: stripe.StripeClient, endpoint_id: str, params: Params) -> stripe.WebhookEndpoint:
    """Updates a webhook endpoint. Errors: as create_product."""
    with needs("update the webhook endpoint", "rak_webhook_write"):
        return client.v1.webhook_endpoints.update(endpoint_id, cast("sdk.WebhookEndpointUpdateParams", dict(params)))
