"""Write permissions of a restricted key, asked for before the first object of a plan is made: all of it, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditctl.provisioning.planning.plan import creates_endpoint
from creditctl.provisioning.planning.steps import Plan, StepKind
from creditctl.stripe_api.permission_table import WRITE_ENDPOINTS, WRITE_PRICES, WRITE_PRODUCTS
from creditctl.stripe_api.permissions import lacks

if TYPE_CHECKING:
    from creditctl.stripe_api.client import StripeConnection


def require_write_permissions(connection: StripeConnection, plan: Plan) -> None:
    """Refuses a plan that the key may carry out in part only; nothing is asked for a key that may do everything.

    Errors: ConfigurationError naming the permission that a restricted key lacks.
    """
    kinds = {step.kind for step in plan.changes} if connection.restricted else set()
    act = "create" if creates_endpoint(plan) else "update"
    for kind, question, operation in (
        (StepKind.PRODUCT, WRITE_PRODUCTS, "write products"),
        (StepKind.PRICE, WRITE_PRICES, "write prices"),
        (StepKind.ENDPOINT, WRITE_ENDPOINTS, f"{act} the webhook endpoint"),
    ):
        lacking = question.refused(connection.client.v1) if kind in kinds else None
        if lacking is not None:
            raise lacks(operation, lacking)
