"""Applies a set-up plan to Stripe, one request after the other.

Killed at any point, the next plan goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from creditctl.core.errors import StripeRefused
from creditctl.core.keys import Secret
from creditctl.provisioning.endpoint_creation import (
    EndpointLimit,
    create_endpoint,
    create_idempotently,
    delete_endpoint,
    delete_pending_endpoint,
    hand_over,
)
from creditctl.provisioning.planning.plan import is_endpoint_creation
from creditctl.provisioning.planning.steps import Action, Plan, Step, StepKind
from creditctl.provisioning.state import digest
from creditctl.provisioning.stripe_writes import (
    create_price,
    create_product,
    update_endpoint,
    update_price,
    update_product,
)
from creditctl.provisioning.write_permissions import require_write_permissions
from creditctl.stripe_api.permissions import needs

if TYPE_CHECKING:
    import stripe

    from creditctl.provisioning.secret_sinks import SecretSink
    from creditctl.stripe_api.client import StripeConnection

Progress = Callable[[int, int, Step], None]
_PRICE_REFERENCE = "@price:"
_MOST_GENERATIONS = 20


@dataclass
class Applied:
    """Result of applying a plan: ids of prices and products, the new endpoint, number of changes.

    Shape: `prices` maps slugs to price ids; `products` planned product ids to those that they got;
           `endpoint` is the one that was made, if any; `done` counts changes.
    """

    prices: dict[str, str] = field(default_factory=dict)
    products: dict[str, str] = field(default_factory=dict)
    endpoint: str | None = None
    done: int = 0


def apply_plan(
    connection: StripeConnection,
    plan: Plan,
    sink: SecretSink | None,
    *,
    held: Sequence[Secret] = (),
    progress: Progress = lambda _number, _total, _step: None,
) -> Applied:
    """Applies a plan step by step, so that Stripe matches it.

    Shape:  `sink` takes a new endpoint's secret and was checked to be writable; `held` are the secrets held so far.
    Errors: the first one stops it; what was done stays, and the next plan leaves it out.
    """
    applied = Applied()
    changes = plan.changes
    if sink is not None and any(is_endpoint_creation(step) for step in changes):
        sink.check()
    require_write_permissions(connection, plan)
    for step in plan.steps:
        if step.kind is StepKind.PRICE and step.action is Action.KEEP and step.id is not None:
            applied.prices[step.subject] = step.id
    for number, step in enumerate(changes, start=1):
        progress(number, len(changes), step)
        with nullcontext() if connection.audit is None else connection.audit.purpose(step.title):
            _apply_step(connection, step, sink, held, applied)
        applied.done += 1
    return applied


def _apply_step(
    connection: StripeConnection, step: Step, sink: SecretSink | None, held: Sequence[Secret], applied: Applied
) -> None:
    if step.kind is StepKind.PRODUCT:
        _apply_product(connection.client, step, applied)
    elif step.kind is StepKind.PRICE:
        _apply_price(connection.client, step, applied)
    elif is_endpoint_creation(step):
        _apply_endpoint_creation(connection, step, sink, held, applied)
    elif step.action is Action.DELETE:
        _apply_endpoint_deletion(connection, step, applied)
    else:
        update_endpoint(connection.client, _id(step), step.params)


def _id(step: Step) -> str:
    if step.id is None:
        raise ValueError(f"the step has no id: {step.title}")
    return step.id


def _apply_product(client: stripe.StripeClient, step: Step, applied: Applied) -> None:
    params = _resolved(step.params, applied)
    if step.action is Action.CREATE:
        planned = str(params["id"])
        applied.products[planned] = _create_product(client, params, planned)
    else:
        update_product(client, _id(step), params)


def _create_product(client: stripe.StripeClient, params: Mapping[str, object], planned: str) -> str:
    """Creates a product under our id; where another run was faster, its product is brought to the same state.

    An id whose product was deleted may stay taken: then the next id in a row is used, the same one by every run.
    Source: unconfirmed whether Stripe gives the id of a deleted product free again; this goes with both.
    """
    import stripe

    for number in range(1, _MOST_GENERATIONS):
        wanted = planned if number == 1 else f"{planned}_{number}"
        try:
            create_product(client, {**params, "id": wanted})
        except stripe.InvalidRequestError as error:
            if error.code != "resource_already_exists":
                raise
            if not _update_if_there(client, wanted, params):
                continue
        return wanted
    raise StripeRefused(
        f"Every id from {planned} on belongs to a deleted product.",
        code="setup.product_ids",
        fix="Create a product by hand and name it with --adopt SLUG=prod_….",
    )


def _update_if_there(client: stripe.StripeClient, product_id: str, params: Mapping[str, object]) -> bool:
    """Whether there was a product to bring to the wanted state; a deleted one is none."""
    import stripe

    changes = {name: value for name, value in params.items() if name != "id"}
    try:
        update_product(client, product_id, changes)
    except stripe.InvalidRequestError as error:
        if error.code != "resource_missing":
            raise
        return False
    return True


def _resolved(params: Mapping[str, object], applied: Applied) -> dict[str, object]:
    """The parameters with references to prices of earlier steps filled in."""
    return {
        name: applied.prices[value.removeprefix(_PRICE_REFERENCE)]
        if isinstance(value, str) and value.startswith(_PRICE_REFERENCE)
        else value
        for name, value in params.items()
    }


def _apply_price(client: stripe.StripeClient, step: Step, applied: Applied) -> None:
    if step.action in (Action.CREATE, Action.REPLACE):
        applied.prices[step.subject] = _create_price(client, step, _price_params(step, applied))
        return
    update_price(client, _id(step), step.params)
    if step.action is not Action.ARCHIVE:
        applied.prices[step.subject] = _id(step)


def _price_params(step: Step, applied: Applied) -> dict[str, object]:
    product = str(step.params["product"])
    return {**step.params, "product": applied.products.get(product, product)}


def _create_price(client: stripe.StripeClient, step: Step, params: Mapping[str, object]) -> str:
    """A new price, or the one that a killed or concurrent run created by the same request.

    Source: Stripe API reference, "Idempotent requests". The key contains the superseded price, so that going back to
    an old amount within a day is a new request; a replayed price that has been archived since leads to another key.
    """
    key = f"creditctl-price-{step.subject}-{step.seed}-{digest(params)[:16]}"
    for _ in range(_MOST_GENERATIONS):
        made, key = create_idempotently(lambda used: create_price(client, params, used), key)
        response = made.last_response
        if response is None or response.headers.get("Idempotent-Replayed") != "true":
            return made.id
        with needs("read the prices", "rak_plan_read"):
            now = client.v1.prices.retrieve(made.id)
        if now.active and now.lookup_key == params["lookup_key"]:
            return made.id
        key = f"creditctl-price-{step.subject}-{digest([key, made.id])}"
    raise StripeRefused(
        "Stripe kept answering with prices that were archived since.",
        code="setup.price_replayed",
        fix="Run setup again in a day.",
    )


def _apply_endpoint_creation(
    connection: StripeConnection, step: Step, sink: SecretSink | None, held: Sequence[Secret], applied: Applied
) -> None:
    if sink is None:
        raise ValueError("an endpoint is created only where its secret can be handed over")
    endpoint_id, secret = _made_endpoint(connection, step)
    # Beside an endpoint that stays, its secret stays accepted too; what else was held is worth nothing here.
    older = [known for known in held if known.fingerprint in step.keeps]
    hand_over(connection, endpoint_id, secret, sink, older=older)
    applied.endpoint = endpoint_id


def _made_endpoint(connection: StripeConnection, step: Step) -> tuple[str, Secret]:
    """The step's endpoint and secret; where there is no room beside the one that it replaces, that one goes first."""
    try:
        return create_endpoint(connection, step.params, step.seed)
    except EndpointLimit:
        if step.action is not Action.REPLACE:
            raise
    _delete(connection, step)
    return create_endpoint(connection, step.params, step.seed)


def _apply_endpoint_deletion(connection: StripeConnection, step: Step, applied: Applied) -> None:
    """An endpoint that was seen pending may be the very one that this run has just handed over."""
    if step.id != applied.endpoint:
        _delete(connection, step)


def _delete(connection: StripeConnection, step: Step) -> None:
    if step.gives_up_secret:
        delete_endpoint(connection, _id(step))
    else:
        delete_pending_endpoint(connection, _id(step))
