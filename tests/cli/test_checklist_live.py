"""The whole road to a checklist that holds: live keys on an emulator in live mode, behind the SDK's own address."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from creditctl.checks.probe import ProbeAnswer
from creditctl.cli.app import run
from creditctl.cli.wiring import Wiring
from creditctl.core.catalog import parse_catalog
from creditctl.core.entitlement_facts import SessionFacts
from creditctl.core.entitlement_purchase import Grants, decide
from creditctl.emulator.app import Emulator
from creditctl.emulator.sdk_door import EmulatorHTTPClient
from creditctl.emulator.wire import Request
from creditctl.ledger.store import Ledger

FULL_KEY = "sk_live_" + "emulator0000000000"
CATALOG = parse_catalog(resources.files("creditctl.core").joinpath("packages.toml").read_text(encoding="utf-8"))


class Road:
    """A production in the making: one folder, one live emulator, one clock."""

    def __init__(self, folder: Path, clock: Any) -> None:
        self.folder, self.clock = folder, clock
        self.emulator = Emulator(clock=clock, seed=1, livemode=True)
        self.env = folder / ".env"
        self.env.write_text(
            f"STRIPE_SECRET_KEY={FULL_KEY}\nFRONTEND_URL=https://shop.acme.io\nCREDITS_API_URL=https://api.acme.io\n"
        )
        self.env.chmod(0o600)

    def __call__(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        wiring = Wiring(
            environ={"HOME": str(self.folder), "NO_COLOR": "1"},
            folder=self.folder,
            stdin=io.StringIO(),
            stdout=io.StringIO(),
            stderr=io.StringIO(),
            clock=self.clock,
            sleep=self.clock.sleep,
            transport=lambda: EmulatorHTTPClient(self.emulator),
            probe=lambda _: ProbeAnswer(200),
        )
        code = run([*arguments, "--json"], wiring)
        return code, json.loads(wiring.stdout.getvalue())  # type: ignore[attr-defined]

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {FULL_KEY}", "content-type": "application/json"}
        answer = self.emulator.handle(Request("POST", path, "", headers, json.dumps(body).encode()))
        parsed: dict[str, Any] = json.loads(answer.body)
        assert answer.status == 200, parsed
        return parsed

    def buy_and_credit(self, account: str) -> None:
        import stripe

        package = CATALOG.by_slug("starter")
        assert package is not None
        client = stripe.StripeClient(FULL_KEY, http_client=EmulatorHTTPClient(self.emulator))
        metadata = {**package.metadata, "user_id": "7"}
        price = client.v1.prices.list({"lookup_keys": [package.lookup_key]}).data[0]
        session = client.v1.checkout.sessions.create(
            {
                "mode": "payment",
                "line_items": [{"quantity": 1, "price": price.id}],
                "success_url": "https://shop.acme.io/credits/success",
                "client_reference_id": "7",
                "metadata": metadata,
                "payment_intent_data": {"metadata": metadata},
            }
        )
        self.post(f"/_emulator/sessions/{session.id}/pay", {})
        paid = SessionFacts.from_stripe(client.v1.checkout.sessions.retrieve(session.id).to_dict())
        decision = decide(paid, CATALOG)
        assert isinstance(decision, Grants)
        with (
            Ledger.open(self.folder / "creditctl.db", account=account, livemode=True, clock=self.clock) as ledger,
            ledger.transaction() as transaction,
        ):
            transaction.post(decision.purchase.draft())


@pytest.fixture
def road(tmp_path: Path, clock: Any) -> Iterator[Road]:
    made = Road(tmp_path, clock)
    yield made
    made.emulator.close()


def holding(document: dict[str, Any]) -> list[str]:
    return [
        check["id"].removeprefix("checklist.") for check in document["report"]["checks"] if check["status"] == "pass"
    ]


def test_item_by_item_until_all_nine_hold(road: Road) -> None:
    _, checked = road("env", "check", "--online")
    account = checked["report"]["online"]["account"]
    with road.env.open("a") as stream:
        stream.write(f"STRIPE_ACCOUNT_ID={account}\n")

    code, document = road("checklist", "--mode", "live")
    assert (code, holding(document)) == (1, ["live_keys", "secret_key", "frontend_url"])

    assert road("setup", "--mode", "live", "--confirm", account)[0] == 0
    code, document = road("checklist", "--mode", "live")
    assert code == 1
    assert {"webhook_endpoint", "webhook_secret"} <= set(holding(document))

    road.buy_and_credit(account)
    road.clock.now += 1000
    assert road("reconcile")[0] == 0
    code, document = road("checklist", "--mode", "live")
    assert code == 1
    assert [check["id"] for check in document["report"]["checks"] if check["status"] != "pass"] == [
        "checklist.email_receipts"
    ]

    assert road("checklist", "attest", "email_receipts", "--by", "Ada", "--note", "it arrived")[0] == 0
    code, document = road("checklist", "--mode", "live")
    assert (code, document["ok"], len(holding(document))) == (0, True, 9)
    assert document["findings"] == []
    assert FULL_KEY not in json.dumps(document)


def test_without_the_operators_word_nothing_was_written(road: Road) -> None:
    assert road("setup", "--yes")[0] == 3
    code, document = road("checklist", "--mode", "live")

    assert code == 1
    assert "webhook_endpoint" not in holding(document)
