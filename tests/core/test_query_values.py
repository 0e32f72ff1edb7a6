"""No value of a configured URL's query is shown, and of any other URL none that may be a token."""

from __future__ import annotations

import pytest

from creditctl.core.redaction import Redactor

TOKEN = "aB3dE6" + "gH9kL2"


@pytest.mark.parametrize("name", ["CREDITS_API_URL", "FRONTEND_URL", "ANY_BOOKS", "DATABASE_URL"])
@pytest.mark.parametrize("value", ["abc", TOKEN, "1", "production", "a%20b"])
def test_of_a_configured_url_the_names_of_its_query_stay_and_its_values_go(name: str, value: str) -> None:
    built = Redactor()
    built.register_all({name: f"https://shop.example/hook?t={value}&v=2"})

    assert built.redact(f"POST https://shop.example/hook?t={value}&v=2: 500.") in (
        "POST https://shop.example/hook?t=…&v=…: 500.",
        "POST …: 500.",
    )
    assert built.redact(f"<a href='/hook?t={value}&amp;v=2'>") == "<a href='/hook?t=…&amp;v=…'>"
    assert built.redact("production 1 abc, 2 credits") == "production 1 abc, 2 credits"
    assert TOKEN not in built.redact(f"refused {value}") or value != TOKEN


@pytest.mark.parametrize(
    "word", [f"--url=https://x.example/h?t={TOKEN}", f"/api/balance?user_id={{user}}&k={TOKEN}", f"//h/?x=1#at={TOKEN}"]
)
def test_of_a_typed_url_too(word: str) -> None:
    built = Redactor()
    built.register_typed([word])

    assert built.redact(word) == word.replace(TOKEN, "…").replace("x=1", "x=…")
    assert built.redact(f"cannot read {TOKEN}") == "cannot read …"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"https://other.example/hook?x-vercel-protection-bypass={TOKEN}.", True),
        (f"https://other.example/hook?sig={TOKEN[:3]}", True),
        (f"https://other.example/hook?a=1&amp;code=ghp_{TOKEN}", True),
        ("https://dashboard.stripe.com/keys?name=creditctl&permissions[0]=rak_checkout_session_read", False),
        ("https://shop.example/credits/success?session_id={CHECKOUT_SESSION_ID}", False),
        ("https://shop.example/credits/success?session_id=cs_test_" + "a1B2c3" * 9, False),
        ("https://shop.example/hook?deployment=production-eu-1&v=2026-10-28.endive&pack=pack-1000", False),
        ("https://shop.example/hook?v=3f2a9c1e-0b7d-4c55-9e1f-8a6b5c4d3e2f", True),
        ("https://shop.example/list?since=2026-11-01T10:00:00Z&user=anna&page=12&at=12:30@home", False),
        ("https://shop.example/webhook?deployment=production-eu-1&build=v2.10-rc1", False),
    ],
)
def test_of_a_strangers_url_what_may_be_a_token_goes(url: str, shown: bool) -> None:
    assert (Redactor().redact(url) != url) == shown
    assert TOKEN not in Redactor().redact(url)
