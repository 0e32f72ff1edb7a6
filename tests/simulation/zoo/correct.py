"""The correct backend of the zoo, in small methods for the broken ones to override, and the same in other styles."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from typing import Any, ClassVar

import httpx

from creditctl.simulation.target.declaration import USER_HEADER
from tests.simulation.zoo.shelf import Shelf
from tests.support.waiting import patience

Event = dict[str, Any]
PACKAGES = {1: (1000, 1000), 2: (5500, 4500), 3: (13500, 10000), 4: (35000, 22500), 5: (120000, 70000)}
"""Number → credits and cents: those that come with creditctl."""

TOLERANCE_SECONDS = 300


class Refused(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, message: str = "") -> None:
        super().__init__(message)
        self.status = status


class Backend:
    """A correct backend: verify, dispatch, post under a unique key, take back by target."""

    policy: ClassVar[dict[str, str]] = {}
    headers: ClassVar[tuple[str, ...]] = (USER_HEADER,)
    accepted_status = 200

    def __init__(self, api_base: str, key: str, secret: str, shelf: Shelf) -> None:
        self.secret, self.shelf = secret, shelf
        headers = {"Authorization": f"Bearer {key}"}
        self._http = httpx.Client(base_url=api_base, headers=headers, timeout=patience(10), trust_env=False)

    def close(self) -> None:
        self._http.close()

    # Stripe

    def stripe(self, method: str, path: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        place = {"params": params} if method == "GET" else {"data": params}
        answer = self._http.request(method, path, **place)  # type: ignore[arg-type]
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    # Buyers

    def purchase(self, user: str, body: Any) -> dict[str, Any]:
        number = self.package_in(body)
        params = self.session_params(user, number, body)
        session = self.stripe("POST", "/v1/checkout/sessions", params)
        self.remember_session(session["id"], user, number)
        return {"success": True, "payment_url": session["url"]}

    def package_in(self, body: Any) -> int:
        number = body.get("package_id") if isinstance(body, dict) else None
        if not isinstance(number, int) or isinstance(number, bool) or number not in PACKAGES:
            raise Refused(422, "no such package")
        return number

    def session_params(self, user: str, number: int, body: Any) -> dict[str, Any]:
        credits, cents = PACKAGES[number]
        metadata = {"user_id": user, "package": str(number), "credits": str(credits)}
        return {
            "mode": "payment",
            "line_items[0][price_data][currency]": "usd",
            "line_items[0][price_data][unit_amount]": cents,
            "line_items[0][price_data][product_data][name]": f"{credits} credits",
            "line_items[0][quantity]": 1,
            "success_url": "http://localhost/success?session_id={CHECKOUT_SESSION_ID}",
            "client_reference_id": user,
            **{f"metadata[{name}]": value for name, value in metadata.items()},
            **{f"payment_intent_data[metadata][{name}]": value for name, value in metadata.items()},
        }

    def remember_session(self, session_id: str, user: str, number: int) -> None:
        self.shelf.run("insert or ignore into sessions values (?, ?, ?)", session_id, user, number)

    def balance(self, user: str) -> int:
        return int(self.shelf.one("select coalesce(sum(credits), 0) from entries where user = ?", user))

    def page(self, user: str | None, session_id: str) -> dict[str, Any]:
        session = self.stripe("GET", f"/v1/checkout/sessions/{session_id}")
        if user is None:
            raise Refused(401)
        if session["client_reference_id"] != user:
            raise Refused(404)
        return {"success": True, "session": {"id": session["id"], "payment_status": session["payment_status"]}}

    def spend(self, user: str, credits: int) -> dict[str, Any]:
        with self.shelf.writing():
            if credits <= 0 or self.balance(user) < credits:
                raise Refused(402, "not enough")
            self.post(f"usage:{time.monotonic_ns()}", user, -credits)
        return {"success": True}

    # Webhooks

    def receive(self, body: bytes, header: str | None) -> int:
        self.verify(body, header or "")
        event: Event = json.loads(body)
        if event["livemode"]:
            return self.accepted_status
        self.handle(event)
        return self.accepted_status

    def verify(self, body: bytes, header: str) -> None:
        pairs = [part.partition("=")[::2] for part in header.split(",")]
        times = [value for name, value in pairs if name == "t" and value.isdigit()]
        if not times or not self.is_recent(int(times[0])):
            raise Refused(400, "time")
        right = self.digest(times[0], body)
        if not any(hmac.compare_digest(right.encode(), value.encode()) for name, value in pairs if name == "v1"):
            raise Refused(400, "signature")

    def is_recent(self, moment: int) -> bool:
        return time.time() - moment <= TOLERANCE_SECONDS

    def digest(self, moment: str, body: bytes) -> str:
        return hmac.new(self.secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()

    def handle(self, event: Event) -> None:
        about = event["data"]["object"]
        type_ = event["type"]
        if type_ == "checkout.session.completed":
            self.on_completed(event, about)
        elif type_ == "checkout.session.async_payment_succeeded":
            self.on_delayed_success(event, about)
        elif type_ == "payment_intent.succeeded":
            self.on_intent(event, about)
        elif type_ in ("refund.created", "refund.updated", "refund.failed"):
            self.on_refund(event, about)
        elif type_ == "charge.refunded":
            self.on_charge_refunded(event, about)
        elif type_.startswith("charge.dispute."):
            self.on_dispute(event, about)
        else:
            self.on_other(event)

    def on_other(self, event: Event) -> None:
        """Nothing to do."""

    def on_intent(self, event: Event, intent: dict[str, Any]) -> None:
        """The session tells."""

    def on_completed(self, event: Event, session: dict[str, Any]) -> None:
        if session["payment_status"] in ("paid", "no_payment_required"):
            self.fulfil(event, session)

    def on_delayed_success(self, event: Event, session: dict[str, Any]) -> None:
        self.fulfil(event, session)

    def fulfil(self, event: Event, session: dict[str, Any]) -> None:
        user, credits = self.buyer(session), self.worth(session)
        if user is None or credits is None:
            return
        payment = session["payment_intent"] or session["id"]
        self.credit(event, payment, user, credits, session["amount_total"])

    def buyer(self, session: dict[str, Any]) -> str | None:
        found: str | None = session["client_reference_id"]
        return found

    def worth(self, session: dict[str, Any]) -> int | None:
        number = (session["metadata"] or {}).get("package")
        if number is None:
            return None
        credits, cents = PACKAGES[int(number)]
        quantity, rest = divmod(session["amount_subtotal"], cents)
        return credits * quantity if rest == 0 and session["currency"] == "usd" else None

    def credit(self, event: Event, payment: str, user: str, credits: int, charged: int) -> None:
        with self.shelf.writing():
            if self.post(self.purchase_key(event, payment), user, credits):
                self.shelf.run("insert or ignore into payments values (?, ?, ?, ?)", payment, user, credits, charged)
                self.settle(payment)

    def purchase_key(self, event: Event, payment: str) -> str:
        return f"purchase:{payment}"

    def post(self, key: str, user: str, credits: int) -> bool:
        before = self.shelf.one("select count(*) from entries where key = ?", key)
        if before == 0:
            self.shelf.run("insert into entries values (?, ?, ?)", key, user, credits)
        return bool(before == 0)

    # Money that goes back

    def on_charge_refunded(self, event: Event, charge: dict[str, Any]) -> None:
        """A hint; the refunds come by themselves."""

    def on_refund(self, event: Event, refund: dict[str, Any]) -> None:
        active = refund["status"] not in ("failed", "canceled")
        self.note_return(refund["id"], refund["payment_intent"], refund["amount"] if active else 0)

    def on_dispute(self, event: Event, dispute: dict[str, Any]) -> None:
        current = self.stripe("GET", f"/v1/disputes/{dispute['id']}")
        held = sum(-each["amount"] for each in current["balance_transactions"])
        self.note_return(dispute["id"], dispute["payment_intent"], max(0, held))

    def note_return(self, object_id: str, payment: str, amount: int) -> None:
        with self.shelf.writing():
            self.shelf.run("insert or replace into returns values (?, ?, ?)", object_id, payment, amount)
            self.settle(payment)

    def settle(self, payment: str) -> None:
        """Makes what was taken what it should be."""
        rows = self.shelf.run("select user, credits, charged from payments where payment = ?", payment)
        if not rows:
            return
        user, credits, charged = rows[0]
        returned = self.shelf.one("select coalesce(sum(amount), 0) from returns where payment = ?", payment)
        self.take(payment, user, self.share(credits, min(charged, returned), charged))

    def share(self, credits: int, returned: int, charged: int) -> int:
        return int(credits * returned // charged) if charged else 0

    def take(self, payment: str, user: str, target: int) -> None:
        taken = self.shelf.one("select credits from taken where payment = ?", payment) or 0
        if target != taken:
            self.post(f"taken:{payment}:{time.monotonic_ns()}", user, taken - target)
            self.shelf.run("insert or replace into taken values (?, ?)", payment, target)


class QueueFirst(Backend):
    """Saves the event, answers, and works on it afterwards, again and again until it is done."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._wake, self._stopped = threading.Event(), False
        self._worker = threading.Thread(target=self._work, daemon=True)
        self._worker.start()

    def close(self) -> None:
        self._stopped = True
        self._wake.set()
        self._worker.join()
        super().close()

    def handle(self, event: Event) -> None:
        self.shelf.run("insert into queue (event) values (?)", json.dumps(event))
        self._wake.set()

    def _work(self) -> None:
        while not self._stopped:
            self._wake.wait(0.1)
            self._wake.clear()
            for number, text in self.shelf.run("select id, event from queue order by id"):
                try:
                    super().handle(json.loads(text))
                except (httpx.HTTPError, Refused):
                    continue
                self.shelf.run("delete from queue where id = ?", number)


