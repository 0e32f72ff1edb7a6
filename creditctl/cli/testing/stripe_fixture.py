"""Fixture `creditctl_stripe`: a local Stripe in a test, with what buyers, banks and time do as methods."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from creditctl.core.errors import UsageError
from creditctl.simulation.stripe_side import checkout, events, money_back

if TYPE_CHECKING:
    import httpx

    from creditctl.simulation.stripe_side.access import StripeAccess, StripeObject
    from creditctl.simulation.stripe_side.checkout import PaymentAttempt

Receiver = Callable[[bytes, dict[str, str]], object]
"""Takes a webhook in the process: body and headers, as a test client posts them; answers a status or a response."""

_NOWHERE = "http://127.0.0.1:9/webhook"
_HTTP_SECONDS = 30.0
_PAGE = 100


@dataclass(frozen=True, slots=True)
class FixtureDelivery:
    """One webhook that was delivered, and its answer. Shape: `status` None where nobody answered."""

    event: StripeObject
    status: int | None

    @property
    def accepted(self) -> bool:
        """A 2xx."""
        return self.status is not None and 200 <= self.status < 300


@dataclass
class StripeFixture:
    """One account of the local Stripe.

    Shape: `url` is the API base, `key` the secret key, `secret` what signs webhooks. Nothing is delivered by itself:
           `deliver` hands webhooks to the application, until `listen` names the URL of one that runs as a server.
    """

    url: str
    key: str
    secret: str = field(repr=False)
    stripe: StripeAccess = field(repr=False)
    http: httpx.Client = field(repr=False)
    endpoint: str = ""
    advanced: bool = field(default=False, repr=False)
    _done: set[str] = field(default_factory=set, repr=False)

    @property
    def environ(self) -> dict[str, str]:
        """Variables for an application that is a process of its own."""
        return {
            "STRIPE_SECRET_KEY": self.key,
            "STRIPE_API_KEY": self.key,
            "STRIPE_API_BASE": self.url,
            "STRIPE_WEBHOOK_SECRET": self.secret,
        }

    def pay(self, session: object, card: str = "visa") -> PaymentAttempt:
        """Pays a Checkout session with a test card; a decline is an answer. Shape: `session` an id, URL or object."""
        from creditctl.simulation.cards import CARDS

        if card not in CARDS:
            raise UsageError(f"There is no card {card}.", code="simulate.card", fix=f"Cards: {', '.join(CARDS)}.")
        session_id = self._session_id(session)
        if checkout.read_session(self.stripe, session_id)["amount_total"] == 0:
            return checkout.finish_free(self.stripe, session_id)
        return checkout.pay_by_card(self.stripe, session_id, CARDS[card].token)

    def refund(self, payment: object, amount: int | None = None) -> StripeObject:
        """Refunds a payment, wholly or in part. Units: `amount` in minor units."""
        params = {"payment_intent": self._intent(payment), "amount": amount}
        return self.stripe.post("/v1/refunds", params)

    def dispute(
        self, payment: object, kind: str = "fraudulent", amount: int | None = None, *, status: str = ""
    ) -> StripeObject:
        """Opens a dispute, and ends it where a `status` is given: won, lost or warning_closed."""
        opened = money_back.open_dispute(self.stripe, self._intent(payment), kind, amount)
        return money_back.settle_dispute(self.stripe, opened["id"], status) if status else opened

    def advance(self, seconds: int) -> None:
        """Lets time pass: a bank's result, an expiry, a refund's reference come in it. The next test begins anew."""
        self.advanced = True
        self.stripe.emulator.control("POST", "/clock", {"advance": seconds})

    def events(self, type: str | None = None) -> list[StripeObject]:
        """The events of this account, the oldest first."""
        found: list[StripeObject] = []
        page: StripeObject = {"has_more": True}
        while page["has_more"]:
            after = found[-1]["id"] if found else None
            page = self.stripe.get("/v1/events", type=type, limit=_PAGE, starting_after=after)
            found += page["data"]
        return found[::-1]

    def deliver(
        self, to: str | Receiver, *, type: str | None = None, times: int = 1, again: bool = False
    ) -> list[FixtureDelivery]:
        """Delivers what was not delivered yet, signed, the oldest first; `again` what was, too.

        Shape: `to` is the URL of a webhook, or a function of body and headers, such as a test client's post.
        """
        wanted = [event for event in self.events(type) if again or event["id"] not in self._done]
        self._done |= {event["id"] for event in wanted}
        return [FixtureDelivery(event, self._send(to, event)) for event in wanted for _ in range(times)]

    def listen(self, url: str) -> None:
        """Lets Stripe deliver to a running server by itself from now on, with its retries."""
        params = {"url": url, "disabled": "false"}
        self.stripe.post(f"/v1/webhook_endpoints/{self.endpoint}", params)

    def close(self) -> None:
        """Delivers nothing any more."""
        self.stripe.post(f"/v1/webhook_endpoints/{self.endpoint}", {"disabled": "true"})

    def _send(self, to: str | Receiver, event: StripeObject) -> int | None:
        from creditctl.cli.wiring import now_seconds
        from creditctl.simulation.play.forgery import signed
        from creditctl.stripe_api.delivery import HEADERS

        made = signed(events.event_bytes(event), self.secret, now_seconds())
        headers = {**HEADERS, "Stripe-Signature": (made.header or b"").decode()}
        if not isinstance(to, str):
            return status_of(to(made.body, headers))
        import httpx

        try:
            return self.http.post(to, content=made.body, headers=headers).status_code
        except httpx.TransportError:
            return None

    def _session_id(self, session: object) -> str:
        from creditctl.simulation.target.backend_client import SESSION_ID

        found = SESSION_ID.search(_text(session))
        if found is None:
            raise UsageError(
                f"{_text(session)[:80]!r} names no Checkout session.",
                code="simulate.session",
                fix="Hand over a session's id, its URL, or the object itself.",
            )
        return found.group(0)

    def _intent(self, payment: object) -> str:
        """The payment intent of whatever names a payment."""
        text = _text(payment)
        if text.startswith("pi_"):
            return text
        session = checkout.read_session(self.stripe, self._session_id(payment))
        return str(session["payment_intent"])


def _text(named: object) -> str:
    """An id or URL out of a text, a mapping, an attempt to pay or an object of Stripe's library."""
    from creditctl.simulation.stripe_side.checkout import PaymentAttempt

    if isinstance(named, PaymentAttempt):
        named = named.session
    if isinstance(named, Mapping):
        return str(named.get("id", ""))
    return str(getattr(named, "id", named))


