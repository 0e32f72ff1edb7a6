"""Targets: which endpoint is meant, with which secret it is signed, and whose host it is."""

from __future__ import annotations

from typing import Any

import pytest

from creditctl.core.errors import ConfigurationError, GuardRefused, UsageError
from creditctl.core.keys import Secret
from creditctl.events.target import (
    Endpoint,
    read_endpoints,
    registered_endpoint,
    require_http_url,
    require_own_host,
    secret_for,
)
from tests.support.events import StripeWithEvents

URL = "https://api.example.com/api/credits/webhook"


def endpoint(number: int = 1, url: str = URL, **changes: Any) -> Endpoint:
    return Endpoint(**{"id": f"we_{number}", "url": url, "enabled": True, "ours": True, "fingerprint": None, **changes})


def test_the_one_at_the_url_is_meant_then_the_only_one_of_ours() -> None:
    at_url, elsewhere = endpoint(1), endpoint(2, "https://old.example.com/hook")

    assert registered_endpoint([elsewhere, at_url], URL) == at_url
    assert registered_endpoint([elsewhere], URL) == elsewhere
    assert registered_endpoint([endpoint(3, ours=False)], URL) == endpoint(3, ours=False)
    assert registered_endpoint([endpoint(1, ours=False), endpoint(2)], URL) == endpoint(2)
    assert (
        registered_endpoint([endpoint(1, enabled=False), endpoint(4, "https://x.example.com", ours=False)], URL) is None
    )


def test_two_that_could_be_meant_are_not_chosen_between() -> None:
    with pytest.raises(ConfigurationError, match="2 enabled endpoints"):
        registered_endpoint([endpoint(1), endpoint(2)], URL)


def test_the_secret_is_the_endpoints_own_where_it_says_which() -> None:
    newest, older = Secret("whsec_newest00000000"), Secret("whsec_older000000000")

    assert secret_for([newest, older], endpoint(fingerprint=older.fingerprint)) == older
    assert secret_for([newest, older], endpoint(fingerprint="00000000")) == newest
    assert secret_for([newest, older], None) == newest
    with pytest.raises(ConfigurationError):
        secret_for([], None)


@pytest.mark.parametrize(
    "url", ["", "x", "ftp://example.com", "http://", "https:///x", "http://host:99999", "http://[::1"]
)
def test_what_cannot_be_posted_to_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        require_http_url(url, "--to")


def test_a_foreign_host_needs_the_accounts_name() -> None:
    ours = [URL, None]
    require_own_host("https://API.example.com:8443/other", ours=ours, account="acct_1", confirm=None)
    for url in ("https://example.com/", "http://127.0.0.1/x", "https://api.example.com.evil.example/"):
        with pytest.raises(GuardRefused) as caught:
            require_own_host(url, ours=ours, account="acct_1", confirm="yes")
        assert caught.value.code == "guard.foreign_host"
        require_own_host(url, ours=ours, account="acct_1", confirm="acct_1")


def test_endpoints_are_read_with_what_we_noted_on_them(stripe_events: StripeWithEvents) -> None:
    created = stripe_events.client.v1.webhook_endpoints.create(
        params={
            "url": "http://127.0.0.1:8000/hook",
            "enabled_events": ["*"],
            "metadata": {"managed_by": "creditctl", "secret_fingerprint": "0a1b2c3d"},
        }
    )

    assert read_endpoints(stripe_events.client) == (
        Endpoint(created.id, "http://127.0.0.1:8000/hook", True, True, "0a1b2c3d"),
    )
