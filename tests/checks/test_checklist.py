"""Each item of the production checklist holds when it should, and only then."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from creditctl.checks.attest import attest
from creditctl.checks.checklist import ATTESTABLE, CHECKLIST
from creditctl.checks.probe import ProbeAnswer
from creditctl.checks.production.guide import RECEIPTS
from creditctl.cli.app import run
from creditctl.cli.wiring import Wiring
from creditctl.core.keys import Secret
from creditctl.ledger.store import Ledger
from tests.checks.conftest import CATALOG, Production, sold
from tests.support.ledger_calls import write
from tests.support.probed_backends import OLDER, Answering, always, verifying

TITLES = [
    "Switch to Stripe Live mode keys",
    "Update `STRIPE_SECRET_KEY` with live key",
    "Set up production webhook endpoint",
    "Update `STRIPE_WEBHOOK_SECRET` with production webhook secret",
    "Update `FRONTEND_URL` to production domain",
    "Test with real (small) payment",
    "Verify credits are added correctly",
    "Check transaction history",
    "Verify email receipts are sent by Stripe",
]


def test_the_items_are_the_guides_nine_in_its_words() -> None:
    assert [check.title for check in CHECKLIST][: len(TITLES)] == TITLES
    assert {check.id for check in CHECKLIST} >= ATTESTABLE


def test_in_order_everything_required_holds(production: Production) -> None:
    answers = production.ask(CHECKLIST)

    people = {check.name for check in CHECKLIST if check.group == "People"}
    assert {name for name, (status, _) in answers.items() if status == "person"} == people
    assert {name for name, (status, _) in answers.items() if status not in ("pass", "person")} == ADVISED
    assert "1,000 credits to user 7" in answers["credits_added"][1]
    assert "1234-5678" in answers["email_receipts"][1]
    assert "buyer@" not in str(answers)


ADVISED = {"statement", "public_details"}
"""What a bare account lacks, and nobody requires."""


def by_the_price(production: Production) -> None:
    """The session says nothing; its line item is a price of ours."""
    production.sessions[0].update(metadata={})
    production.line_items.append(sold())


BREAKS: list[tuple[str, Callable[[Production], object], str, str]] = [
    ("test key", lambda p: p.settings.update(STRIPE_SECRET_KEY="sk_test_" + "aB3" * 30), "live_keys", "fail"),
    ("test key", lambda p: p.settings.update(STRIPE_SECRET_KEY="sk_test_" + "aB3" * 30), "secret_key", "fail"),
    ("pk test", lambda p: p.frontend.update(NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY="pk_test_x123"), "live_keys", "fail"),
    ("balance says test", lambda p: p.balance.update(livemode=False), "live_keys", "fail"),
    ("inactive account", lambda p: p.account.update(charges_enabled=False), "account", "fail"),
    ("other account", lambda p: p.settings.update(STRIPE_ACCOUNT_ID="acct_other"), "live_keys", "unknown"),
    ("no pin", lambda p: p.settings.pop("STRIPE_ACCOUNT_ID"), "secret_key", "warn"),
    ("no backend url", lambda p: p.settings.pop("CREDITS_API_URL"), "webhook_endpoint", "fail"),
    ("http backend", lambda p: p.settings.update(CREDITS_API_URL="http://api.acme.io"), "webhook_endpoint", "fail"),
    ("no endpoint", lambda p: p.endpoints.clear(), "webhook_endpoint", "fail"),
    ("no endpoint", lambda p: p.endpoints.clear(), "webhook_secret", "fail"),
    ("other url", lambda p: p.endpoints[0].update(url="https://old.acme.io/hook"), "webhook_endpoint", "fail"),
    ("disabled", lambda p: p.endpoints[0].update(status="disabled"), "webhook_endpoint", "fail"),
    ("events", lambda p: p.endpoints[0].update(enabled_events=["charge.refunded"]), "webhook_endpoint", "fail"),
    ("star", lambda p: p.endpoints[0].update(enabled_events=["*"]), "webhook_endpoint", "warn"),
    ("surplus", lambda p: p.endpoints[0]["enabled_events"].append("plan.created"), "webhook_endpoint", "warn"),
    ("release", lambda p: p.endpoints[0].update(api_version="2024-06-20.basil"), "webhook_endpoint", "fail"),
    ("date", lambda p: p.endpoints[0].update(api_version="2026-09-30.endive"), "webhook_endpoint", "pass"),
    ("no version", lambda p: p.endpoints[0].update(api_version=None), "webhook_endpoint", "warn"),
    ("twice", lambda p: p.endpoints.append({**p.endpoints[0], "id": "we_2"}), "webhook_endpoint", "fail"),
    ("other secret", lambda p: p.endpoints[0].update(metadata={"secret_fingerprint": "0"}), "webhook_secret", "fail"),
    ("made by hand", lambda p: p.endpoints[0].update(metadata={}), "webhook_secret", "unknown"),
    ("no secret", lambda p: p.settings.pop("STRIPE_WEBHOOK_SECRET"), "webhook_secret", "fail"),
    ("bad secret", lambda p: p.settings.update(STRIPE_WEBHOOK_SECRET="whsec_..."), "webhook_secret", "fail"),
    ("no frontend", lambda p: p.settings.pop("FRONTEND_URL"), "frontend_url", "fail"),
    ("local frontend", lambda p: p.settings.update(FRONTEND_URL="https://localhost"), "frontend_url", "fail"),
    ("http frontend", lambda p: p.settings.update(FRONTEND_URL="http://shop.acme.io"), "frontend_url", "fail"),
    ("form", lambda p: p.settings.update(FRONTEND_URL="https://your-frontend-domain.com"), "frontend_url", "fail"),
    ("nobody", lambda p: setattr(p, "answer", ProbeAnswer(None, "refused")), "frontend_url", "fail"),
    ("broken page", lambda p: setattr(p, "answer", ProbeAnswer(502)), "frontend_url", "fail"),
    ("moved", lambda p: setattr(p, "answer", ProbeAnswer(301)), "frontend_url", "warn"),
    ("no payment", lambda p: p.sessions.clear(), "small_payment", "fail"),
    ("no payment", lambda p: p.sessions.clear(), "credits_added", "fail"),
    ("unpaid", lambda p: p.sessions[0].update(payment_status="unpaid"), "small_payment", "fail"),
    ("open", lambda p: p.sessions[0].update(status="open"), "small_payment", "fail"),
    ("free", lambda p: p.sessions[0].update(amount_total=0), "small_payment", "fail"),
    ("not ours", lambda p: p.sessions[0].update(metadata={}, payment_intent="pi_x"), "small_payment", "fail"),
    ("by the price", lambda p: by_the_price(p), "small_payment", "pass"),
    ("by the price", lambda p: by_the_price(p), "credits_added", "pass"),
    ("by the ledger only", lambda p: p.sessions[0].update(metadata={}), "small_payment", "fail"),
    ("larger", lambda p: p.sessions[0]["metadata"].update(package="basic"), "small_payment", "warn"),
    ("not credited", lambda p: setattr(p, "credited", None), "credits_added", "fail"),
    ("other credits", lambda p: setattr(p, "credited", 999), "credits_added", "fail"),
    ("no run", lambda p: setattr(p, "run_ok", None), "transaction_history", "fail"),
    ("dirty run", lambda p: setattr(p, "run_ok", False), "transaction_history", "fail"),
    ("run before", lambda p: setattr(p, "run_age", 9001), "transaction_history", "fail"),
    ("narrow run", lambda p: setattr(p, "run_since", "2026-12-01T00:00:00Z"), "transaction_history", "fail"),
    ("no receipt", lambda p: p.charges.clear(), "email_receipts", "person"),
]


@pytest.mark.parametrize(
    ("break_it", "item", "status"), [row[1:] for row in BREAKS], ids=[f"{r[0]}-{r[2]}" for r in BREAKS]
)
def test_what_is_broken_is_said(
    production: Production, break_it: Callable[[Production], object], item: str, status: str
) -> None:
    break_it(production)

    assert production.ask(CHECKLIST)[item][0] == status


def test_an_old_run_is_a_warning(production: Production) -> None:
    production.ask(CHECKLIST)
    production.now += 8 * 86_400

    assert production.ask(CHECKLIST)["transaction_history"][0] == "warn"


def test_the_second_endpoint_of_a_rotation_is_nobodys_fault(production: Production) -> None:
    first, new = production.endpoints[0], Secret("whsec_" + "theNewOneOfTwo")
    marks = {**first["metadata"], "rotation": "we_1", "secret_fingerprint": new.fingerprint}
    production.endpoints.append({**first, "id": "we_2", "metadata": marks})
    production.settings["STRIPE_WEBHOOK_SECRET"] = f"{new.reveal()},{production.settings['STRIPE_WEBHOOK_SECRET']}"

    answers = production.ask(CHECKLIST)

    assert (answers["webhook_endpoint"][0], answers["webhook_secret"][0]) == ("warn", "pass")


@pytest.mark.parametrize(
    "marks",
    [{"managed_by": "creditctl", "secret_state": "unproven"}, {"managed_by": "creditctl"}, {}],
    ids=["adopted", "unmarked", "by hand"],
)
def test_a_secret_that_was_never_proven_is_called_so(production: Production, marks: dict[str, str]) -> None:
    production.endpoints[0]["metadata"] = marks
    status, evidence = production.ask(CHECKLIST)["webhook_secret"]

    assert status == "unknown"
    assert ("is unproven" in evidence) == bool(marks)


def test_two_endpoints_with_one_fingerprint_prove_nothing(production: Production) -> None:
    production.endpoints.append({**production.endpoints[0], "id": "we_2", "url": "https://other.example.com/hook"})
    status, _ = production.ask(CHECKLIST)["webhook_secret"]

    assert status == "unknown"


def test_during_a_rotation_both_secrets_are_needed(production: Production) -> None:
    production.endpoints.append(
        {**production.endpoints[0], "id": "we_2", "metadata": {"secret_fingerprint": "ffff0000"}}
    )

    assert production.ask(CHECKLIST)["webhook_secret"][0] == "fail"


def test_the_ledger_of_another_account_is_not_read(production: Production) -> None:
    production.ask(CHECKLIST)
    del production.settings["STRIPE_ACCOUNT_ID"]
    production.account["id"] = "acct_other"

    status, evidence = production.ask(CHECKLIST)["transaction_history"]

    assert status == "unknown"
    assert "acct_" in evidence


def test_in_test_mode_nothing_counts_and_the_reason_is_said(production: Production) -> None:
    production.settings["STRIPE_SECRET_KEY"] = "sk_test_" + "aB3" * 30
    production.balance["livemode"] = False

    answers = production.ask(CHECKLIST)

    assert {status for status, _ in answers.values()} <= {"fail", "person", "unknown"}
    assert answers["webhook_endpoint"][1].startswith("This is test mode, where it holds: we_1 is enabled")


def test_an_attestation_holds_until_something_changes(production: Production) -> None:
    production.charges.clear()
    with ExitStack() as stack:
        attest(production.context(stack), RECEIPTS, by="Ada", evidence="saw it arrive", expires=production.now + 100)

    status, evidence = production.ask(CHECKLIST)["email_receipts"]
    assert status == "pass"
    assert "Ada" in evidence
    assert "saw it arrive" in evidence

    production.endpoints[0]["id"] = "we_new"
    assert production.ask(CHECKLIST)["email_receipts"][0] == "person"
    production.endpoints[0]["id"] = "we_1"
    assert production.ask(CHECKLIST)["email_receipts"][0] == "pass"
    production.now += 100
    assert production.ask(CHECKLIST)["email_receipts"][0] == "person"


def test_an_attestation_that_nobody_can_read_does_not_count(production: Production) -> None:
    production.charges.clear()
    production.keep_books()
    with Ledger.open(production.folder / "creditctl.db", account=None, livemode=None, clock=production.clock) as ledger:
        for statement in ("no JSON", json.dumps(["x"]), json.dumps({"configuration": "other"})):
            write(ledger).attest(RECEIPTS, "Ada", statement)

    assert production.ask(CHECKLIST)["email_receipts"][0] == "person"


def test_a_permission_that_is_lacking_is_unknown_and_named(production: Production) -> None:
    text = "Having the 'rak_webhook_read' permission would allow this request to continue."
    error = {"error": {"type": "invalid_request_error", "message": text}}
    production.refused["/v1/webhook_endpoints"] = (403, error)

    status, evidence = production.ask(CHECKLIST)["webhook_endpoint"]

    assert status == "unknown"
    assert "rak_webhook_read" in evidence


def run_checklist(production: Production, *arguments: str) -> tuple[int, str]:
    env = production.folder / ".env"
    (production.folder / "packages.toml").write_text(CATALOG)
    settings = {**production.settings, "CREDITCTL_CATALOG": "packages.toml"}
    env.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    env.chmod(0o600)
    production.keep_books()
    wiring = Wiring(
        environ={"NO_COLOR": "1"},
        folder=production.folder,
        stdin=io.StringIO(),
        stdout=io.StringIO(),
        stderr=io.StringIO(),
        clock=production.clock,
        transport=production.stripe,
        probe=lambda _: production.answer,
        deliver_probe=production.deliver_probe,
    )
    code = run(["checklist", *arguments], wiring)
    return code, wiring.stdout.getvalue()  # type: ignore[attr-defined]


def test_the_command_ends_with_0_once_a_person_has_attested_the_last_item(production: Production) -> None:
    production.charges.clear()
    code, shown = run_checklist(production)
    assert code == 1
    assert "Next:\n  1. Look in the Dashboard" in shown
    assert "creditctl checklist attest email_receipts --by NAME --evidence WHAT_YOU_SAW" in shown

    assert run_checklist(production, "attest", "email_receipts", "--by", "Ada", "--evidence", "it arrived")[0] == 0

    code, shown = run_checklist(production, "--mode", "live")
    assert code == 0
    assert "Ready (production). Next: creditctl reconcile, in cron." in shown
    document = json.loads(run_checklist(production, "--json")[1])
    assert (document["ok"], document["mode"], document["report"]["ready"]) == (True, "live", True)
    assert {finding["severity"] for finding in document["findings"]} == {"low"}
    assert production.settings["STRIPE_SECRET_KEY"] not in shown
    assert production.settings["STRIPE_WEBHOOK_SECRET"] not in shown


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"charges_enabled": False}, "fail"),
        ({"payouts_enabled": False}, "fail"),
        ({"requirements": {"currently_due": ["external_account"]}}, "warn"),
        ({"requirements": {"currently_due": []}}, "pass"),
    ],
)
def test_an_account_that_cannot_sell_is_not_ready(production: Production, change: dict[str, Any], status: str) -> None:
    production.account.update(change)

    assert production.ask(CHECKLIST)["account"][0] == status


@pytest.mark.parametrize("hook", [always(500), always(401, get=401), always(308), verifying(OLDER)])
def test_a_dead_backend_or_one_with_another_secret_is_not_ready(production: Production, hook: Answering) -> None:
    production.hook = hook

    assert production.ask(CHECKLIST)["backend_probe"][0] == "fail"


def test_a_backend_that_answers_everything_is_not_called_sound(production: Production) -> None:
    production.hook = always(200)

    assert production.ask(CHECKLIST)["backend_probe"][0] == "unknown"
