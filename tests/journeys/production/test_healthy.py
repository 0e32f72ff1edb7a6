"""Healthy productions of other styles: the doctor finds nothing wrong, and the checklist what is there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.journeys.production.backend import HOOK, Asked
from tests.journeys.production.plants import settings
from tests.journeys.production.world import Production, ill

HEALTHY: dict[str, Callable[[Production], object]] = {
    "no storefront page without a session": lambda p: without_session(p),
    "a success page of another path": lambda p: other_page(p, "/thanks"),
    "a storefront below a path": lambda p: below_a_path(p),
    "the frontend named with a slash": lambda p: settings(FRONTEND_URL=p.backend.url + "/")(p),
    "the frontend named as localhost": lambda p: settings(FRONTEND_URL=p.backend.url.replace("127.0.0.1", "localhost"))(
        p
    ),
    "a price of something else in the settings": lambda p: other_price(p),
    "a payment that waits for the bank": lambda p: p.buy("8", token="tok_visa"),
    "another application on the account": lambda p: p.buy(
        "9",
        metadata={},
        client_reference_id=None,
        payment_intent_data=None,
        success_url="https://shop.example.com/thanks",
        cancel_url="https://shop.example.com/",
    ),
    "an endpoint of another application": lambda p: p.client.v1.webhook_endpoints.create(
        {"url": "https://crm.example.com/stripe", "enabled_events": ["charge.refunded"]}
    ),
}


def without_session(production: Production) -> None:
    """The success page says 404 of a session that it does not know, in words of its own."""

    def habit(asked: Asked) -> tuple[int, str] | None:
        return (404, "There is no such payment.") if asked.path.startswith("/credits/success") else None

    production.backend.habit = habit


def stumbling(production: Production) -> None:
    """The success page fails for a session that Stripe does not know."""

    def habit(asked: Asked) -> tuple[int, str] | None:
        return (500, "No such checkout.session") if "session_id=cs_creditctl" in asked.path else None

    production.backend.habit = habit


HEALTHY["a success page that stumbles over an unknown session"] = stumbling


def other_page(production: Production, path: str) -> None:
    production.backend.pages = {"/", path}
    home = production.backend.url
    production.buy("8", success_url=f"{home}{path}?s={{CHECKOUT_SESSION_ID}}", cancel_url=home)


def below_a_path(production: Production) -> None:
    production.backend.pages = {"/app", "/app/credits/success"}
    home = f"{production.backend.url}/app"
    settings(FRONTEND_URL=home)(production)
    production.buy("8", success_url=f"{home}/credits/success?session_id={{CHECKOUT_SESSION_ID}}", cancel_url=home)


def other_price(production: Production) -> None:
    made = production.client.v1.products.create({"name": "A course"})
    price = production.client.v1.prices.create({"product": made.id, "currency": "usd", "unit_amount": 9900})
    settings(STRIPE_COURSE_PRICE=price.id)(production)


@pytest.mark.parametrize("name", HEALTHY)
def test_nothing_is_wrong(production: Production, name: str) -> None:
    HEALTHY[name](production)

    found = production.doctor()

    assert (ill(found), found.exit_code) == (set(), 0), [
        check for check in found.report["checks"] if check["status"] not in ("pass", "warn")
    ]
    missing = {item.partition(".")[2] for item in production.checklist().report["missing"]}
    assert missing <= {"transaction_history", "reconcile_cron"}, "nothing was reconciled yet"


def test_a_queue_that_answers_first_is_sound_once_it_is_declared(production: Production) -> None:
    def queue(asked: Asked) -> tuple[int, str] | None:
        return (202, "queued") if asked.path == HOOK and asked.method == "POST" else None

    production.backend.habit = queue
    assert ill(production.doctor()) == {"verification"}

    said = production.cli("checklist", "attest", "backend_probe", "--by", "Ada", "--evidence", "simulate passed")

    assert said.exit_code == 0
    assert ill(production.doctor()) == set()
    assert "backend_probe" not in ill(production.checklist())
