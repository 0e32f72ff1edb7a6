"""Settings know their source; the process environment wins, and every conflict is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from creditctl.core.errors import ConfigurationError
from creditctl.core.modes import Mode
from creditctl.core.settings import Settings, merge_settings
from tests.support.keys import TEST_KEY

LIVE_KEY = "sk_" + "live_" + "emulator0000000000"


def settings(file: dict[str, str | None] | None = None, **process: str) -> Settings:
    return merge_settings(file or {}, process, env_file=Path(".env"), folder=Path("/somewhere"))


def test_the_process_environment_wins_and_the_conflict_is_kept() -> None:
    merged = settings({"FRONTEND_URL": "http://a", "STRIPE_SECRET_KEY": TEST_KEY}, FRONTEND_URL="http://b")

    assert merged.frontend_url == "http://b"
    assert merged.conflicts == ("FRONTEND_URL",)
    assert merged.source("FRONTEND_URL") == "the process environment"
    assert merged.source("STRIPE_SECRET_KEY") == ".env"
    assert merged.source("CREDITS_API_URL") == "nowhere"


def test_an_equal_value_in_both_is_no_conflict() -> None:
    assert settings({"FRONTEND_URL": "http://a"}, FRONTEND_URL="http://a").conflicts == ()


def test_a_missing_setting_is_named_with_the_place_to_write_it() -> None:
    with pytest.raises(ConfigurationError, match="STRIPE_SECRET_KEY is not set") as caught:
        _ = settings().api_key

    assert ".env" in caught.value.fix


def test_an_empty_value_counts_as_missing() -> None:
    with pytest.raises(ConfigurationError):
        _ = settings({"FRONTEND_URL": ""}).frontend_url


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"STRIPE_SECRET_KEY": TEST_KEY}, "creditctl-test.db"),
        ({"STRIPE_SECRET_KEY": LIVE_KEY}, "creditctl.db"),
        ({"STRIPE_SECRET_KEY": TEST_KEY, "STRIPE_API_BASE": "http://127.0.0.1:1"}, "creditctl-emulator.db"),
        ({"STRIPE_SECRET_KEY": TEST_KEY, "CREDITCTL_LEDGER": "data/my.db"}, "data/my.db"),
        ({"STRIPE_SECRET_KEY": TEST_KEY, "CREDITCTL_LEDGER": "/var/lib/my.db"}, "/var/lib/my.db"),
    ],
)
def test_each_mode_has_a_ledger_file_of_its_own(values: dict[str, str | None], name: str) -> None:
    assert settings(values).ledger_path == Path("/somewhere") / name


def test_the_audit_file_lies_beside_the_ledger() -> None:
    assert settings({"STRIPE_SECRET_KEY": TEST_KEY}).audit_path == Path("/somewhere/creditctl-test-audit.jsonl")
    assert settings({"CREDITCTL_AUDIT": "a.jsonl"}).audit_path == Path("/somewhere/a.jsonl")


@pytest.mark.parametrize(
    ("base", "url", "local"),
    [(None, None, False), ("https://api.example.com/", "https://api.example.com/api/credits/webhook", False),
     ("http://localhost:8000", "http://localhost:8000/api/credits/webhook", True)],
)  # fmt: skip
def test_the_webhook_url_is_the_backends_plus_the_path(base: str | None, url: str | None, local: bool) -> None:
    merged = settings({"CREDITS_API_URL": base})

    assert (merged.webhook_url, merged.webhook_url_is_local) == (url, local)


def test_settings_never_show_their_values() -> None:
    assert TEST_KEY not in repr(settings({"STRIPE_SECRET_KEY": TEST_KEY}))


def test_the_mode_is_none_where_the_settings_do_not_say_one() -> None:
    assert settings().mode_or_none is None
    assert settings({"STRIPE_SECRET_KEY": TEST_KEY}).mode_or_none is Mode.TEST