class OnIntentAlone(Backend):
    """Grants when the payment intent succeeded, from its own metadata; sessions tell it nothing."""

    def on_intent(self, event: Event, intent: dict[str, Any]) -> None:
        metadata = intent["metadata"]
        if "package" in metadata:
            credits, cents = PACKAGES[int(metadata["package"])]
            if intent["amount_received"] == cents and intent["currency"] == "usd":
                self.credit(event, intent["id"], metadata["user_id"], credits, intent["amount_received"])

    def fulfil(self, event: Event, session: dict[str, Any]) -> None:
        """Not here."""


class AnswersNoContent(Backend):
    """Answers 204."""

    accepted_status = 204


class Clamps(Backend):
    """Never lets a balance fall below zero."""

    policy: ClassVar[dict[str, str]] = {"negative": "clamped"}

    def post(self, key: str, user: str, credits: int) -> bool:
        return super().post(key, user, max(credits, -self.balance(user)))


class RejectsTheFuture(Backend):
    """A signature of the future is as wrong as an old one."""

    def is_recent(self, moment: int) -> bool:
        return abs(time.time() - moment) <= TOLERANCE_SECONDS


class AsksStripe(Backend):
    """Believes nothing that an event says but ids: reads the session anew."""

    def fulfil(self, event: Event, session: dict[str, Any]) -> None:
        current = self.stripe("GET", f"/v1/checkout/sessions/{session['id']}")
        if current["payment_status"] in ("paid", "no_payment_required"):
            super().fulfil(event, current)


