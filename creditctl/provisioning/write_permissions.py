"""Write permissions of a restricted key, asked for before the first object of a plan is made: all of it, or nothing.

Stripe has no way to ask what a key may do. A change of an object that does not exist changes nothing, and is refused
for a missing permission like any other.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from creditctl.provisioning.planning.plan import creates_endpoint
from creditctl.provisioning.planning.steps import Plan, StepKind
from creditctl.stripe_api.permissions import needs

if TYPE_CHECKING:
    from creditctl.stripe_api.client import StripeConnection

_ASKED = {"creditctl": "permission"}


def require_write_permissions(connection: StripeConnection, plan: Plan) -> None:
    """Refuses a plan that the key may carry out in part only; nothing is asked for a key that may do everything.

    Errors: ConfigurationError naming the permission that a restricted key lacks.
    Source: unconfirmed whether Stripe looks at permissions before it looks for the object; where it does not, the
            change itself is refused, as without this question.
    """
    kinds = {step.kind for step in plan.changes} if connection.restricted else set()
    if StepKind.PRODUCT in kinds:
        _ask_products(connection)
    if StepKind.PRICE in kinds:
        _ask_prices(connection)
    if StepKind.ENDPOINT in kinds:
        _ask_endpoints(connection, "create" if creates_endpoint(plan) else "update")


def _ask_products(connection: StripeConnection) -> None:
    import stripe

    with suppress(stripe.InvalidRequestError), needs("write products", "rak_product_write"):
        connection.client.v1.products.update("creditctl_permission", {"metadata": _ASKED})


def _ask_prices(connection: StripeConnection) -> None:
    import stripe

    with suppress(stripe.InvalidRequestError), needs("write prices", "rak_plan_write"):
        connection.client.v1.prices.update("price_creditctl_permission", {"metadata": _ASKED})


def _ask_endpoints(connection: StripeConnection, act: str) -> None:
    import stripe

    with suppress(stripe.InvalidRequestError), needs(f"{act} the webhook endpoint", "rak_webhook_write"):
        connection.client.v1.webhook_endpoints.update("we_creditctl_permission", {"metadata": _ASKED})
