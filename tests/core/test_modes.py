"""Key and base say which Stripe is meant, and nothing else is ever sent a key."""

from __future__ import annotations

import pytest

from creditctl.core.errors import ConfigurationError, GuardRefused
from creditctl.core.modes import Mode, decide_mode, is_listed_emulator, is_loopback_url, require_mode


@pytest.mark.parametrize(
    ("base", "key_mode", "mode"),
    [
        (None, Mode.TEST, Mode.TEST),
        (None, Mode.LIVE, Mode.LIVE),
        ("https://api.stripe.com", Mode.LIVE, Mode.LIVE),
        ("https://api.stripe.com/", Mode.TEST, Mode.TEST),
        ("http://127.0.0.1:12111", Mode.TEST, Mode.EMULATOR),
        ("http://localhost:12111", Mode.LIVE, Mode.LIVE),
        ("http://[::1]:12111", Mode.TEST, Mode.EMULATOR),
        ("http://127.9.9.9", Mode.TEST, Mode.EMULATOR),
    ],
)
def test_a_loopback_base_means_the_emulator_where_a_live_key_rehearses_live_mode(
    base: str | None, key_mode: Mode, mode: Mode
) -> None:
    assert decide_mode(base, key_mode) is mode


@pytest.mark.parametrize(
    "base",
    ["http://api.stripe.com", "https://api.stripe.com.evil.test", "https://api.stripe.com@evil.test", "ftp://127.0.0.1",
     "https://evil.test", "http://127.0.0.1.evil.test", "http://10.0.0.1:80", "nonsense", "http://[::1"],
)  # fmt: skip
def test_a_key_is_sent_nowhere_else(base: str) -> None:
    with pytest.raises(ConfigurationError, match="loopback"):
        decide_mode(base, Mode.LIVE)


def test_a_wrong_expectation_is_refused() -> None:
    require_mode(None, Mode.LIVE)
    require_mode(Mode.TEST, Mode.TEST)
    with pytest.raises(GuardRefused, match="live mode, but --mode test"):
        require_mode(Mode.TEST, Mode.LIVE)


@pytest.mark.parametrize(
    ("url", "local"),
    [("http://localhost:8000/x", True), ("http://a.localhost", True), ("https://example.com", False), ("", False)],
)
def test_loopback_urls_are_told_apart(url: str, local: bool) -> None:
    assert is_loopback_url(url) is local


@pytest.mark.parametrize(
    ("base", "hosts", "listed"),
    [
        ("http://emulator:12111", ("emulator:12111",), True),
        ("http://emulator:12111", ("emulator",), True),
        ("http://Emulator:12111", ("EMULATOR:12111",), True),
        ("https://emulator", ("emulator:443",), True),
        ("http://host.docker.internal:12111", ("host.docker.internal:12111",), True),
        ("http://emulator:12112", ("emulator:12111",), False),
        ("http://emulator.evil.example:12111", ("emulator:12111", "emulator"), False),
        ("http://emulator:12111@evil.example", ("emulator:12111", "emulator"), False),
        ("http://evil.example/emulator:12111", ("emulator:12111",), False),
        ("ftp://emulator:12111", ("emulator:12111",), False),
        ("http://emulator:99999", ("emulator",), False),
        ("http://emulator:12111", (), False),
    ],
)
def test_an_emulator_elsewhere_is_one_only_where_it_is_listed(base: str, hosts: tuple[str, ...], listed: bool) -> None:
    assert is_listed_emulator(base, hosts) is listed
    if listed:
        assert decide_mode(base, Mode.TEST, hosts) is Mode.EMULATOR
    else:
        with pytest.raises(ConfigurationError, match="listed emulator"):
            decide_mode(base, Mode.TEST, hosts)


def test_stripe_itself_cannot_be_listed_away() -> None:
    assert decide_mode("https://api.stripe.com", Mode.LIVE, ("api.stripe.com",)) is Mode.LIVE
