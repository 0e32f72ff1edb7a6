"""Redaction and links of the overview pages."""

import pytest

from creditctl.emulator.pages.overview.redaction import EXAMPLE_KEY, linked, redact


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("sk_live_abcdefghijkl", "sk_live_…"),
        ("say rk_test_abcdefghijkl, please", "say rk_test_…, please"),
        ("whsec_0123456789", "whsec_…"),
        ("pi_3abcdefgh_secret_xyz", "pi_3abcdefgh_secret_…"),
        ("postgres://me:pw@db/x", "postgres://…@db/x"),
        ("https://example.com/a@b", "https://example.com/a@b"),
        (EXAMPLE_KEY, EXAMPLE_KEY),
        (EXAMPLE_KEY + "1", "sk_test_…"),
        ("me@example.com", "me@example.com"),
    ],
)
def test_keys_secrets_and_passwords_are_masked(text: str, shown: str) -> None:
    assert redact(text) == shown


def test_ids_are_links_and_everything_else_is_text() -> None:
    assert str(linked('<"pi_3abcdefghij">')) == (
        '&lt;&#34;<a href="/objects/pi_3abcdefghij">pi_3abcdefghij</a>&#34;&gt;'
    )
