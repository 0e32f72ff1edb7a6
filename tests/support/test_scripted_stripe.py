"""The scriptable Stripe client: what answers, which requests a rule takes, and what had been carried out by then."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest
import requests
import stripe

from creditctl.emulator.app import Emulator
from tests.support.keys import TEST_KEY
from tests.support.scripted_stripe import (
    Killed,
    ScriptedStripe,
    answers,
    by_path,
    error,
    in_turn,
    is_write,
    lost,
    meanwhile,
    queue,
    slow,
    timed_out,
)
from tests.support.waiting import run_process

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = {"id": "prod_1", "object": "product", "name": "Starter"}


def client_of(transport: ScriptedStripe) -> stripe.StripeClient:
    return stripe.StripeClient(TEST_KEY, http_client=transport, max_network_retries=0)


@pytest.fixture
def transport(emulator: Emulator) -> ScriptedStripe:
    return ScriptedStripe(emulator)


@pytest.fixture
def client(transport: ScriptedStripe) -> stripe.StripeClient:
    return client_of(transport)


def create(client: stripe.StripeClient) -> str:
    return client.v1.products.create({"name": "Starter"}).id


def count(client: stripe.StripeClient) -> int:
    return len(client.v1.products.list().data)


def test_the_emulator_answers_where_nothing_is_planned(client: stripe.StripeClient) -> None:
    assert client.v1.products.retrieve(create(client)).name == "Starter"


def test_requests_are_kept_with_what_they_said(client: stripe.StripeClient, transport: ScriptedStripe) -> None:
    create(client)
    client.v1.products.list({"limit": 3})

    made, listed = transport.requests
    assert (made.number, made.method, made.path, made.body) == (1, "POST", "/v1/products", "name=Starter")
    assert "Idempotency-Key" in made.headers
    assert (listed.number, listed.method, listed.query) == (2, "GET", {"limit": ["3"]})
    assert [is_write(made), is_write(listed)] == [True, False]


def test_fixed_answers_by_path() -> None:
    client = client_of(ScriptedStripe(by_path({"/v1/products/prod_1": PRODUCT, "/v1/account": 403})))

    assert client.v1.products.retrieve("prod_1").name == "Starter"
    with pytest.raises(stripe.PermissionError):
        client.v1.accounts.retrieve_current()
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.products.retrieve("prod_2")
    assert caught.value.code == "resource_missing"


def test_a_queue_is_answered_once_in_turn_and_then_complains() -> None:
    client = client_of(ScriptedStripe(queue(PRODUCT, 500)))

    assert client.v1.products.retrieve("prod_1").id == "prod_1"
    with pytest.raises(stripe.APIError):
        client.v1.products.retrieve("prod_1")
    with pytest.raises(AssertionError, match="request 3"):
        client.v1.products.retrieve("prod_1")


@pytest.mark.parametrize("committed", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("planned", "raised"),
    [
        (503, stripe.APIError),
        (429, stripe.RateLimitError),
        (error(400, code="parameter_missing"), stripe.InvalidRequestError),
        (lost(), stripe.APIConnectionError),
        (timed_out(), stripe.APIConnectionError),
        (Killed(), Killed),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_a_fault_comes_before_or_after_the_request_was_carried_out(
    client: stripe.StripeClient,
    transport: ScriptedStripe,
    planned: int | BaseException,
    raised: type[BaseException],
    committed: bool,
) -> None:
    transport.on(answers(planned, committed=committed), method="POST")
    with pytest.raises(raised):
        create(client)

    assert count(client) == committed


def test_a_time_out_is_known_by_its_cause() -> None:
    client = client_of(ScriptedStripe(queue(timed_out())))
    with pytest.raises(stripe.APIConnectionError) as caught:
        client.v1.products.list()

    assert caught.value.should_retry
    assert isinstance(caught.value.__cause__, requests.exceptions.ReadTimeout)


@pytest.mark.parametrize(
    ("at", "failing"), [(2, [2]), ({1, 3}, [1, 3]), (range(2, 99), [2, 3, 4]), (None, [1, 2, 3, 4])]
)
def test_faults_are_placed_by_the_number_of_the_requests_that_fit(
    client: stripe.StripeClient, transport: ScriptedStripe, at: int | range | None, failing: list[int]
) -> None:
    rule = transport.on(answers(500), when=is_write, at=at)
    failed = []
    for number in range(1, 5):
        count(client)  # a read, which does not fit and is not counted
        try:
            create(client)
        except stripe.APIError:
            failed.append(number)

    assert failed == failing
    assert (rule.seen, rule.hits) == (4, len(failing))


def test_the_oldest_rule_that_takes_a_request_acts(client: stripe.StripeClient, transport: ScriptedStripe) -> None:
    transport.on(answers(500), path="/v1/products", at=1)
    transport.on(answers(429), path="/v1/*")
    with pytest.raises(stripe.APIError):
        count(client)
    with pytest.raises(stripe.RateLimitError):
        count(client)


def test_after_recovery_nothing_goes_wrong(client: stripe.StripeClient, transport: ScriptedStripe) -> None:
    transport.on(answers(500))
    transport.recover()

    assert count(client) == 0


def test_faults_in_turn_come_once_each(client: stripe.StripeClient, transport: ScriptedStripe) -> None:
    transport.on(in_turn(500, lost()), method="GET")
    with pytest.raises(stripe.APIError):
        count(client)
    with pytest.raises(stripe.APIConnectionError):
        count(client)

    assert count(client) == 0


def test_latency_is_waited_for_before_the_answer(client: stripe.StripeClient, transport: ScriptedStripe) -> None:
    slept: list[float] = []
    transport.on(slow(1.5, slept.append))
    create(client)

    assert slept == [1.5]


@pytest.mark.parametrize("committed", [False, True], ids=["before", "after"])
def test_somebody_else_may_be_at_work_meanwhile(
    emulator: Emulator, client: stripe.StripeClient, transport: ScriptedStripe, committed: bool
) -> None:
    seen: list[int] = []
    other = client_of(ScriptedStripe(emulator))
    transport.on(meanwhile(lambda: seen.append(count(other)), committed=committed), when=is_write)
    create(client)

    assert seen == [committed]


CHILD = """
import stripe
from tests.support.scripted_stripe import ScriptedStripe, queue, sigkill
transport = ScriptedStripe(queue({"id": "prod_1", "object": "product"}))
transport.on(sigkill(committed=%s))
stripe.StripeClient("sk_test_1", http_client=transport).v1.products.create({"name": "Starter"})
"""


@pytest.mark.parametrize("committed", [False, True], ids=["before", "after"])
def test_a_real_kill_ends_the_process(committed: bool) -> None:
    done = run_process([sys.executable, "-c", CHILD % committed], 60, cwd=ROOT)

    assert (done.returncode, done.stderr) == (-signal.SIGKILL, "")
