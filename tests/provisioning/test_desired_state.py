"""Which endpoint the settings ask for, mode by mode."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from creditctl.core.errors import ConfigurationError
from creditctl.core.keys import Secret
from creditctl.core.project_file.ownership import WebhookSection
from creditctl.core.project_file.project import ProjectFile
from creditctl.core.settings import Settings, merge_settings
from creditctl.provisioning.desired_state import desired_endpoint, held_secrets, require_secret_will_arrive

TEST, LIVE = "sk_test_example0000", "sk_live_" + "example0000"
PUBLIC, LOCAL, PLAIN = "https://api.example.com", "http://127.0.0.1:8000", "http://api.example.com"
HOOK = "/api/credits/webhook"


def settings(process: dict[str, str] | None = None, **values: str) -> Settings:
    return merge_settings(values, process or {}, env_file=Path(".env"), folder=Path())


@pytest.mark.parametrize(
    ("key", "base", "url", "expected"),
    [
        (TEST, "", "", None),
        (TEST, "", LOCAL, None),
        (TEST, "", PUBLIC, PUBLIC + HOOK),
        (TEST, "", PLAIN + "/", PLAIN + HOOK),
        (LIVE, "", PUBLIC, PUBLIC + HOOK),
        (TEST, "http://127.0.0.1:1", "", None),
        (TEST, "http://127.0.0.1:1", LOCAL, LOCAL + HOOK),
    ],
)
def test_each_mode_has_its_rule(key: str, base: str, url: str, expected: str | None) -> None:
    wish = desired_endpoint(
        settings(STRIPE_SECRET_KEY=key, STRIPE_API_BASE=base, CREDITS_API_URL=url), api_version="2026-10-28.endive"
    )

    assert (wish.url if wish else None) == expected


@pytest.mark.parametrize(
    ("path", "base", "expected"),
    [
        ("/hooks/stripe", PUBLIC, PUBLIC + "/hooks/stripe"),
        ("/hooks/stripe/", PUBLIC + "/", PUBLIC + "/hooks/stripe/"),
        ("/", PUBLIC, PUBLIC + "/"),
        ("/hooks/stripe/", PUBLIC + "/hooks/stripe", None),
        ("/hooks/stripe", PUBLIC + HOOK, PUBLIC + HOOK + "/hooks/stripe"),
    ],
)
def test_the_webhooks_path_is_a_setting_and_is_added_once(path: str, base: str, expected: str | None) -> None:
    merged = settings(STRIPE_SECRET_KEY=TEST, CREDITS_API_URL=base)
    there = replace(merged, project=ProjectFile(webhook=WebhookSection(path)))

    if expected is None:
        with pytest.raises(ConfigurationError, match="already ends in /hooks/stripe"):
            desired_endpoint(there, api_version="2026-10-28.endive")
    else:
        wish = desired_endpoint(there, api_version="2026-10-28.endive")
        assert wish is not None
        assert wish.url == expected


@pytest.mark.parametrize(
    ("key", "url"),
    [
        (LIVE, ""),
        (LIVE, LOCAL),
        (LIVE, PLAIN),
        (LIVE, "https://localhost"),
        (TEST, "api.example.com"),
        (TEST, "ftp://api.example.com"),
        (TEST, "https://user:word@api.example.com"),
        (TEST, PUBLIC + HOOK),
    ],
)
def test_a_url_that_cannot_work_is_refused(key: str, url: str) -> None:
    with pytest.raises(ConfigurationError):
        desired_endpoint(settings(STRIPE_SECRET_KEY=key, CREDITS_API_URL=url), api_version="2026-10-28.endive")


def test_held_secrets_are_newest_first_and_a_placeholder_is_none() -> None:
    new, old = "whsec_" + "example0new", "whsec_" + "example0old"

    assert held_secrets(settings(STRIPE_WEBHOOK_SECRET=f"{new},{old}")) == (Secret(new), Secret(old))
    assert held_secrets(settings(STRIPE_WEBHOOK_SECRET="whsec_...")) == ()
    assert held_secrets(settings()) == ()


def test_a_secret_of_the_process_would_win() -> None:
    require_secret_will_arrive(settings(STRIPE_WEBHOOK_SECRET="whsec_" + "example0file"))
    with pytest.raises(ConfigurationError, match="another STRIPE_WEBHOOK_SECRET, which would win"):
        require_secret_will_arrive(settings({"STRIPE_WEBHOOK_SECRET": "whsec_" + "example0shell"}))
    with pytest.raises(ConfigurationError, match="an empty STRIPE_WEBHOOK_SECRET, which would win"):
        require_secret_will_arrive(settings({"STRIPE_WEBHOOK_SECRET": ""}))
