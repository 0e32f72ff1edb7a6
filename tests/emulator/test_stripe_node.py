"""The official Node client against the loopback server: what it sees is what Stripe would have shown it."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.server import EmulatorServer
from tests.support.keys import TEST_KEY
from tests.support.waiting import patience

NODE = shutil.which("node") or ""
FOLDER = os.environ.get("STRIPE_NODE", "")
SCRIPT = Path(__file__).with_name("stripe_node_smoke.cjs")
Seen = dict[str, Any]


def _why_not() -> str:
    if not NODE:
        return "node is not installed"
    if not FOLDER:
        return "STRIPE_NODE does not name a folder where npm installed the package stripe"
    if not (Path(FOLDER) / "node_modules" / "stripe").is_dir():
        return f"there is no node_modules/stripe in {FOLDER}"
    return ""


pytestmark = pytest.mark.skipif(bool(_why_not()), reason=_why_not() or "-")


@pytest.fixture(scope="module")
def seen() -> Seen:
    """What the Node client saw."""
    emulator = Emulator()
    with EmulatorServer(emulator) as server:
        line = [NODE, str(SCRIPT), str(server.port), TEST_KEY]
        environment = {"PATH": os.environ["PATH"], "STRIPE_NODE": FOLDER}
        done = subprocess.run(line, env=environment, capture_output=True, text=True, timeout=patience(60))
    emulator.close()
    assert done.returncode == 0, done.stderr
    answer: Seen = json.loads(done.stdout)
    return answer


def test_the_catalogue(seen: Seen) -> None:
    assert seen["version"].endswith(".endive")
    assert (seen["expanded"], seen["decimal"]) == ("Starter", "1000")
    assert seen["moved"] == [None, "starter"]
    assert seen["metadata"] == {"slug": "starter"}


def test_a_session(seen: Seen) -> None:
    assert seen["session"] == ["open", 2400, 2, "expired", None]
    assert (seen["expiredTwice"]["type"], seen["expiredTwice"]["status"]) == ("StripeInvalidRequestError", 400)


def test_payments(seen: Seen) -> None:
    assert seen["paid"] == ["succeeded", "4242", "succeeded", 600]
    declined = seen["declined"]
    assert (declined["type"], declined["status"], declined["code"]) == ("StripeCardError", 402, "card_declined")
    assert (declined["decline_code"], declined["intent"]) == ("insufficient_funds", "requires_payment_method")
    assert declined["doc"] == "https://stripe.com/docs/error-codes/card-declined"


@pytest.mark.parametrize(
    ("name", "type_", "status", "code", "param"),
    [
        ("missing", "StripeInvalidRequestError", 400, "parameter_missing", "name"),
        ("unknown", "StripeInvalidRequestError", 404, "resource_missing", "id"),
        ("overRefund", "StripeInvalidRequestError", 400, None, "amount"),
        ("badKey", "StripeAuthenticationError", 401, None, None),
        ("mismatch", "StripeIdempotencyError", 400, None, None),
    ],
)
def test_refusals(seen: Seen, name: str, type_: str, status: int, code: str | None, param: str | None) -> None:
    error = seen[name]
    assert (error["type"], error["status"], error.get("code"), error.get("param")) == (type_, status, code, param)
    assert error["request"] is True


def test_idempotency_and_deletion(seen: Seen) -> None:
    assert seen["replayed"] == [True, "true"]
    assert (seen["deleted"], seen["stub"]) == (True, True)


def test_paging_searching_and_signatures(seen: Seen) -> None:
    assert sorted(seen["events"]) == ["charge.refunded", "payment_intent.succeeded", "payment_intent.succeeded"]
    assert seen["search"] == ["Starter"]
    assert seen["event"] == "charge.refunded"
