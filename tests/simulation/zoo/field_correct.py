"""Correct backends of the zoo in further styles: polling, reading everything anew, strict and lenient ones."""

from __future__ import annotations

import json
import threading
from typing import Any, ClassVar

import httpx

from tests.simulation.zoo.correct import Backend, Event, Refused


class PollsStripe(Backend):
    """Takes no notice of webhooks: a job reads the lists of sessions, refunds and disputes again and again."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._stopped = threading.Event()
        self._worker = threading.Thread(target=self._poll, daemon=True)
        self._worker.start()

    def close(self) -> None:
        self._stopped.set()
        self._worker.join()
        super().close()

    def receive(self, body: bytes, header: str | None) -> int:
        return 200

    def _poll(self) -> None:
        while not self._stopped.wait(0.3):
            try:
                self._read("/v1/checkout/sessions", lambda found: self.on_completed({"id": found["id"]}, found))
                self._read("/v1/refunds", lambda found: self.on_refund({}, found))
                self._read("/v1/disputes", lambda found: self.on_dispute({}, found))
            except (httpx.HTTPError, Refused):
                continue

    def _read(self, path: str, act: Any) -> None:
        after: dict[str, Any] = {}
        while True:
            page = self.stripe("GET", path, {"limit": 100, **after})
            for found in page["data"]:
                act(found)
            if not page["has_more"]:
                return
            after = {"starting_after": page["data"][-1]["id"]}


class ReadsTheEventAnew(Backend):
    """Believes no body, signed or not: reads the event from Stripe by its id."""

    def handle(self, event: Event) -> None:
        try:
            current = self.stripe("GET", f"/v1/events/{event['id']}")
        except httpx.HTTPStatusError as error:
            if error.response.status_code == 404:
                return
            raise
        super().handle(current)


class ReckonsAnew(Backend):
    """At any event about a payment reads all of it from Stripe, and makes the balance what it should be."""

    def on_refund(self, event: Event, refund: dict[str, Any]) -> None:
        for found in self.stripe("GET", "/v1/refunds", {"payment_intent": refund["payment_intent"]})["data"]:
            super().on_refund(event, found)

    def on_charge_refunded(self, event: Event, charge: dict[str, Any]) -> None:
        self.on_refund(event, charge)

    def on_intent(self, event: Event, intent: dict[str, Any]) -> None:
        listed = self.stripe("GET", "/v1/checkout/sessions", {"payment_intent": intent["id"]})["data"]
        for session in listed:
            self.on_completed(event, session)


class TakesAtOpening(Backend):
    """Takes credits the moment a dispute is opened, and gives them back when it is closed in its favour."""

    policy: ClassVar[dict[str, str]] = {"disputes": "at_opening"}

    def on_dispute(self, event: Event, dispute: dict[str, Any]) -> None:
        current = self.stripe("GET", f"/v1/disputes/{dispute['id']}")
        taken = current["status"] in ("needs_response", "under_review", "lost")
        self.note_return(dispute["id"], dispute["payment_intent"], current["amount"] if taken else 0)


class AnswersForgeriesKindly(Backend):
    """Says 200 to a webhook with a wrong signature, and does nothing: scanners learn nothing."""

    def receive(self, body: bytes, header: str | None) -> int:
        try:
            return super().receive(body, header)
        except Refused as refused:
            if refused.status == 400:
                return 200
            raise


class RefusesWhatItDoesNotKnow(Backend):
    """Purchases with fields that it does not know are refused, as strict schemas do."""

    def package_in(self, body: Any) -> int:
        if isinstance(body, dict) and set(body) - {"package_id", "payment_method"}:
            raise Refused(422, "unknown field")
        return super().package_in(body)


class WantsItsApiVersion(Backend):
    """Refuses events without an API version, as the libraries of Go and Java do."""

    def receive(self, body: bytes, header: str | None) -> int:
        self.verify(body, header or "")
        if not json.loads(body).get("api_version"):
            raise Refused(400, "api_version")
        return super().receive(body, header)


class SharesDiscounts(Backend):
    """Gives the share of the credits that was paid for."""

    policy: ClassVar[dict[str, str]] = {"discounts": "proportional"}

    def worth(self, session: dict[str, Any]) -> int | None:
        found = super().worth(session)
        listed = session["amount_subtotal"]
        return None if found is None else found * (listed - session["total_details"]["amount_discount"]) // listed


FIELD_CORRECT: dict[str, type[Backend]] = {
    "polls-stripe": PollsStripe,
    "reads-the-event-anew": ReadsTheEventAnew,
    "reckons-anew": ReckonsAnew,
    "takes-at-opening": TakesAtOpening,
    "answers-forgeries-kindly": AnswersForgeriesKindly,
    "refuses-what-it-does-not-know": RefusesWhatItDoesNotKnow,
    "wants-its-api-version": WantsItsApiVersion,
    "shares-discounts": SharesDiscounts,
}
