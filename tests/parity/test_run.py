"""`make parity`: the suite runs on both sides, writes what differs, and sends no live key anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.server import EmulatorServer
from tests.emulator.world import control
from tests.parity.run import RunRefused, main, settings
from tests.support.keys import TEST_KEY


@pytest.fixture
def outside() -> Iterator[tuple[Emulator, str]]:
    """Another emulator, in the place of an account in test mode."""
    emulator = Emulator()
    with EmulatorServer(emulator) as server:
        yield emulator, server.url
    emulator.close()


def environ(url: str, key: str = TEST_KEY) -> dict[str, str]:
    return {"CREDITCTL_TEST_STRIPE_BASE": url, "CREDITCTL_TEST_STRIPE_KEY": key}


def test_two_that_are_alike_agree_in_everything(outside: tuple[Emulator, str], tmp_path: Path) -> None:
    place = tmp_path / "parity.md"

    assert main([str(place)], environ(outside[1])) == 0
    text = place.read_text()
    assert "HTTP status" not in text
    assert "- payments: more than is left" in text
    assert TEST_KEY not in text


def test_what_differs_is_written_down_by_its_place(outside: tuple[Emulator, str], tmp_path: Path) -> None:
    emulator, url = outside
    control(emulator, "POST", "/faults", kind="status", status=503, path="/v1/coupons", count=1)
    place = tmp_path / "parity.md"

    assert main([str(place)], environ(url)) == 1
    text = place.read_text()
    assert "## discounts: a coupon" in text
    assert "| `HTTP status` | `503` | `200` |" in text
    assert "| `percent_off` | nothing | `25" in text


@pytest.mark.parametrize(
    ("given", "exit_code"),
    [
        ({}, 2),
        ({"CREDITCTL_TEST_STRIPE_KEY": "sk_live_abcdefgh"}, 3),
        ({"CREDITCTL_TEST_STRIPE_KEY": "rk_live_abcdefgh"}, 3),
        ({"CREDITCTL_TEST_STRIPE_KEY": "pk_test_abcdefgh"}, 3),
        (environ("http://stripe.example"), 3),
        (environ("https://stripe.example"), 3),
        (environ("http://127.0.0.1.evil.example"), 3),
        (environ("ftp://127.0.0.1"), 3),
    ],
)
def test_nothing_is_sent_with_a_wrong_key_or_to_a_wrong_place(
    given: dict[str, str], exit_code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(RunRefused):
        settings(given)
    assert main([], given) == exit_code
    assert "abcdefgh" not in capsys.readouterr().err


def test_nobody_there_is_5(tmp_path: Path) -> None:
    assert main([str(tmp_path / "parity.md")], environ("http://127.0.0.1:9")) == 5


def test_stripe_itself_is_the_default() -> None:
    assert settings({"CREDITCTL_TEST_STRIPE_KEY": TEST_KEY})[0] == "https://api.stripe.com"
