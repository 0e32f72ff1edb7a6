"""Client of the credit API as a buyer: checkout, pay, wait for the balance; refunds and repeated deliveries."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from creditctl.core.errors import StripeRefused, Unreachable
from creditctl.emulator_client import checkout_payer
from creditctl.payments.event_types import SESSION_COMPLETED_TYPE
from creditctl.stripe_api import delivery

if TYPE_CHECKING:
    import httpx
    import stripe
    from stripe.params import RefundCreateParams

    from creditctl.core.catalog import Package
    from creditctl.core.keys import Secret

_SESSION_ID = re.compile(r"cs_(?:test|live)_[A-Za-z0-9]+")
_POLL_SECONDS = 0.02
_EVENTS_PER_PAGE = 100


@dataclass(frozen=True)
class Shop:
    """Shop under test: a started backend and the Stripe behind it.

    Shape: `backend_url` without a trailing slash; `monotonic` and `sleep` pace the waiting.
    Units: `patience_seconds` bounds every wait.
    """

    client: stripe.StripeClient
    http: httpx.Client
    backend_url: str
    webhook_url: str
    secret: Secret
    clock: Callable[[], int]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    patience_seconds: float = 10.0

    def checkout(self, user_id: str, package: Package) -> str:
        """Opens a Checkout session through the backend and returns its id.

        Errors: Unreachable if the backend does not answer, StripeRefused if it does not sell.
        """
        answer = self._call(
            "POST",
            "/api/credits/purchase",
            json={"package_id": package.number, "payment_method": "stripe"},
            headers={"X-User-Id": user_id},
        )
        match = _SESSION_ID.search(str(answer.get("payment_url")))
        if match is None:
            raise StripeRefused(
                "The backend's payment_url names no Checkout session.",
                code="simulation.no_session",
                fix="POST /api/credits/purchase must answer the session's own url.",
            )
        return match.group(0)

    def pay(self, session_id: str, token: str) -> checkout_payer.Payment:
        """Pays the session with a test card; a decline is an answer."""
        return checkout_payer.pay(self.client, session_id, token)

    def refund(self, payment_intent: str, amount: int | None = None) -> str:
        """Refunds a payment, wholly or in part, and returns the refund's id. Units: amount in minor units."""
        params: RefundCreateParams = {"payment_intent": payment_intent}
        if amount is not None:
            params["amount"] = amount
        return self.client.v1.refunds.create(params=params).id

    def balance(self, user_id: str) -> int:
        """The user's credits as the backend tells them."""
        return int(self._call("GET", "/api/credits/balance", params={"user_id": user_id})["balance"])

    def wait_for_balance(self, user_id: str, expected: int) -> int:
        """The user's credits once they are as expected, or the last seen when patience has run out."""
        deadline = self.monotonic() + self.patience_seconds
        while (seen := self.balance(user_id)) != expected and self.monotonic() < deadline:
            self.sleep(_POLL_SECONDS)
        return seen

    def settle(self, subjects: set[str]) -> bool:
        """Waits until no event about these objects is undelivered any more; False when patience has run out.

        Source: Stripe API reference, "List all events": `delivery_success=false` are those not yet accepted everywhere.
        """
        deadline = self.monotonic() + self.patience_seconds
        while any(_concerns(event, subjects) for event in self._events(delivery_success="false")):
            if self.monotonic() >= deadline:
                return False
            self.sleep(_POLL_SECONDS)
        return True

    def completed_event(self, session_id: str) -> bytes:
        """The `checkout.session.completed` event of a session, as the bytes that a delivery carries.

        Errors: Unreachable when Stripe does not list it in time.
        """
        deadline = self.monotonic() + self.patience_seconds
        while self.monotonic() < deadline:
            for event in self._events(type=SESSION_COMPLETED_TYPE):
                if event["data"]["object"]["id"] == session_id:
                    return json.dumps(event, indent=2).encode()
            self.sleep(_POLL_SECONDS)
        raise Unreachable(
            f"Stripe lists no checkout.session.completed for {session_id}.",
            code="simulation.no_event",
            fix="Look at the session in the Dashboard, then run the scenario again.",
        )

    def deliver_again(self, event: bytes) -> delivery.DeliveryResult:
        """One more delivery of an event, freshly signed."""
        return delivery.deliver_signed(self.http, self.webhook_url, event, self.secret, self.clock())

    def _events(self, **filters: str) -> list[dict[str, Any]]:
        response = self.client.raw_request("get", "/v1/events", limit=_EVENTS_PER_PAGE, **filters)
        events: list[dict[str, Any]] = json.loads(response.body)["data"]
        return events

    def _call(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        import httpx

        try:
            response = self.http.request(method, self.backend_url + path, **arguments)
            body: dict[str, Any] = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise Unreachable(
                f"The backend did not answer {method} {path}: {type(error).__name__}.",
                code="simulation.backend",
                fix=f"Is it running at {self.backend_url}? Look at its log, then run this again.",
            ) from error
        if response.status_code >= 400 or body.get("success") is False:
            raise StripeRefused(
                f"The backend answered {response.status_code} to {method} {path}: {body.get('message', '')}",
                code="simulation.backend_refused",
                fix="Look at the backend's log; `creditctl setup` mends a missing catalogue.",
            )
        return body


def _concerns(event: dict[str, Any], subjects: set[str]) -> bool:
    about = event["data"]["object"]
    return bool(subjects & {about.get("id"), about.get("payment_intent"), about.get("charge")})
