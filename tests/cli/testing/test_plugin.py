"""The pytest plugin, in runs of pytest of its own: the fixture, the scenarios as items, xdist, and what it costs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.support.ports import free_port

pytest_plugins = ("pytester",)

ROOT = Path(__file__).resolve().parents[3]

SHOP = '''
import pytest
import stripe


class Shop:
    """An application in the process: it sells with the official library, and gives credits for signed webhooks."""

    def __init__(self, local):
        self.local, self.credits, self.refunded = local, 0, []

    def sell(self, **more):
        client = stripe.StripeClient(self.local.key, base_addresses={"api": self.local.url})
        price = {"currency": "usd", "unit_amount": 500, "product_data": {"name": "Credits"}}
        return client.v1.checkout.sessions.create(
            params={"mode": "payment", "line_items": [{"price_data": price, "quantity": 1}],
                    "success_url": "http://localhost/", **more})

    def webhook(self, body, headers):
        event = stripe.Webhook.construct_event(body, headers["Stripe-Signature"], self.local.secret)
        if event["type"] == "checkout.session.completed":
            self.credits += 5
        if event["type"] == "refund.created":
            self.refunded.append(event["data"]["object"]["amount"])
        return 200


@pytest.fixture
def shop(creditctl_stripe):
    return Shop(creditctl_stripe)
'''

FIXTURE_TESTS = """
import http.server
import threading
import time


def test_a_purchase_is_paid_delivered_and_refunded(creditctl_stripe, shop):
    session = shop.sell()
    attempt = creditctl_stripe.pay(session)
    assert attempt.paid
    assert all(each.accepted for each in creditctl_stripe.deliver(shop.webhook))
    assert shop.credits == 5
    creditctl_stripe.refund(session.id, 200)
    creditctl_stripe.refund(attempt.session["payment_intent"])
    delivered = creditctl_stripe.deliver(shop.webhook)
    assert shop.refunded == [200, 300]
    assert "checkout.session.completed" not in {each.event["type"] for each in delivered}
    assert creditctl_stripe.deliver(shop.webhook) == []
    assert len(creditctl_stripe.deliver(shop.webhook, type="checkout.session.completed", times=3, again=True)) == 3


def test_a_decline_is_an_answer(creditctl_stripe, shop):
    attempt = creditctl_stripe.pay(shop.sell().url, "insufficient-funds")
    assert not attempt.paid
    assert attempt.decline == "insufficient_funds"


def test_a_dispute_is_opened_and_lost(creditctl_stripe, shop):
    session = shop.sell()
    creditctl_stripe.pay(session.url)
    assert creditctl_stripe.dispute(session, amount=100)["amount"] == 100
    lost = shop.sell()
    creditctl_stripe.pay(lost)
    assert creditctl_stripe.dispute(lost, status="lost")["status"] == "lost"


def test_time_passes(creditctl_stripe, shop):
    shop.sell(expires_at=int(time.time()) + 3600)
    creditctl_stripe.advance(4000)
    assert "checkout.session.expired" in [event["type"] for event in creditctl_stripe.events()]


def test_accounts_are_apart(creditctl_stripe, shop):
    assert creditctl_stripe.events() == []


def test_a_running_server_is_delivered_to(creditctl_stripe, shop):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(shop.webhook(body, self.headers))
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/webhook"
        creditctl_stripe.listen(url)
        creditctl_stripe.pay(shop.sell())
        for _ in range(6000):
            if shop.credits:
                break
            time.sleep(0.02)
        assert shop.credits == 5
        creditctl_stripe.deliver(url, type="checkout.session.completed")
        assert shop.credits == 10
        server.shutdown()


def test_environment_and_repr(creditctl_stripe):
    assert creditctl_stripe.environ["STRIPE_API_BASE"] == creditctl_stripe.url
    assert creditctl_stripe.environ["STRIPE_WEBHOOK_SECRET"].startswith("whsec_")
    assert creditctl_stripe.secret not in repr(creditctl_stripe)
    assert creditctl_stripe.deliver("http://127.0.0.1:9/nobody") == []
"""


def run(pytester: pytest.Pytester, *arguments: str | os.PathLike[str]) -> pytest.RunResult:
    return pytester.runpytest_subprocess("-p", "no:schemathesis", *arguments)


@pytest.fixture
def shop_tests(pytester: pytest.Pytester) -> pytest.Pytester:
    """A suite that tests a shop with the fixture."""
    pytester.makeconftest(SHOP)
    pytester.makepyfile(test_shop=FIXTURE_TESTS)
    return pytester


def test_the_fixture_buys_refunds_disputes_delivers_and_lets_time_pass(shop_tests: pytest.Pytester) -> None:
    run(shop_tests).assert_outcomes(passed=7)


def test_the_fixture_is_safe_with_xdist(shop_tests: pytest.Pytester) -> None:
    run(shop_tests, "-n", "2").assert_outcomes(passed=7)


def test_who_does_not_use_it_pays_nothing(pytester: pytest.Pytester) -> None:
    pytester.makefile(".toml", creditctl="")
    pytester.makepyfile(
        """
        import sys

        def test_only_the_plugin_itself_is_imported():
            ours = {name for name in sys.modules if name.startswith("creditctl.")}
            assert ours <= {"creditctl.cli", "creditctl.cli.testing", "creditctl.cli.testing.plugin"}
            assert "stripe" not in sys.modules
        """
    )
    run(pytester).assert_outcomes(passed=1)


def test_each_scenario_is_an_item_and_what_is_not_declared_a_skip(pytester: pytest.Pytester) -> None:
    path = pytester.makefile(".toml", creditctl="")

    listed = run(pytester, path, "--collect-only", "-q")
    played = run(pytester, path, "-rs", "-k", "success or spend or signature-forged")
    strict = run(pytester, f"{path}::spend", "--creditctl-strict")

    assert "creditctl.toml::refund-after-coupon" in listed.stdout.str()
    assert set(played.parseoutcomes()) == {"passed", "skipped", "deselected"}
    played.stdout.fnmatch_lines(["*no way to spend credits is declared*"])
    strict.assert_outcomes(failed=1)


def declared(name: str, database: Path, ready: str) -> str:
    """A creditctl.toml for a zoo backend in a process of its own."""
    start = f"exec {sys.executable} -m tests.simulation.zoo {name} {database}"
    return f"[simulate]\nstart = {start!r}\nready = {ready!r}\n"


def test_a_defect_fails_its_item_with_cause_and_mend(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    ready = "http://127.0.0.1:{port}/api/credits/balance?user_id=x"
    path = pytester.makefile(".toml", creditctl=declared("no-signature", pytester.path / "zoo.db", ready))

    outcome = run(pytester, path, "-n", "2", "-k", "signature-forged or success or canceled")

    assert set(outcome.parseoutcomes()) == {"passed", "failed"}
    outcome.stdout.fnmatch_lines(["*signature_not_checked*", "Mend: *"])
    assert "Traceback" not in outcome.stdout.str()


def test_workers_do_not_fight_over_one_port(pytester: pytest.Pytester) -> None:
    ready = f"http://127.0.0.1:{free_port()}/health"
    path = pytester.makefile(".toml", creditctl=declared("plain", pytester.path / "zoo.db", ready))

    outcome = run(pytester, path, "-n", "2", "-k", "success")

    assert "passed" not in outcome.parseoutcomes()
    outcome.stdout.fnmatch_lines(["*{port}*"])
