"""`creditctl emulator …`: a running emulator steered from the shell, over real HTTP on loopback."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import stripe

from creditctl.core.errors import ExitCode
from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.server import EmulatorServer
from tests.support.waiting import Deadline

KEY = "sk_test_emulator0000000000"
START = 1_790_000_000
GOOD, DECLINED, SHORT_OF_MONEY, CHALLENGE = (
    "4242424242424242",
    "4000000000000002",
    "4000000000009995",
    "4000000000003220",
)


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Emulator, EmulatorServer]]:
    """One emulator on a loopback port; each test finds it empty."""
    emulator = Emulator(clock=lambda: START)
    with EmulatorServer(emulator) as running:
        yield emulator, running
    emulator.close()


@pytest.fixture
def server(served: tuple[Emulator, EmulatorServer]) -> EmulatorServer:
    served[0].reset()
    return served[1]


@pytest.fixture
def cli(offline_cli: Any, server: EmulatorServer) -> Any:
    offline_cli.environ |= {"STRIPE_SECRET_KEY": KEY, "STRIPE_API_BASE": server.url}
    return offline_cli


@pytest.fixture
def client(server: EmulatorServer) -> Any:
    bases: Any = dict.fromkeys(("api", "connect", "files", "meter_events"), server.url)
    return stripe.StripeClient(KEY, base_addresses=bases, max_network_retries=0).v1


@pytest.fixture
def session(client: Any) -> Callable[[], str]:
    """Makes an open session over $10.00 and answers its id."""

    def make() -> str:
        data = {"currency": "usd", "unit_amount": 1000, "product_data": {"name": "Starter"}}
        made: str = client.checkout.sessions.create(
            params={
                "mode": "payment",
                "success_url": "http://127.0.0.1:3000/done",
                "client_reference_id": "user_1",
                "line_items": [{"price_data": data, "quantity": 1}],
            }
        ).id
        return made

    return make


def test_pay_finishes_a_session_that_exists(cli: Any, client: Any, session: Callable[[], str]) -> None:
    made = session()

    outcome = cli("emulator", "pay", made, "--card", "4242 4242 4242 4242", "--email", "a@example.com", "--json")

    assert outcome.exit_code == ExitCode.OK
    assert outcome.document["schema"] == "creditctl.emulator.pay.v1"
    assert outcome.document["mode"] == "emulator"
    assert (outcome.report["status"], outcome.report["payment_status"]) == ("complete", "paid")
    assert outcome.report["client_reference_id"] == "user_1"
    held = client.checkout.sessions.retrieve(made)
    assert (held.status, held.payment_intent) == ("complete", outcome.report["payment_intent"])
    assert held.customer_details.email == "a@example.com"


@pytest.mark.parametrize(
    ("card", "code"), [(DECLINED, "generic_decline"), (SHORT_OF_MONEY, "insufficient_funds"), ("1234", None)]
)
def test_a_card_that_is_refused_is_exit_4_and_the_session_stays_open(
    cli: Any, client: Any, session: Callable[[], str], card: str, code: str | None
) -> None:
    made = session()

    outcome = cli("emulator", "pay", made, "--card", card, "--json")

    assert outcome.exit_code == ExitCode.STRIPE_REFUSED
    assert outcome.document["error"]["code"] == f"stripe.{code or 'incorrect_number'}"
    assert "emulator cards" in outcome.document["error"]["fix"]
    assert client.checkout.sessions.retrieve(made).status == "open"


def test_a_decline_on_purpose_is_no_failure(cli: Any, session: Callable[[], str]) -> None:
    made = session()

    outcome = cli("emulator", "decline", made, "--card", SHORT_OF_MONEY)

    assert outcome.exit_code == ExitCode.OK
    assert "Declined (insufficient_funds)" in outcome.stdout
    assert f"creditctl emulator pay {made}" in outcome.stdout
    assert cli("emulator", "decline", made, "--card", GOOD).exit_code == ExitCode.STRIPE_REFUSED


@pytest.mark.parametrize(
    ("extra", "status", "payment_status"), [([], "complete", "paid"), (["--fail"], "open", "unpaid")]
)
def test_a_3ds_card_waits_until_the_challenge_is_answered(
    cli: Any, session: Callable[[], str], extra: list[str], status: str, payment_status: str
) -> None:
    made = session()

    waiting = cli("emulator", "pay", made, "--card", CHALLENGE, "--json")
    answered = cli("emulator", "authenticate", made, *extra, "--json")

    assert (waiting.exit_code, waiting.report["status"], waiting.report["needs_authentication"]) == (0, "open", True)
    assert answered.exit_code == ExitCode.OK
    assert (answered.report["status"], answered.report["payment_status"]) == (status, payment_status)
    assert answered.report["needs_authentication"] is False


def test_what_a_3ds_card_needs_next_is_said(cli: Any, session: Callable[[], str]) -> None:
    made = session()

    shown = cli("emulator", "pay", made, "--card", CHALLENGE).stdout

    assert "nothing is paid yet" in shown
    assert f"creditctl emulator authenticate {made}" in shown


def test_a_payment_intent_without_a_session_is_authenticated_too(cli: Any, client: Any) -> None:
    intent = client.payment_intents.create(
        params={
            "amount": 500,
            "currency": "usd",
            "confirm": True,
            "payment_method": "pm_card_authenticationRequired",
            "return_url": "http://127.0.0.1:3000/back",
        }
    )
    assert intent.status == "requires_action"

    assert cli("emulator", "authenticate", intent.id, "--json").report["status"] == "succeeded"


def test_expire(cli: Any, client: Any, session: Callable[[], str]) -> None:
    made = session()

    assert "is expired" in cli("emulator", "expire", made).stdout
    assert client.checkout.sessions.retrieve(made).status == "expired"
    assert cli("emulator", "pay", made).exit_code == ExitCode.STRIPE_REFUSED


@pytest.mark.parametrize("name", ["session", "payment_intent", "charge"])
def test_a_refund_takes_any_name_of_a_payment(cli: Any, client: Any, session: Callable[[], str], name: str) -> None:
    made = session()
    intent = cli("emulator", "pay", made, "--json").report["payment_intent"]
    charge = client.payment_intents.retrieve(intent).latest_charge
    target = {"session": made, "payment_intent": intent, "charge": charge}[name]

    part = cli("emulator", "refund", target, "--amount", "300", "--reason", "requested_by_customer", "--json")
    rest = cli("emulator", "refund", target, "--json")
    over = cli("emulator", "refund", target, "--json")

    assert (part.report["amount"], part.report["reason"], part.report["status"]) == (
        300,
        "requested_by_customer",
        "succeeded",
    )
    assert rest.report["amount"] == 700
    assert over.exit_code == ExitCode.STRIPE_REFUSED
    assert client.charges.retrieve(charge).amount_refunded == 1000


def test_a_refund_that_the_bank_returns(cli: Any, client: Any, session: Callable[[], str]) -> None:
    made = session()
    cli("emulator", "pay", made)
    refund = cli("emulator", "refund", made, "--json").report["refund"]

    outcome = cli("emulator", "fail", refund, "--reason", "lost_or_stolen_card", "--json")

    assert (outcome.report["status"], outcome.report["failure_reason"]) == ("failed", "lost_or_stolen_card")
    assert client.refunds.retrieve(refund).status == "failed"
    assert cli("emulator", "fail", made).exit_code == ExitCode.USAGE


def test_what_was_never_paid_cannot_be_refunded(cli: Any, session: Callable[[], str]) -> None:
    outcome = cli("emulator", "refund", session())

    assert outcome.exit_code == ExitCode.USAGE
    assert "creditctl emulator pay" in outcome.stderr
    assert cli("emulator", "refund", "prod_1").exit_code == ExitCode.USAGE


@pytest.mark.parametrize(
    ("kind", "opened", "ending", "status"),
    [
        ("fraudulent", "needs_response", "lost", "lost"),
        ("product_not_received", "needs_response", "won", "won"),
        ("inquiry", "warning_needs_response", "warning_closed", "warning_closed"),
    ],
)
def test_a_dispute_from_its_opening_to_its_end(
    cli: Any, client: Any, session: Callable[[], str], kind: str, opened: str, ending: str, status: str
) -> None:
    made = session()
    cli("emulator", "pay", made)

    dispute = cli("emulator", "dispute", made, "--kind", kind, "--json").report
    settled = cli("emulator", "settle", dispute["dispute"], "--status", ending, "--json").report

    assert (dispute["status"], dispute["amount"]) == (opened, 1000)
    assert settled["status"] == status
    assert client.disputes.retrieve(dispute["dispute"]).status == status


def test_the_clock_moves_forward_only(cli: Any, client: Any, session: Callable[[], str]) -> None:
    made, before = session(), cli("emulator", "clock", "--json").report["now"]

    day = cli("emulator", "advance", "1d1h", "--json").report
    week = cli("emulator", "advance", "--to", "2026-12-01", "--json").report

    assert (day["advanced_seconds"], day["now"]) == (90_000, before + 90_000)
    assert week["now"] == 1_796_083_200
    assert client.checkout.sessions.retrieve(made).status == "expired"
    assert cli("emulator", "advance", "--to", "2026-11-01").exit_code == ExitCode.STRIPE_REFUSED


@pytest.mark.parametrize("arguments", [[], ["3d", "--to", "2026-12-01"], ["soon"], ["3"], ["-3d"], ["--to", "later"]])
def test_an_advance_that_says_nothing_clear_is_a_usage_error(cli: Any, arguments: list[str]) -> None:
    before = cli("emulator", "clock", "--json").report["now"]

    assert cli("emulator", "advance", *arguments).exit_code == ExitCode.USAGE
    assert cli("emulator", "clock", "--json").report["now"] == before


def test_a_fault_strikes_as_often_as_it_was_ordered(cli: Any, client: Any) -> None:
    ordered = cli("emulator", "fault", "status", "--path", "/v1/balance", "--status", "503", "--count", "1", "--json")
    with pytest.raises(stripe.APIError):
        client.balance.retrieve()
    assert client.balance.retrieve().object == "balance"

    listed = cli("emulator", "faults", "--json").report["faults"]
    assert [(rule["id"], rule["hits"]) for rule in listed] == [(ordered.report["id"], 1)]
    assert "status, path /v1/balance, status 503, at most 1 times (struck 1 times)" in cli("emulator", "faults").stdout
    assert cli("emulator", "faults", "--lift", str(ordered.report["id"]), "--json").report == {"lifted": 1}
    cli("emulator", "fault", "drop", "--event", "charge.*", "--probability", "0.5")
    assert cli("emulator", "faults", "--clear", "--json").report == {"lifted": 1}
    assert cli("emulator", "faults").stdout == "No fault is in force.\n"


@contextmanager
def receiver(answers: list[int]) -> Iterator[tuple[str, list[str]]]:
    """A webhook receiver that answers as it was told, then 200, and keeps the types that came."""
    came: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(json.loads(self.rfile.read(int(self.headers["content-length"])))["type"])
            self.send_response(answers.pop(0) if answers else 200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{http.server_port}/hook", came
        finally:
            http.shutdown()
            thread.join()


def until(check: Callable[[], Any], seconds: float = 10.0) -> Any:
    """What the check finds, once it finds something."""
    deadline = Deadline(seconds)
    while not deadline.passed:
        found = check()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("it never happened")


def test_the_delivery_log_and_a_retry(cli: Any, client: Any) -> None:
    with receiver([500]) as (url, came):
        client.webhook_endpoints.create(params={"url": url, "enabled_events": ["customer.created"]})
        client.customers.create()

        def rows() -> Any:
            return cli("emulator", "deliveries", "--json").report["deliveries"]

        failed = until(lambda: [row for row in rows() if row["attempt_count"] == 1])[0]
        assert (failed["state"], failed["attempts"][0]["status"]) == ("pending", 500)
        assert "500" in cli("emulator", "deliveries").stdout

        again = cli("emulator", "deliveries", "--retry", str(failed["id"]), "--json")
        assert again.report["made_due"] == 1
        until(lambda: rows()[0]["state"] == "delivered")
    assert came == ["customer.created", "customer.created"]


def test_seed_writes_what_is_true(cli: Any, client: Any) -> None:
    product = client.products.create(params={"name": "Starter"})
    price = client.prices.create(params={"product": product.id, "currency": "usd", "unit_amount": 700})

    outcome = cli(
        "emulator", "seed", "--payments", "40", "--seed", "9", "--price", price.id, "--share", "refunded=0.5",
        "--share", "disputed=0", "--share", "expired=0", "--manifest", "true.jsonl", "--since", "10d", "--json",
    )  # fmt: skip

    assert outcome.exit_code == ExitCode.OK, outcome.stdout
    facts = [json.loads(line) for line in (cli.folder / "true.jsonl").read_text().splitlines()]
    assert len(facts) == outcome.report["payments"] == 40
    refunded = [fact for fact in facts if fact["fate"] == "refunded"]
    assert len(refunded) == outcome.report["fates"]["refunded"] > 10
    assert client.refunds.retrieve(refunded[0]["refund"]).amount == 700
    now = cli("emulator", "clock", "--json").report["now"]
    assert min(fact["created"] for fact in facts) >= now - 10 * 86_400


@pytest.mark.parametrize("share", ["refunded", "refunded=2", "paid=0.1", "refunded=x", "refunded=nan"])
def test_a_share_that_makes_no_sense_is_a_usage_error(cli: Any, share: str) -> None:
    assert cli("emulator", "seed", "--share", share).exit_code == ExitCode.USAGE
    assert cli("emulator", "seed", "--share", "refunded=0.6", "--share", "expired=0.6").exit_code == ExitCode.USAGE


def test_a_snapshot_brings_the_state_back(cli: Any, client: Any) -> None:
    kept = client.customers.create().id
    assert cli("emulator", "snapshot", "state.db").exit_code == ExitCode.OK
    assert cli("emulator", "snapshot", "state.db").exit_code == ExitCode.CONFIGURATION

    assert cli("emulator", "reset", "--yes").exit_code == ExitCode.OK
    with pytest.raises(stripe.InvalidRequestError):
        client.customers.retrieve(kept)
    assert cli("emulator", "restore", "state.db", "--yes").exit_code == ExitCode.OK
    assert client.customers.retrieve(kept).id == kept
    assert cli("emulator", "restore", "nowhere.db", "--yes").exit_code == ExitCode.STRIPE_REFUSED


def test_what_is_no_snapshot_leaves_the_state_alone(cli: Any, client: Any) -> None:
    kept = client.customers.create().id
    (cli.folder / "text.db").write_text("no database")
    with closing(sqlite3.connect(cli.folder / "other.db")) as other:
        other.execute("CREATE TABLE something (id)")

    for name in ("text.db", "other.db"):
        outcome = cli("emulator", "restore", name, "--yes")
        assert outcome.exit_code == ExitCode.STRIPE_REFUSED
        assert "no snapshot" in outcome.stderr
    assert client.customers.retrieve(kept).id == kept


def test_the_same_seed_twice_is_refused_and_makes_nothing(cli: Any, client: Any) -> None:
    product = client.products.create(params={"name": "Starter"})
    client.prices.create(params={"product": product.id, "currency": "usd", "unit_amount": 700})
    assert cli("emulator", "seed", "--payments", "5").exit_code == ExitCode.OK
    before = cli("emulator", "status", "--json").report["objects"]

    again = cli("emulator", "seed", "--payments", "5")

    assert again.exit_code == ExitCode.STRIPE_REFUSED
    assert "another seed" in again.stderr
    assert cli("emulator", "status", "--json").report["objects"] == before


@pytest.mark.parametrize("arguments", [["reset"], ["restore", "state.db"], ["reset", "--json"]])
def test_nothing_is_thrown_away_unasked(cli: Any, client: Any, arguments: list[str]) -> None:
    kept = client.customers.create().id

    outcome = cli("emulator", *arguments)

    assert outcome.exit_code == ExitCode.CONFIGURATION
    assert client.customers.retrieve(kept).id == kept


def test_status_and_cards(cli: Any, server: EmulatorServer) -> None:
    status = cli("emulator", "status", "--json").report
    cards = cli("emulator", "cards", "--json").report["cards"]

    assert (status["url"], status["livemode"], status["faults"]) == (server.url, False, 0)
    effects = {card["number"]: card["decline_code"] for card in cards}
    assert effects[GOOD] is None
    assert effects[SHORT_OF_MONEY] == "insufficient_funds"
    assert "4242 4242 4242 4242" in cli("emulator", "cards").stdout


def test_the_example_key_serves_whoever_has_none(cli: Any, session: Callable[[], str]) -> None:
    del cli.environ["STRIPE_SECRET_KEY"]

    assert cli("emulator", "pay", session()).exit_code == ExitCode.OK


def test_another_key_is_named_by_its_setting_and_chooses_another_account(cli: Any, session: Callable[[], str]) -> None:
    made = session()
    cli.environ["OTHER_KEY"] = "sk_test_example00000000000"

    other = cli("emulator", "pay", made, "--key-name", "OTHER_KEY", "--json")
    missing = cli("emulator", "pay", made, "--key-name", "NO_SUCH_NAME")

    assert (other.exit_code, other.document["error"]["code"]) == (ExitCode.STRIPE_REFUSED, "stripe.resource_missing")
    assert "key" in other.document["error"]["fix"]
    assert missing.exit_code == ExitCode.CONFIGURATION


@pytest.mark.parametrize(
    "url", ["http://example.com", "https://api.stripe.com", "https://127.0.0.1:1", "http://127.0.0.1.example.com", "x"]
)
def test_nothing_but_this_machine_is_spoken_to(cli: Any, url: str) -> None:
    by_option = cli("emulator", "status", "--url", url, "--json")
    cli.environ["STRIPE_API_BASE"] = url
    by_setting = cli("emulator", "status", "--json")

    for outcome in (by_option, by_setting):
        assert outcome.exit_code == ExitCode.CONFIGURATION
        assert outcome.document["error"]["code"] == "guard.not_loopback"


def test_a_server_that_is_no_emulator_of_ours_gets_no_key(cli: Any) -> None:
    asked: list[tuple[str, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["Authorization"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"emulator": "another"}')

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        outcome = cli("emulator", "reset", "--yes", "--url", f"http://127.0.0.1:{http.server_port}", "--json")
        http.shutdown()
        thread.join()

    assert outcome.document["error"]["code"] == "guard.not_the_emulator"
    assert asked == [("/_emulator", None)]


def test_a_live_key_is_kept_from_an_emulator_without_live_mode(cli: Any) -> None:
    cli.environ["STRIPE_SECRET_KEY"] = "sk_live_" + "example00000000"

    outcome = cli("emulator", "reset", "--yes", "--json")

    assert outcome.document["error"]["code"] == "guard.live_key_local"


def test_a_live_key_rehearses_where_the_emulator_was_started_for_it(offline_cli: Any) -> None:
    built = Emulator(clock=lambda: START, livemode=True)
    with EmulatorServer(built) as running:
        offline_cli.environ |= {"STRIPE_SECRET_KEY": "sk_live_" + "example00000000", "STRIPE_API_BASE": running.url}
        outcome = offline_cli("emulator", "status", "--json")
    built.close()

    assert (outcome.exit_code, outcome.report["livemode"]) == (ExitCode.OK, True)


def test_nobody_at_home_is_exit_5_with_the_next_step(cli: Any) -> None:
    outcome = cli("emulator", "status", "--url", "http://127.0.0.1:9")

    assert outcome.exit_code == ExitCode.UNREACHABLE
    assert "creditctl emulator" in outcome.stderr


@pytest.mark.parametrize("name", ["../faults", "a/b", "", "cs_test_1?x=1"])
def test_an_id_never_leads_to_another_control(cli: Any, name: str) -> None:
    assert cli("emulator", "pay", "--", name).exit_code == ExitCode.USAGE


def test_neither_a_key_nor_a_client_secret_is_shown(cli: Any, session: Callable[[], str]) -> None:
    paid, open_one = session(), session()
    lines = [
        ["pay", paid],
        ["pay", open_one, "--card", DECLINED],
        ["decline", open_one],
        ["refund", paid],
        ["status"],
        ["deliveries"],
        ["pay", "cs_test_nobody"],
        ["--nope"],
    ]

    for line in lines:
        for extra in ([], ["--json"]):
            outcome = cli("emulator", *line, *extra)
            assert KEY not in outcome.stdout + outcome.stderr
            assert "_secret_" not in outcome.stdout + outcome.stderr
