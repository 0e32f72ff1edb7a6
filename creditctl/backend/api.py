"""The credit API: purchase, webhook, session, packages, balance, transactions, health."""

import asyncio
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import AfterValidator, BaseModel, Field, create_model
from starlette.exceptions import HTTPException

from creditctl.backend import models, users
from creditctl.backend.dependencies import CheckoutOrder, Dependencies, SessionView
from creditctl.backend.error_handlers import failure
from creditctl.backend.logs import level_of
from creditctl.backend.viewer import may_see, require_viewer, signed_in_user, viewer_of_sessions
from creditctl.core.catalog import Catalog, Package
from creditctl.core.errors import ConfigurationError
from creditctl.core.money import cost_per_credit, format_amount
from creditctl.fulfilment.webhook import Receipt
from creditctl.ledger.models import Entry, EntryFilter

_SESSION_ID = re.compile(r"cs_[A-Za-z0-9_]{1,250}", re.ASCII)
"""What could be a session's id; anything else is not worth a call, and must not become part of a URL or of the log."""

BUYERS_PATHS = ("/api/credits/purchase", "/credits/buy")
"""Where buyers post their orders."""

_WEBHOOK_THREADS = 8

QUEUE_SECONDS = 5.0
"""How long a delivery may wait for its turn. Stripe does not wait for ever, and comes again after a 503."""

_PAGE_ENTRIES = 100
_MAX_PAGE_ENTRIES = 500
_MAX_ID = 2**63 - 1  # what SQLite can hold
_RECEIVED = b'{"success":true,"received":true}'

UserId = Annotated[str, Query(min_length=1, max_length=users.MAX_CHARACTERS, description="Whose credits.")]


def purchase_model(catalog: Catalog) -> type[BaseModel]:
    """The body of a purchase for this catalogue, so that the API's document names exactly the packages there are."""
    numbers = [package.number for package in catalog]

    def known(number: int) -> int:
        if number not in numbers:
            raise ValueError(f"there is no such package; there are {', '.join(map(str, numbers))}")
        return number

    number = Annotated[int, Field(strict=True, json_schema_extra={"enum": numbers}), AfterValidator(known)]
    fields: dict[str, Any] = {"package_id": (number, ...), "payment_method": (Literal["stripe"], ...)}
    model: type[BaseModel] = create_model("PurchaseRequest", **fields)
    model.__doc__ = "Which package to buy. The buyer is named by the header X-User-Id."
    return model


def order_for(services: Dependencies, package: Package, user_id: str) -> CheckoutOrder:
    """The order for one package, with the storefront's pages to come back to."""
    base = services.frontend_url
    return CheckoutOrder(
        package=package,
        user_id=user_id,
        # Stripe puts the session's id in place of the braces. Source: Stripe documentation, "Customize redirect".
        success_url=f"{base}/credits/success?session_id={{CHECKOUT_SESSION_ID}}",
        cancel_url=f"{base}/credits/cancel",
    )


def build_router(services: Dependencies, *, queue_seconds: float = QUEUE_SECONDS) -> APIRouter:
    """All endpoints of the API, as routes of one router."""
    router = APIRouter()
    _add_purchase(router, services)
    _add_webhook(router, services, queue_seconds)
    _add_session(router, services)
    _add_packages(router, services.catalog)
    _add_balance(router, services)
    _add_transactions(router, services)
    _add_health(router, services)
    return router


_BUYER_HEADER: dict[str, Any] = {
    "parameters": [
        {
            "name": "X-User-Id",
            "in": "header",
            "required": True,
            "description": "Who is buying: 1 to 200 characters, UTF-8, never guessed from anything else.",
            "schema": {"type": "string", "minLength": 1, "maxLength": users.MAX_CHARACTERS, "pattern": users.PATTERN},
        }
    ]
}


def _add_purchase(router: APIRouter, services: Dependencies) -> None:
    request_model = purchase_model(services.catalog)

    @router.post(
        "/api/credits/purchase",
        response_model=models.PurchaseAnswer,
        responses=models.failures(400, 401, 403, 408, 413, 422, 500, 502, 503),
        openapi_extra=_BUYER_HEADER,
        summary="Open a Stripe Checkout session for one package",
    )
    def purchase(body: request_model, request: Request) -> models.PurchaseAnswer:  # type: ignore[valid-type]
        user_id = signed_in_user(services, request)
        package = services.catalog.by_number(body.package_id)  # type: ignore[attr-defined]
        assert package is not None  # the model let no other number pass
        session = services.checkout.create_session(order_for(services, package, user_id))
        request.state.outcome = f"created {session.id} for {package.slug}"
        return models.PurchaseAnswer(message="Checkout session created", payment_url=session.url)


_EVENT_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "One event, exactly the bytes that Stripe signed.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    },
    "parameters": [
        {
            "name": "Stripe-Signature",
            "in": "header",
            "required": True,
            "description": "t=<Unix seconds>,v1=<hex HMAC-SHA256>",
            "schema": {"type": "string"},
        }
    ],
}


async def _received(threads: ThreadPoolExecutor, work: Callable[[], Receipt], queue_seconds: float) -> Receipt | None:
    """What came of a delivery, or None where its turn did not come in time: then it was not begun."""
    begun = threads.submit(work)
    answer = asyncio.wrap_future(begun)
    await asyncio.wait({answer}, timeout=queue_seconds)
    if not answer.done() and begun.cancel():
        return None
    return await answer


def _require_free(paths: Sequence[str]) -> None:
    """Refuses a webhook at a path that buyers post to. Errors: ConfigurationError."""
    for path in paths:
        if path.rstrip("/") in BUYERS_PATHS:
            raise ConfigurationError(
                f"The webhook's path {path} is one at which buyers order.",
                code="backend.webhook_path",
                fix="Name another with [webhook] path in creditctl.toml.",
            )


