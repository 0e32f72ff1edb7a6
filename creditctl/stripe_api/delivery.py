"""Webhook delivery: signs one event as Stripe does (Stripe-Signature) and POSTs it to a URL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from creditctl.core.keys import Secret
from creditctl.core.text import first_words
from creditctl.stripe_api.certificate_faults import CertificateFault, certificate_fault

if TYPE_CHECKING:
    import httpx

_ANSWER_CHARACTERS = 500
DEFAULT_TIMEOUT_SECONDS = 30.0
"""How long an answer may take. Source: the Stripe CLI's forwarder waits 30 seconds; Stripe publishes no figure."""

HEADERS = {
    "Content-Type": "application/json; charset=utf-8",
    "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
}


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """Result of one delivery: the status and body that the webhook URL answered, or why there was none.

    Shape: `status` is the HTTP status, or None with `error` saying why there was no answer.
    """

    status: int | None
    body: str = ""
    error: str = ""

    @property
    def accepted(self) -> bool:
        """Whether Stripe would count the delivery as done: any 2xx, and nothing else (redirects are not followed)."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def certificate(self) -> CertificateFault | None:
        """What is wrong with the server's certificate, where that is why there was no answer."""
        return None if self.status is not None else certificate_fault(self.error)

    @property
    def told(self) -> str:
        """The status that was answered, or why there was none, in words."""
        fault = self.certificate
        if fault is not None:
            return f"{fault.sentence} {fault.fix_here} ({self.error})"
        return self.error or str(self.status)


def sign(body: bytes, secret: Secret, timestamp: int) -> str:
    """Makes the `Stripe-Signature` header for a body. Source: Stripe documentation, "Webhook signatures"."""
    import stripe

    header: str = stripe.WebhookSignature.generate_signature_header(body.decode(), secret.reveal(), timestamp)
    return header


def deliver(client: httpx.Client, url: str, body: bytes, signature: str | None) -> DeliveryResult:
    """POSTs one event, once; a missing signature sends none. Never raises for what the network does."""
    import httpx

    headers = dict(HEADERS) if signature is None else {**HEADERS, "Stripe-Signature": signature}
    try:
        response = client.post(url, content=body, headers=headers, follow_redirects=False)
    except httpx.HTTPError as error:
        return DeliveryResult(None, error=f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
    return DeliveryResult(response.status_code, body=first_words(response.text, _ANSWER_CHARACTERS))


def deliver_signed(client: httpx.Client, url: str, body: bytes, secret: Secret, timestamp: int) -> DeliveryResult:
    """Signs and POSTs one event as Stripe does: the signature is fresh for every attempt."""
    return deliver(client, url, body, sign(body, secret, timestamp))
