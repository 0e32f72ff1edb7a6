"""Host names that go away are told from those that stay."""

from __future__ import annotations

import pytest

from creditctl.checks.env.passing_hosts import passing_host


@pytest.mark.parametrize(
    ("host", "what"),
    [
        ("a.ngrok.io", "a tunnel to somebody's machine"),
        ("A.TRYCLOUDFLARE.COM.", "a tunnel to somebody's machine"),
        ("3000-x.gitpod.io", "a workspace in somebody's browser"),
        ("acme-git-fix-login-team.vercel.app", "a preview deployment"),
        ("acme-8f3k2j1x9-team.vercel.app", "a preview deployment"),
        ("my-wonderful-shop.vercel.app", ""),
        ("laptop.tail1234.ts.net", "a tunnel to somebody's machine"),
        ("branch--acme.netlify.app", "a preview deployment"),
        ("0a1b2c3d.acme.pages.dev", "a preview deployment"),
        ("acme-pr-12.onrender.com", "a preview deployment"),
        ("acme.vercel.app", ""),
        ("acme.onrender.com", ""),
        ("acme.pages.dev", ""),
        ("ngrok.io", ""),
        ("gitpod.io.acme.com", ""),
        ("", ""),
    ],
)
def test_what_goes_away(host: str, what: str) -> None:
    assert passing_host(host) == what
