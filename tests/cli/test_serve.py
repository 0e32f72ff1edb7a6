"""`creditctl serve` as a process of its own: bought, paid, credited; killed, stopped, restarted."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from creditctl.core.keys import SECRET_PATTERN
from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from creditctl.emulator_client.checkout_payer import pay
from tests.support.keys import LIVE_KEY, TEST_KEY
from tests.support.serve_processes import DEADLINE_SECONDS, SECRET, Town, session_of, town
from tests.support.waiting import exit_of, wait_until

if TYPE_CHECKING:
    from tests.support.cli import Cli

__all__ = ["town"]


def test_bought_paid_delivered_credited(town: Town) -> None:
    endpoint = town.client.v1.webhook_endpoints.create(
        params={"url": "http://127.0.0.1:9/later", "enabled_events": ["*"]}
    )
    backend = town.serve(secret=str(endpoint.secret))
    town.client.v1.webhook_endpoints.update(endpoint.id, params={"url": backend.document["report"]["webhook_url"]})

    session_id = session_of(backend.purchase("user 1"))
    assert backend.get(f"/api/credits/session/{session_id}").json()["session"]["payment_status"] == "unpaid"
    assert "Not paid yet" in backend.get("/credits/success", session_id=session_id).text
    assert pay(town.client, session_id, "tok_visa").paid
    wait_until(lambda: backend.balance("user 1") == 1000, DEADLINE_SECONDS)

    session = backend.get(f"/api/credits/session/{session_id}").json()["session"]
    assert session["payment_status"] == "paid"
    assert session["amount_total"] == 1000
    assert session["metadata"]["user_id"] == "user 1"
    assert "1,000 credits" in backend.get("/credits/success", session_id=session_id).text
    (entry,) = backend.get("/api/credits/transactions", user_id="user 1").json()["transactions"]
    assert (entry["kind"], entry["credits"], entry["amount"]) == ("purchase", 1000, 1000)

    payment = entry["payment_key"]
    assert backend.stop() == 0
    lines = backend.log.splitlines()
    assert "INFO: Handling Stripe webhook event: checkout.session.completed" in lines
    assert f"INFO: Successfully added 1000 credits to user user 1 from Stripe payment {payment}" in lines
    assert any(f"POST /api/credits/purchase 200 created {session_id} for starter" in line for line in lines)
    assert any("POST /api/credits/webhook 200 posted evt_" in line for line in lines)
    assert not SECRET_PATTERN.search(backend.log)
    assert "@" not in backend.log
    assert backend.unread == ""


def test_twenty_deliveries_at_once_credit_once(town: Town) -> None:
    backend = town.serve()
    body = town.paid_event(session_of(backend.purchase()))
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: backend.deliver(body), range(20)))
    assert [answer.status for answer in answers] == [200] * 20
    assert backend.balance() == 1000
    outcomes = [outcome for (outcome,) in town.rows("SELECT outcome FROM deliveries")]
    assert sorted(outcomes) == ["exists"] * 19 + ["posted"]


def test_a_delivery_that_stripe_did_not_sign_is_refused(town: Town) -> None:
    backend = town.serve()
    body = town.paid_event(session_of(backend.purchase()))
    assert backend.deliver(body, "whsec_other0000000000").status == 400
    assert backend.deliver(body[:-1] + b" }").status == 200  # signed as it stands
    assert backend.balance() == 1000


def test_killed_before_it_could_write(town: Town) -> None:
    backend = town.serve()
    body = town.paid_event(session_of(backend.purchase()))
    with town.ledger_locked(), ThreadPoolExecutor(1) as pool:
        answer = backend.begin(pool, body)
        time.sleep(0.2)
        assert not answer.done()
        backend.stop(signal.SIGKILL)
        assert answer.result().status is None
    assert town.rows("SELECT * FROM credit_transactions") == []

    again = town.serve()
    assert again.deliver(body).status == 200
    assert again.deliver(body).status == 200
    assert again.balance() == 1000


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="fills a pipe by way of /proc")
def test_killed_after_it_had_written_and_before_it_answered(town: Town) -> None:
    """The log's pipe is full, so that the process stops between its commit and its answer."""
    read_end, write_end = os.pipe()
    backend = town.serve(stderr=write_end)
    body = town.paid_event(session_of(backend.purchase()))
    fill(write_end)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(backend.deliver, body)
        wait_until(lambda: town.rows("SELECT * FROM credit_transactions"), DEADLINE_SECONDS)
        time.sleep(0.2)
        assert not answer.done()
        backend.stop(signal.SIGKILL)
        assert answer.result().status is None
    os.close(read_end)
    os.close(write_end)

    again = town.serve()
    assert again.deliver(body).status == 200
    assert again.balance() == 1000
    assert len(town.rows("SELECT * FROM credit_transactions")) == 1


def fill(write_end: int) -> None:
    """Fills a pipe to the brim, by an opening of its own: the process at the other name of it must still block."""
    own = os.open(f"/proc/self/fd/{write_end}", os.O_WRONLY | os.O_NONBLOCK)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(own, b"x" * 4096)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(own, b"x")
    os.close(own)