class KnowsItsOwn(Backend):
    """Knows only the sessions that it opened itself, and ignores metadata."""

    def fulfil(self, event: Event, session: dict[str, Any]) -> None:
        rows = self.shelf.run("select user, package from sessions where id = ?", session["id"])
        if rows:
            user, number = rows[0]
            payment = session["payment_intent"] or session["id"]
            self.credit(event, payment, user, PACKAGES[number][0], session["amount_total"])


class PageFulfilsToo(Backend):
    """The success page grants by the same function as the webhook, as Stripe's own guide does."""

    def page(self, user: str | None, session_id: str) -> dict[str, Any]:
        shown = super().page(user, session_id)
        session = self.stripe("GET", f"/v1/checkout/sessions/{session_id}")
        self.on_completed({"id": "page"}, session)
        return shown


class TakesWhenLost(Backend):
    """Takes credits when a dispute was lost, and not before."""

    policy: ClassVar[dict[str, str]] = {"disputes": "at_loss", "quantity": "not_offered"}

    def on_dispute(self, event: Event, dispute: dict[str, Any]) -> None:
        current = self.stripe("GET", f"/v1/disputes/{dispute['id']}")
        lost = current["status"] == "lost"
        self.note_return(dispute["id"], dispute["payment_intent"], current["amount"] if lost else 0)


class WantsOrder(Backend):
    """Refuses a refund of a payment that it does not know yet, so that Stripe comes again."""

    def note_return(self, object_id: str, payment: str, amount: int) -> None:
        if not self.shelf.run("select 1 from payments where payment = ?", payment):
            raise Refused(409, "not known yet")
        super().note_return(object_id, payment, amount)


CORRECT: dict[str, type[Backend]] = {
    "plain": Backend,
    "queue-first": QueueFirst,
    "intent-alone": OnIntentAlone,
    "no-content": AnswersNoContent,
    "clamps": Clamps,
    "rejects-the-future": RejectsTheFuture,
    "asks-stripe": AsksStripe,
    "knows-its-own": KnowsItsOwn,
    "page-fulfils-too": PageFulfilsToo,
    "takes-when-lost": TakesWhenLost,
    "wants-order": WantsOrder,
}