def status_of(answer: object) -> int | None:
    """The status in an answer: a number, or a response with `status_code` or `status`."""
    found = answer if isinstance(answer, int) else getattr(answer, "status_code", getattr(answer, "status", None))
    return found if isinstance(found, int) else None


@dataclass
class SharedEmulator:
    """The emulator of one process: it hands out accounts, each under a key of its own.

    Shape: a test that moved the clock leaves it for nobody: the next account is one of a new emulator.
    """

    _running: ExitStack = field(default_factory=ExitStack, repr=False)
    _url: str = ""
    _http: httpx.Client | None = field(default=None, repr=False)

    def account(self) -> StripeFixture:
        """A new account with one webhook endpoint, which is switched off until somebody listens."""
        from creditctl.core.keys import parse_server_key
        from creditctl.emulator_client.client import EmulatorControl
        from creditctl.simulation.stripe_side.access import emulator_access

        http = self._http or self._start()
        key = "sk_test_emulator" + secrets.token_hex(8)
        stripe = emulator_access(EmulatorControl(http, self._url, parse_server_key(key)))
        params: dict[str, Any] = {"url": _NOWHERE, "enabled_events[0]": "*"}
        made = stripe.post("/v1/webhook_endpoints", params)
        stripe.post(f"/v1/webhook_endpoints/{made['id']}", {"disabled": "true"})
        return StripeFixture(self._url, key, made["secret"], stripe, http, made["id"])

    def give_back(self, account: StripeFixture) -> None:
        """Ends an account, and the emulator with it where its clock was moved."""
        account.close()
        if account.advanced:
            self.stop()

    def stop(self) -> None:
        """Stops the emulator, if it runs."""
        self._http = None
        self._running.close()

    def _start(self) -> httpx.Client:
        """An emulator in a thread of this process, on a free port."""
        import httpx

        from creditctl.emulator.app import Emulator
        from creditctl.emulator.transports.server import EmulatorServer

        emulator = Emulator()
        self._running.callback(emulator.close)
        self._url = self._running.enter_context(EmulatorServer(emulator)).url
        self._http = self._running.enter_context(httpx.Client(timeout=_HTTP_SECONDS, trust_env=False))
        return self._http


@contextmanager
def shared_emulator() -> Iterator[SharedEmulator]:
    """An emulator that starts with the first account that is asked for."""
    shared = SharedEmulator()
    try:
        yield shared
    finally:
        shared.stop()
