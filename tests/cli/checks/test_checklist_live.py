"""The road to a checklist that holds: live keys on an emulator in live mode, behind Stripe's own address."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from creditctl.checks.probe import ProbeAnswer
from creditctl.cli.app import run
from creditctl.cli.wiring import Wiring
from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient

if TYPE_CHECKING:
    from tests.support.clock import Clock

FULL_KEY = "sk_live_" + "emulator0000000000"


class Road:
    """A production in the making: one folder, one live emulator, one clock."""

    def __init__(self, folder: Path, clock: Clock) -> None:
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


@pytest.fixture
def road(tmp_path: Path, clock: Clock) -> Iterator[Road]:
    made = Road(tmp_path, clock)
    yield made
    made.emulator.close()


ACCOUNT = ("one_account", "permissions", "account", "statement", "public_details")
WEBHOOK = ("undelivered", "clock", "env_files")


def holding(document: dict[str, Any]) -> list[str]:
    return [
        check["id"].removeprefix("checklist.") for check in document["report"]["checks"] if check["status"] == "pass"
    ]


def test_setup_with_the_live_key_makes_what_the_checklist_proves(road: Road) -> None:
    _, checked = road("env", "check", "--online")
    account = checked["report"]["online"]["account"]
    with road.env.open("a") as stream:
        stream.write(f"STRIPE_ACCOUNT_ID={account}\n")

    code, document = road("checklist", "--mode", "live")
    shop = ["prices", "success_page", "redirects", "public_webhook"]
    assert (code, holding(document)) == (1, ["live_keys", "secret_key", "frontend_url", *ACCOUNT, *shop, *WEBHOOK])

    assert road("setup", "--mode", "live", "--confirm", account)[0] == 0
    code, document = road("checklist", "--mode", "live")
    assert code == 1
    guides = ["live_keys", "secret_key", "webhook_endpoint", "webhook_secret", "frontend_url"]
    assert holding(document) == [*guides, *ACCOUNT, "catalogue", *shop, *WEBHOOK]
    assert FULL_KEY not in json.dumps(document)


def test_without_the_operators_word_nothing_was_written(road: Road) -> None:
    assert road("setup", "--yes")[0] == 3
    code, document = road("checklist", "--mode", "live")

    assert code == 1
    assert "webhook_endpoint" not in holding(document)


def test_live_mode_is_rehearsed_at_an_emulator_without_public_addresses(road: Road) -> None:
    road.env.write_text(
        f"STRIPE_SECRET_KEY={FULL_KEY}\nSTRIPE_API_BASE=http://127.0.0.1:12111\n"
        "FRONTEND_URL=http://127.0.0.1:9\nCREDITS_API_URL=http://127.0.0.1:9\n"
    )
    account = road("env", "check", "--online")[1]["report"]["online"]["account"]
    assert road("setup", "--mode", "live")[0] == 3, "the guard is a part of the rehearsal"
    assert road("setup", "--mode", "live", "--confirm", account)[0] == 0

    code, document = road("checklist", "--mode", "live")

    assert (code, document["mode"], document["report"]["stage"]) == (1, "live", "rehearsal")
    held = holding(document)
    assert {"live_keys", "webhook_endpoint", "webhook_secret", "catalogue", "success_page"} <= set(held)
    optional = {check["id"][10:] for check in document["report"]["checks"] if not check["required"]}
    assert {"frontend_url", "public_webhook"} <= optional
    assert "checklist.frontend_url" not in document["report"]["missing"]
    assert not (road.folder / "creditctl.db").exists()