def _add_webhook(router: APIRouter, services: Dependencies, queue_seconds: float) -> None:
    _require_free(services.webhook_paths)
    # Its own threads: a rush of deliveries must not keep buyers waiting, nor the other way round. A delivery that has
    # begun is finished even if nobody waits for it any more.
    threads = ThreadPoolExecutor(_WEBHOOK_THREADS, thread_name_prefix="webhook")

    @router.post(
        services.webhook_path,
        response_model=models.WebhookAnswer,
        responses=models.failures(400, 408, 413, 500, 503),
        openapi_extra=_EVENT_BODY,
        summary="Take one event from Stripe",
    )
    async def webhook(request: Request) -> Response:
        body = await request.body()
        signature = request.headers.get("stripe-signature")
        receipt = await _received(threads, partial(services.webhook.receive, body, signature), queue_seconds)
        if receipt is None:
            request.state.outcome = "its turn did not come in time"
            return failure(503, "Too much is waiting just now. Deliver it again later.")
        services.log("\n".join(f"{level_of(receipt.status)}: {line}" for line in receipt.log))
        request.state.outcome = " ".join(filter(None, (receipt.outcome, receipt.event_id, receipt.event_type)))
        if 200 <= receipt.status < 300:
            return Response(_RECEIVED, status_code=receipt.status, media_type="application/json")
        return failure(receipt.status, receipt.message)

    for path in services.webhook_paths[1:]:
        router.add_api_route(path, webhook, methods=["POST"], include_in_schema=False)


def _add_session(router: APIRouter, services: Dependencies) -> None:
    @router.get(
        "/api/credits/session/{session_id}",
        responses=models.failures(401, 403, 404, 422, 500, 502, 503),
        summary="What Stripe says of one Checkout session",
    )
    def session(
        session_id: Annotated[str, Path(min_length=1, max_length=255)], request: Request
    ) -> models.SessionAnswer:
        viewer = viewer_of_sessions(services, request)
        found = read_session(services, session_id)
        if not may_see(viewer, found):
            raise unknown_session()
        request.state.outcome = f"{found.id} {found.payment_status}"
        return models.SessionAnswer(
            session=models.SessionBody(
                id=found.id,
                payment_status=found.payment_status,
                amount_total=found.amount_total,
                metadata=dict(found.metadata),
            )
        )


def read_session(services: Dependencies, session_id: str) -> SessionView:
    """A session as Stripe knows it. Errors: HTTPException 404; CreditctlError."""
    found = services.checkout.read_session(session_id) if _SESSION_ID.fullmatch(session_id) else None
    if found is None:
        raise unknown_session()
    return found


def unknown_session() -> HTTPException:
    """The answer for a session that is not there, and for one of somebody else: the two cannot be told apart."""
    return HTTPException(404, "Stripe knows no such Checkout session.")


def _add_packages(router: APIRouter, catalog: Catalog) -> None:
    answer = models.PackagesAnswer(packages=[package_body(package) for package in catalog])

    @router.get("/api/credits/packages", responses=models.failures(500), summary="The packages that are sold")
    def packages() -> models.PackagesAnswer:
        return answer


def package_body(package: Package) -> models.PackageBody:
    """One package as the API and the storefront show it."""
    return models.PackageBody(
        package_id=package.number,
        slug=package.slug,
        name=package.name,
        credits=package.credits,
        amount=package.amount,
        currency=package.currency,
        price=format_amount(package.amount, package.currency),
        cost_per_credit=cost_per_credit(package.amount, package.credits, package.currency),
    )


def _add_balance(router: APIRouter, services: Dependencies) -> None:
    @router.get("/api/credits/balance", responses=models.failures(401, 403, 422, 500, 503), summary="A user's credits")
    def balance(user_id: UserId, request: Request) -> models.BalanceAnswer:
        require_viewer(services, request, user_id)
        with services.ledger.reading() as view:
            return models.BalanceAnswer(user_id=user_id, balance=view.balance(user_id))


def _add_transactions(router: APIRouter, services: Dependencies) -> None:
    @router.get(
        "/api/credits/transactions",
        responses=models.failures(401, 403, 422, 500, 503),
        summary="A user's entries, oldest first, a page at a time",
    )
    def transactions(
        user_id: UserId,
        request: Request,
        after: Annotated[int, Query(ge=0, le=_MAX_ID, description="`next_after` of the page before.")] = 0,
        limit: Annotated[int, Query(ge=1, le=_MAX_PAGE_ENTRIES)] = _PAGE_ENTRIES,
    ) -> models.TransactionsAnswer:
        require_viewer(services, request, user_id)
        with services.ledger.reading() as view:
            found = view.entries(EntryFilter(user_id=user_id), after_id=after, limit=limit + 1)
        page = found[:limit]
        return models.TransactionsAnswer(
            user_id=user_id,
            transactions=[_transaction(entry) for entry in page],
            next_after=page[-1].id if len(found) > limit else None,
        )


def _transaction(entry: Entry) -> models.TransactionBody:
    return models.TransactionBody(
        id=entry.id,
        created=entry.created,
        kind=str(entry.kind),
        credits=entry.credits,
        amount=entry.amount,
        currency=entry.currency,
        package=entry.package,
        payment_key=entry.payment_key,
    )


def _add_health(router: APIRouter, services: Dependencies) -> None:
    @router.get("/healthz", responses=models.failures(500, 503), summary="Whether the ledger can be read")
    def healthz() -> models.HealthAnswer:
        with services.ledger.reading() as view:
            view.entry(1)  # any read will do: it fails where the file cannot be read
        return models.HealthAnswer(mode=str(services.mode))
