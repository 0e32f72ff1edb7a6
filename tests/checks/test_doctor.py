"""The doctor finds the cause behind each of the guide's four problems, and nothing where all is well."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import httpx
import pytest

from creditctl.checks.doctor import DOCTOR_CHECKS
from creditctl.checks.probe import ProbeAnswer
from creditctl.checks.stripe_answers import RECENT_SECONDS
from creditctl.core.entitlement.settlement import Purchase
from creditctl.core.findings import Finding, Severity
from creditctl.core.keys import Secret
from creditctl.core.limits import GRACE_SECONDS
from creditctl.ledger.models import Delivery
from creditctl.ledger.store import Ledger
from creditctl.payments.latest import MOST_ASKED
from creditctl.provisioning.probing.inert_event import REFUSED_DIGESTS
from tests.checks.conftest import Production, sold
from tests.support.clock import NOW
from tests.support.probed_backends import OLDER, always, reparsed, verifying

ALL = list(DOCTOR_CHECKS)
PROBLEMS = [
    "Webhook not receiving events",
    "Payment succeeds but credits not added",
    '"Invalid signature" error',
    "Redirects not working",
]


def ours(production: Production) -> Secret:
    return Secret(production.settings["STRIPE_WEBHOOK_SECRET"])


def any_signature_will_do(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200 if "Stripe-Signature" in request.headers else 400)


def books(production: Production) -> Ledger:
    production.keep_books()
    path = production.folder / "creditctl.db"
    return Ledger.open(path, account=None, livemode=None, clock=production.clock)


def deliver(production: Production, **facts: Any) -> None:
    with books(production) as ledger, ledger.transaction() as transaction:
        transaction.add_delivery(Delivery(**facts))


def find(production: Production) -> None:
    with books(production) as ledger, ledger.transaction() as transaction:
        transaction.add_finding(Finding("amount", Severity.HIGH, "pi_9", "Another amount.", "ledger resolve {id}"))


def tamper(production: Production) -> None:
    import sqlite3

    production.keep_books()
    connection = sqlite3.connect(production.folder / "creditctl.db")
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
    for name in names:
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("UPDATE credit_transactions SET credits = 9")
    connection.commit()
    connection.close()


def test_the_problems_are_the_guides_in_its_words() -> None:
    assert list(dict.fromkeys(check.group for check in DOCTOR_CHECKS)) == PROBLEMS


def test_where_all_is_well_nothing_is_found(production: Production) -> None:
    answers = production.ask(ALL)

    assert {name: status for name, (status, _) in answers.items() if status != "pass"} == {}


CAUSES: list[tuple[str, Callable[[Production], object], str, str]] = [
    ("endpoint gone", lambda p: p.endpoints.clear(), "endpoint", "fail"),
    ("endpoint disabled", lambda p: p.endpoints[0].update(status="disabled"), "endpoint", "fail"),
    ("backend broken", lambda p: setattr(p, "hook", always(500)), "backend", "fail"),
    ("backend moved", lambda p: setattr(p, "hook", always(308, location="https://x.acme.io/")), "backend", "fail"),
    ("login before it", lambda p: setattr(p, "hook", always(401, get=401)), "backend", "fail"),
    ("wrong path", lambda p: setattr(p, "hook", always(404)), "backend", "fail"),
    ("all is accepted", lambda p: setattr(p, "hook", always(200)), "verification", "unknown"),
    ("all signatures", lambda p: setattr(p, "hook", any_signature_will_do), "verification", "fail"),
    ("replays", lambda p: setattr(p, "hook", verifying(ours(p), tolerance_seconds=None)), "verification", "fail"),
    ("reparsed", lambda p: setattr(p, "hook", verifying(ours(p), read=reparsed)), "verification", "fail"),
    ("backend's secret", lambda p: setattr(p, "hook", verifying(OLDER)), "secret", "fail"),
    ("backend's clock", lambda p: setattr(p, "hook", verifying(ours(p), clock=NOW + 3600)), "clock", "fail"),
    ("no backend url", lambda p: p.settings.pop("CREDITS_API_URL"), "backend", "unknown"),
    ("undelivered", lambda p: p.events.append({"id": "evt_1", "created": p.now - 5000}), "undelivered", "fail"),
    ("not credited", lambda p: setattr(p, "credited", None), "credited", "fail"),
    ("failed", lambda p: deliver(p, outcome="failed", event_id="evt_1", reason="disk full"), "failures", "warn"),
    ("open finding", find, "open_findings", "fail"),
    ("tampered", tamper, "ledger", "fail"),
    ("other secret", lambda p: p.endpoints[0].update(metadata={"secret_fingerprint": "0"}), "secret", "fail"),
    ("space", lambda p: p.settings.update(STRIPE_WEBHOOK_SECRET="whsec_abcdefgh \n"), "secret_clean", "fail"),
    ("hidden", lambda p: p.settings.update(STRIPE_WEBHOOK_SECRET="whsec_abcd\u200befgh"), "secret_clean", "fail"),
    ("thin", lambda p: deliver(p, outcome="ignored", reason="a thin event"), "payload", "fail"),
    ("forged", lambda p: deliver(p, outcome="bad_signature", verified=False, reason="x"), "signatures", "warn"),
    ("clock late", lambda p: p.headers.update(date=formatdate(p.now + 301)), "clock", "fail"),
    ("clock early", lambda p: p.headers.update(date=formatdate(p.now - 61)), "clock", "warn"),
    ("clock right", lambda p: p.headers.update(date=formatdate(p.now - 1)), "clock", "pass"),
    ("no frontend", lambda p: p.settings.pop("FRONTEND_URL"), "frontend", "fail"),
    ("http frontend", lambda p: p.settings.update(FRONTEND_URL="http://shop.acme.io"), "frontend", "fail"),
    ("other host", lambda p: p.sessions[0].update(success_url="http://localhost:3000/x"), "redirects", "fail"),
]


@pytest.mark.parametrize(("cause", "check", "status"), [row[1:] for row in CAUSES], ids=[row[0] for row in CAUSES])
def test_a_cause_is_found(
    production: Production, cause: Callable[[Production], object], check: str, status: str
) -> None:
    cause(production)

    assert production.ask(ALL)[check][0] == status


def test_an_open_finding_about_a_payment_that_stands_as_it_should_can_be_dismissed(production: Production) -> None:
    with books(production) as ledger, ledger.transaction() as tx:
        (entry,) = tx.entries()
        key = str(entry.payment_key)
        tx.add_finding(Finding("fulfilment.quantity", Severity.HIGH, key, "Two.", "?"), payment_key=key)

    status, evidence = production.ask(ALL)["open_findings"]

    assert (status, evidence.partition(":")[0]) == ("warn", "1 finding in the ledger can be dismissed")


def test_only_events_are_asked_for_that_should_have_arrived(production: Production) -> None:
    production.ask(ALL)

    asked = [request.url for stripe in production.asked for request in stripe.requests if "/v1/events" in request.url]
    (url,) = [url for url in asked if "delivery_success=false" in url]
    assert str(production.now - RECENT_SECONDS) in url


def test_a_payment_of_this_minute_is_still_on_its_way(production: Production) -> None:
    production.credited = None
    production.sessions[0]["created"] = production.now - GRACE_SECONDS + 1

    status, evidence = production.ask(ALL)["credited"]

    assert status == "pass"
    assert evidence.startswith("No payment is old enough yet to be missed: of the latest 1 finished Checkout session,")


def test_nothing_to_credit_is_a_pass_that_says_what_was_looked_at(production: Production) -> None:
    production.sessions.clear()
    production.credited = None

    status, evidence = production.ask(ALL)["credited"]

    assert (status, evidence) == (
        "pass",
        "Stripe lists no finished Checkout session, and the ledger no payment: nothing is owed.",
    )


def test_a_paid_session_without_metadata_is_ours_by_its_price_and_missed(production: Production) -> None:
    """The application opened it itself; the webhook was lost, and hours have passed."""
    production.credited = None
    production.sessions[0]["metadata"] = {}
    production.line_items.append(sold())

    status, evidence = production.ask(ALL)["credited"]

    assert status == "fail"
    assert "pi_small (missing_credit)" in evidence


def test_a_refund_that_took_nothing_back_is_named(production: Production) -> None:
    refund = {"id": "re_1", "object": "refund", "amount": 400, "currency": "usd", "status": "succeeded"}
    production.refunds.append(
        {**refund, "payment_intent": "pi_small", "charge": "ch_1", "created": production.now - 5000}
    )
    production.keep_books()
    production.now += 1

    status, evidence = production.ask(ALL)["credited"]

    assert status == "fail"
    assert "re_1 (refund_not_taken)" in evidence


def test_what_cannot_be_understood_is_no_pass(production: Production) -> None:
    del production.sessions[0]["amount_subtotal"]

    status, evidence = production.ask(ALL)["credited"]

    assert status == "fail"
    assert "cs_live_a1 (amount_subtotal of a Stripe object is not a whole number)" in evidence


def test_credits_that_only_the_ledger_names_are_asked_for(production: Production) -> None:
    production.sessions.clear()
    production.missing = ["/v1/payment_intents/pi_small"]
    production.keep_books()
    production.now += 1  # what is written in the second of the reading is nobody's yet

    status, evidence = production.ask(ALL)["credited"]

    assert status == "fail"
    assert "1 payment that none of them names" in evidence
    assert "pi_small (orphan_credit)" in evidence


def test_what_failed_long_ago_is_no_cause_any_more(production: Production) -> None:
    deliver(production, outcome="failed", event_id="evt_1", reason="disk full")
    production.now += RECENT_SECONDS + 1

    assert production.ask(ALL)["failures"][0] == "pass"


def test_in_test_mode_a_local_backend_and_a_sleeping_storefront_are_warnings(production: Production) -> None:
    production.settings.update(STRIPE_SECRET_KEY="sk_test_" + "aB3" * 30, CREDITS_API_URL="http://localhost:8000")
    production.settings.update(FRONTEND_URL="http://localhost:3000")
    production.answer, production.hook = ProbeAnswer(None, "refused"), always(502)

    answers = production.ask(ALL)

    assert (answers["endpoint"][0], answers["frontend"][0], answers["backend"][0]) == ("warn", "warn", "fail")


def test_payments_that_were_too_many_to_look_at_are_counted(production: Production) -> None:
    keys = [f"pi_unknown{number}" for number in range(MOST_ASKED + 2)]
    production.missing += [f"/v1/payment_intents/{key}" for key in keys]
    with books(production) as ledger, ledger.transaction() as transaction:
        for key in keys:
            purchase = Purchase("7", 1000, 1000, "usd", key, None, "starter", production.now)
            transaction.post(purchase.draft())
    production.now += 1

    status, evidence = production.ask(ALL)["credited"]

    assert status == "fail"
    assert f"and {MOST_ASKED} payments that none of them names (2 more were not looked at)" in evidence


def test_with_a_dead_backend_it_alone_and_its_consequences_do_not_hold(production: Production) -> None:
    production.hook = always(502)

    answers = production.ask(ALL)

    assert {name: status for name, (status, _) in answers.items() if status not in ("pass", "warn")} == {
        "backend": "fail",
        "verification": "unknown",
    }


@pytest.mark.parametrize("livemode_digest", sorted(REFUSED_DIGESTS))
def test_the_probes_own_deliveries_are_no_attack(production: Production, livemode_digest: str) -> None:
    deliver(production, outcome="bad_signature", verified=False, reason="x", digest=livemode_digest)

    assert production.ask(ALL)["signatures"][0] == "pass"


def test_young_undelivered_events_are_counted_and_said(production: Production) -> None:
    production.events += [{"id": "evt_1", "created": NOW - 10}, {"id": "evt_2", "created": NOW - 20}]

    status, evidence = production.ask(ALL)["undelivered"]

    assert (status, "2 younger ones" in evidence) == ("pass", True)


def test_every_check_that_names_a_consequence_is_marked_so() -> None:
    assert {check.id.partition(".")[2] for check in ALL if check.symptom} == {
        "undelivered",
        "credited",
        "failures",
        "open_findings",
        "signatures",
    }
