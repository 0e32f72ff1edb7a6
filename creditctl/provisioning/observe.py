"""Reads products, prices and webhook endpoints from Stripe, with the fewest lists that still show archived ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from creditctl.provisioning.state import EndpointState, Observed, PriceState, ProductState, with_shared_marks
from creditctl.stripe_api.permissions import needs

if TYPE_CHECKING:
    import stripe
    from stripe.params import PriceListParams

    from creditctl.stripe_api.client import StripeConnection

_PAGE = 100
"""Source: Stripe API reference, "Pagination": at most 100 objects a page."""


def observe(connection: StripeConnection, *, endpoints: bool = True) -> Observed:
    """Reads all products, their prices whether active or not, and the webhook endpoints.

    Shape:  two requests on an empty account, four on a small one, one more for each further hundred objects.
    Errors: ConfigurationError naming the permission that a restricted key lacks.
    """
    deployment = connection.deployment
    products = _products(connection.client, deployment)
    return Observed(
        products=products,
        # A price belongs to a product: where there is no product at all, there is no price to look for.
        prices=_prices(connection.client, deployment) if products else (),
        endpoints=observe_endpoints(connection) if endpoints else (),
    )


def observe_endpoints(connection: StripeConnection) -> tuple[EndpointState, ...]:
    """Reads the webhook endpoints, oldest first. Errors: as observe."""
    with needs("read the webhook endpoints", "rak_webhook_read"):
        listed = connection.client.v1.webhook_endpoints.list({"limit": _PAGE})
        found = [endpoint_state(endpoint, connection.deployment) for endpoint in listed.auto_paging_iter()]
    return with_shared_marks(sorted(found, key=lambda endpoint: (endpoint.created, endpoint.id)))


def observe_endpoint(connection: StripeConnection, endpoint_id: str) -> EndpointState:
    """Reads one webhook endpoint. Errors: stripe.InvalidRequestError where there is none; else as observe."""
    with needs("read the webhook endpoints", "rak_webhook_read"):
        found = connection.client.v1.webhook_endpoints.retrieve(endpoint_id)
        return endpoint_state(found, connection.deployment)


def _products(client: stripe.StripeClient, deployment: str | None) -> tuple[ProductState, ...]:
    with needs("read the products", "rak_product_read"):
        listed = client.v1.products.list({"limit": _PAGE})
        return tuple(product_state(product, deployment) for product in listed.auto_paging_iter())


def _prices(client: stripe.StripeClient, deployment: str | None) -> tuple[PriceState, ...]:
    """Archived prices are asked for before active ones, so that one a run at the same time archives is not seen twice.

    Shape:  a repriced package then shows its new price, or the old one as if nothing had happened yet; never neither.
    Source: Stripe API reference, "List all prices": it "returns a list of your active prices" where nothing is said;
            `currency_options` is shown where it is expanded.
    """
    with needs("read the prices", "rak_plan_read"):
        shown: PriceListParams = {"limit": _PAGE, "expand": ["data.currency_options"]}
        found = [
            price_state(price, deployment)
            for active in (False, True)
            for price in client.v1.prices.list({**shown, "active": active}).auto_paging_iter()
        ]
    unique = {price.id: price for price in found}
    return tuple(sorted(unique.values(), key=lambda price: (price.created, price.id)))


def product_state(product: stripe.Product, deployment: str | None = None) -> ProductState:
    """Converts an SDK product to a ProductState."""
    return ProductState(
        id=product.id,
        name=product.name,
        active=product.active,
        description=product.description,
        default_price=_id(product.default_price),
        metadata=_metadata(product.metadata),
        deployment=deployment,
    )


def price_state(price: stripe.Price, deployment: str | None = None) -> PriceState:
    """Converts an SDK price to a PriceState."""
    options: stripe.StripeObject | None = getattr(price, "currency_options", None)
    return PriceState(
        id=price.id,
        product=_id(price.product) or "",
        currency=price.currency,
        unit_amount=price.unit_amount,
        active=price.active,
        recurring=price.recurring is not None,
        lookup_key=price.lookup_key,
        created=price.created,
        metadata=_metadata(price.metadata),
        deployment=deployment,
        other_currencies=tuple(sorted({*_metadata(options)} - {price.currency})),
        divides=price.transform_quantity is not None,
    )


def endpoint_state(endpoint: stripe.WebhookEndpoint, deployment: str | None = None) -> EndpointState:
    """Converts an SDK webhook endpoint to an EndpointState; a secret in it is left behind."""
    return EndpointState(
        id=endpoint.id,
        url=endpoint.url,
        enabled_events=tuple(sorted(endpoint.enabled_events)),
        status=endpoint.status,
        api_version=endpoint.api_version,
        created=endpoint.created,
        metadata=_metadata(endpoint.metadata),
        deployment=deployment,
    )


def _id(value: str | stripe.Product | stripe.Price | None) -> str | None:
    return value if value is None or isinstance(value, str) else str(value.id)


def _metadata(value: Mapping[str, str] | stripe.StripeObject | None) -> dict[str, str]:
    if value is None:
        return {}
    return dict(value if isinstance(value, Mapping) else value.to_dict())
