"""What the tests of the checks share: a configuration in a folder, and what the rules say of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import stripe

from creditctl.checks.env_gather import gather_env
from creditctl.checks.env_rules import judge_env
from creditctl.checks.env_view import EnvView
from creditctl.core.findings import Finding
from creditctl.core.modes import Mode

Answers = Mapping[str, tuple[int, dict[str, Any]]]
ACCOUNT: dict[str, Any] = {"id": "acct_1AbCdEfGhIjKlMnO", "object": "account", "charges_enabled": True}
BALANCE: dict[str, Any] = {"object": "balance", "livemode": False, "available": [], "pending": []}
LIST: dict[str, Any] = {"object": "list", "data": [], "has_more": False, "url": "/v1/x"}


class CannedStripe(stripe.HTTPClient):
    """A Stripe with fixed answers by path; it remembers what it was asked."""

    name = "canned"

    def __init__(self, answers: Answers) -> None:
        super().__init__()
        self.answers = {"/v1/account": (200, ACCOUNT), "/v1/balance": (200, BALANCE), **answers}
        self.asked: list[tuple[str, str]] = []

    def request(self, method: str, url: str, headers: Any, post_data: Any = None, **_: Any) -> tuple[str, int, Any]:
        path = "/" + url.split("/", 3)[3].partition("?")[0]
        self.asked.append((method.upper(), path))
        status, body = self.answers.get(path, (200, LIST))
        return json.dumps(body), status, {"request-id": "req_1"}

    def close(self) -> None:
        """Holds nothing."""


BODY = "51AbCdEfGhIjKlMn" + "oPqRsTuVwXyZ0123456789" * 3
GOOD = {
    "STRIPE_SECRET_KEY": "sk_test_" + BODY,
    "STRIPE_WEBHOOK_SECRET": "whsec_" + "aB3dE6gH9" * 4,
    "FRONTEND_URL": "http://localhost:3000",
    "CREDITS_API_URL": "http://localhost:8000",
}
LIVE = {
    **GOOD,
    "STRIPE_SECRET_KEY": "rk_live_" + BODY,
    "FRONTEND_URL": "https://shop.acme.io",
    "CREDITS_API_URL": "https://api.acme.io",
}


def no_git(folder: Path, arguments: Sequence[str]) -> tuple[int, str]:
    """A machine without git."""
    raise FileNotFoundError("git")


@pytest.fixture
def good() -> dict[str, str]:
    """Settings for local work in test mode with which nothing is wrong."""
    return dict(GOOD)


@pytest.fixture
def live() -> dict[str, str]:
    """Settings for production with which nothing is wrong."""
    return dict(LIVE)


Look = Callable[..., EnvView]


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """Writes env files into a folder and looks at them: `look(text_or_settings, frontend=…, process=…, expected=…)`."""

    def take(
        backend: str | bytes | Mapping[str, str] | None,
        *,
        frontend: str | bytes | Mapping[str, str] | None = None,
        process: Mapping[str, str] | None = None,
        expected: Mode | None = None,
    ) -> EnvView:
        for name, content in ((".env", backend), (".env.local", frontend)):
            if content is not None:
                path = tmp_path / name
                path.write_bytes(as_bytes(content))
                path.chmod(0o600)
        return gather_env(tmp_path, process or {}, git=no_git, expected=expected)

    return take


@pytest.fixture
def judge(look: Look) -> Callable[..., list[Finding]]:
    """The same, and what all the rules find."""
    return lambda *args, **options: judge_env(look(*args, **options))


@pytest.fixture
def codes(judge: Callable[..., list[Finding]]) -> Callable[..., dict[str, str]]:
    """The same, as code to subject, without `env.` and without mere notes."""

    def found(*args: object, **options: object) -> dict[str, str]:
        return {
            item.code.removeprefix("env."): item.subject for item in judge(*args, **options) if item.severity != "info"
        }

    return found


def as_bytes(content: str | bytes | Mapping[str, str]) -> bytes:
    if isinstance(content, bytes):
        return content
    if isinstance(content, str):
        return content.encode()
    return "".join(f"{name}={value}\n" for name, value in content.items()).encode()


@pytest.fixture
def canned_stripe() -> Callable[[Answers], CannedStripe]:
    """A Stripe with fixed answers by path, for what an emulator would never say."""
    return CannedStripe
