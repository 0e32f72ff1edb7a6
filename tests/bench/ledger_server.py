"""What the ledger's bench delivers and to whom: signed events, the webhook on a fresh ledger, two HTTP servers.

Usage: python -m tests.bench.ledger_server webhook|nothing FOLDER   prints its port and serves until SIGTERM.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import sys
import time
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request

from creditctl.backend.app import build_app
from creditctl.backend.dependencies import Dependencies
from creditctl.backend.server import bind, serve
from creditctl.cli.wiring import now_seconds, real_wiring
from creditctl.core.keys import Secret
from creditctl.core.modes import Mode
from creditctl.fulfilment.webhook import Webhook
from creditctl.ledger.store import Ledger
from tests.support.stripe_reads import NoReads

SECRET = "whsec_" + "bench" * 6
PATH = "/api/credits/webhook"
Delivery = tuple[bytes, str]

_EMPTY_FIELDS = """
    adaptive_pricing after_expiration allow_promotion_codes automatic_tax
    billing_address_collection cancel_url client_secret collected_information
    consent consent_collection currency_conversion custom_fields
    custom_text customer customer_account customer_creation
    customer_email discounts expires_at integration_identifier
    invoice invoice_creation locale name_collection
    optional_items origin_context payment_link payment_method_collection
    payment_method_configuration_details payment_method_options permissions phone_number_collection
    presentment_details recovered_from redirect_on_completion return_url
    saved_payment_method_options setup_intent shipping_address_collection shipping_cost
    shipping_options submit_type subscription success_url
    total_details ui_mode url wallet_options
"""


def event(n: int, now: int) -> bytes:
    """A paid session with all of its fields, about as large as Stripe's own."""
    session = {
        "id": f"cs_test_{n:060d}",
        "object": "checkout.session",
        "mode": "payment",
        "status": "complete",
        "payment_status": "paid",
        "amount_subtotal": 1000,
        "amount_total": 1000,
        "currency": "usd",
        "payment_intent": f"pi_{n:024d}",
        "client_reference_id": f"user{n % 5000}",
        "metadata": {
            "managed_by": "creditctl",
            "user_id": f"user{n % 5000}",
            "package": "starter",
            "credits": "1000",
        },
        "livemode": False,
        "created": now,
        "customer_details": {"address": dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))},
        **dict.fromkeys(_EMPTY_FIELDS.split()),
    }
    body = {
        "id": f"evt_{n:024d}",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": now,
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": "checkout.session.completed",
        "data": {"object": session},
    }
    return json.dumps(body, indent=2).encode()


def deliveries(first: int, count: int) -> list[Delivery]:
    """Events that were signed just now, each of another payment."""
    now = int(time.time())
    return [(body, signature(body, now)) for body in (event(n, now) for n in range(first, first + count))]


def signature(body: bytes, now: int) -> str:
    """The Stripe-Signature header. Source: Stripe documentation, "Verify webhook signatures manually"."""
    digest = hmac.new(SECRET.encode(), b"%d.%b" % (now, body), hashlib.sha256).hexdigest()
    return f"t={now},v1={digest}"


def webhook_on(path: Path) -> Webhook:
    """The webhook as the backend builds it, on a new ledger."""
    ledger = Ledger.open(path, account="acct_1", livemode=False, clock=now_seconds)
    return Webhook(
        ledger=ledger,
        stripe=NoReads(),
        secrets=[Secret(SECRET)],
        catalog=real_wiring().catalog(),
        account="acct_1",
        livemode=False,
        clock=now_seconds,
    )


def backend(folder: Path) -> Any:
    """The whole backend with its log, which goes to a file."""
    path = folder / "http.db"
    webhook, log = webhook_on(path), (folder / "log").open("a", buffering=1)
    return build_app(
        Dependencies(
            webhook=webhook,
            ledger=Ledger.open(path, account=None, livemode=None, clock=now_seconds),
            catalog=real_wiring().catalog(),
            checkout=None,  # type: ignore[arg-type]
            frontend_url="http://localhost:3000",
            mode=Mode.TEST,
            log=lambda line: print(line, file=log),
        )
    )


def nothing() -> Any:
    """A FastAPI app whose one route reads the body and answers a constant."""
    app = FastAPI()

    @app.post(PATH)
    async def webhook(request: Request) -> dict[str, bool]:
        await request.body()
        return {"success": True, "received": True}

    return app


def main(kind: str, folder: Path) -> None:
    """Serves one of the two until it is stopped."""
    listener = bind("127.0.0.1", 0)
    app = backend(folder) if kind == "webhook" else nothing()
    port = listener.getsockname()[1]
    serve(app, listener, log=lambda line: None, on_ready=lambda: print(port, flush=True))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