def test_a_stop_finishes_what_was_begun(town: Town) -> None:
    backend = town.serve()
    body = town.paid_event(session_of(backend.purchase()))
    with ThreadPoolExecutor(1) as pool:
        with town.ledger_locked():
            answer = backend.begin(pool, body)
            backend.process.send_signal(signal.SIGTERM)
            wait_until(lambda: not backend.listens, DEADLINE_SECONDS)
            assert not answer.done()
        assert answer.result().status == 200
    assert exit_of(backend.process, DEADLINE_SECONDS) == 0
    assert town.rows("SELECT credits FROM credit_transactions") == [(1000,)]


def test_ctrl_c_ends_with_130_and_one_document(town: Town) -> None:
    backend = town.serve()
    assert backend.document["ok"] is True
    assert backend.document["schema"] == "creditctl.serve.v1"
    assert backend.document["mode"] == "emulator"
    assert backend.stop(signal.SIGINT) == 130
    assert backend.unread == ""
    assert backend.log.splitlines()[-1] == "Stopped."
    assert "Traceback" not in backend.log


GOOD = {"STRIPE_WEBHOOK_SECRET": SECRET, "FRONTEND_URL": "http://127.0.0.1:3000"}


def refused(cli: Cli, code: str, *arguments: str, exit_code: int = 3) -> dict[str, Any]:
    outcome = cli("serve", "--json", *arguments)
    assert outcome.exit_code == exit_code
    assert outcome.document["error"]["code"] == code
    assert outcome.document["error"]["fix"]
    error: dict[str, Any] = outcome.document["error"]
    return error


class TestRefusals:
    @pytest.mark.parametrize("missing", ["STRIPE_WEBHOOK_SECRET", "FRONTEND_URL", "STRIPE_SECRET_KEY"])
    def test_a_missing_setting(self, cli: Cli, missing: str) -> None:
        cli.environ.update(GOOD)
        del cli.environ[missing]
        assert missing in refused(cli, "env.missing")["message"]

    @pytest.mark.parametrize("url", ["localhost:3000", "ftp://a.example", "http://", "http://[", "/credits"])
    def test_a_frontend_that_nobody_can_be_sent_to(self, cli: Cli, url: str) -> None:
        cli.environ.update(GOOD, FRONTEND_URL=url)
        refused(cli, "env.frontend_url")

    def test_a_malformed_signing_secret(self, cli: Cli) -> None:
        cli.environ.update(GOOD, STRIPE_WEBHOOK_SECRET="secret")
        refused(cli, "env.webhook_secret")

    def test_a_port_in_use(self, cli: Cli) -> None:
        from creditctl.backend.server import bind

        cli.environ.update(GOOD)
        with bind("127.0.0.1", 0) as taken:
            port = str(taken.getsockname()[1])
            assert port in refused(cli, "serve.port_in_use", "--port", port)["message"]

    def test_another_mode_than_expected(self, cli: Cli) -> None:
        cli.environ.update(GOOD)
        refused(cli, "guard.mode", "--mode", "test")

    def test_an_unreachable_stripe(self, offline_cli: Cli) -> None:
        offline_cli.environ.update(GOOD, STRIPE_SECRET_KEY=TEST_KEY, STRIPE_API_BASE="http://127.0.0.1:9")
        refused(offline_cli, "stripe.unreachable", "--port", "0", exit_code=5)

    def test_an_unwritable_ledger(self, cli: Cli) -> None:
        cli.environ.update(GOOD, CREDITCTL_LEDGER=str(cli.folder))
        refused(cli, "ledger.not_a_ledger", "--port", "0", exit_code=6)

    def test_another_accounts_ledger(self, cli: Cli) -> None:
        from creditctl.ledger.store import Ledger

        path = cli.folder / "other.db"
        Ledger.open(path, account="acct_other", livemode=False, clock=cli.clock).close()
        cli.environ.update(GOOD, CREDITCTL_LEDGER=str(path))
        assert cli("serve", "--port", "0").exit_code == 3

    def test_live_mode_has_to_be_said_and_confirmed(self, cli: Cli) -> None:
        cli.environ.update(GOOD, STRIPE_SECRET_KEY=LIVE_KEY)
        del cli.environ["STRIPE_API_BASE"]
        with contextlib.closing(Emulator(clock=cli.clock, livemode=True)) as live:
            cli.transport = lambda: EmulatorHTTPClient(live)
            refused(cli, "guard.live_mode", "--port", "0")
            refused(cli, "guard.confirm", "--port", "0", "--mode", "live")
            refused(cli, "guard.confirm", "--port", "0", "--mode", "live", "--confirm", "acct_other")

    def test_a_users_word_is_not_taken_from_other_machines(self, cli: Cli) -> None:
        cli.environ.update(GOOD, STRIPE_SECRET_KEY=LIVE_KEY)
        del cli.environ["STRIPE_API_BASE"]
        refused(cli, "guard.trust_user_header", "--host", "0.0.0.0", "--trust-user-header", "--mode", "live")


def test_the_conversation_says_where_and_what_next(town: Town) -> None:
    backend = town.serve()
    backend.stop()
    for words in (backend.url, "/credits", "/api/credits/webhook", "creditctl events listen", "emulator mode"):
        assert words in backend.log
