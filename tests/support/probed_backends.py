"""Backends to be probed, each with one habit: how it verifies, what stands in front of it, what it answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from email.utils import formatdate

import httpx
import stripe

from creditctl.core.keys import Secret
from creditctl.provisioning.probing.responses import ProbeResponses
from creditctl.provisioning.probing.send import send_probes
from tests.support.clock import NOW

OURS = Secret("whsec_" + "example0of0ours")
OLDER = Secret("whsec_" + "example0older")
URL = "http://backend.test/hook"
Answering = Callable[[httpx.Request], httpx.Response]


def probed(answer: Answering, *secrets: Secret) -> ProbeResponses:
    """Sends a whole probe to a backend."""
    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        return send_probes(client, URL, secrets, NOW, livemode=False, api_version="2026-10-28.endive")


def always(status: int, *, get: int | None = None, text: str = "", **headers: str) -> Answering:
    """Answers everything the same; `get` is what it says to a GET."""

    def answer(request: httpx.Request) -> httpx.Response:
        said = get if get is not None and request.method == "GET" else status
        return httpx.Response(
            said, text=text, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )

    return answer


def verifying(
    *secrets: Secret,
    read: Callable[[bytes], str] = bytes.decode,
    tolerance_seconds: int | None = 300,
    clock: int = NOW,
    good: int = 200,
    bad: int = 400,
) -> Answering:
    """Verifies as the SDK does, with its own way to read the body, its own clock and its own answers."""

    def answer(request: httpx.Request) -> httpx.Response:
        header = request.headers.get("Stripe-Signature", "")
        date = {"Date": formatdate(clock, usegmt=True)}
        if request.method == "GET":
            return httpx.Response(405, headers=date)
        accepted = any(_verifies(read(request.content), header, secret, tolerance_seconds, clock) for secret in secrets)
        return httpx.Response(good if accepted else bad, headers=date)

    return answer


def _verifies(body: str, header: str, secret: Secret, tolerance_seconds: int | None, clock: int) -> bool:
    parts = dict(part.partition("=")[::2] for part in header.split(","))
    if not parts.get("t", "").isdigit():
        return False
    wanted = stripe.WebhookSignature.generate_signature_header(body, secret.reveal(), int(parts["t"]))
    fresh = tolerance_seconds is None or abs(clock - int(parts["t"])) <= tolerance_seconds
    return header == wanted and fresh


def reparsed(body: bytes) -> str:
    """Reads a body as a framework does that parses JSON first and writes it again."""
    return json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False)


def as_latin_1(body: bytes) -> str:
    """Reads a body in the wrong encoding."""
    return body.decode("latin-1")
