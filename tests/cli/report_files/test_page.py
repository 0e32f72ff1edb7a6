"""Pages of one file: what they show is escaped, their policy fits their style, and no secret stands in them."""

from __future__ import annotations

import base64
import hashlib
import re

from creditctl.cli.report_files.page import page
from tests.support.keys import TEST_KEY


def made(text: str) -> str:
    rows = [{"name": text, "outcome": "failed", "word": text, "title": text, "seen": [text], "log": text}]
    return page("simulate.html", summary=text, rows=rows)


def test_every_value_is_escaped() -> None:
    html = made("\"><script>alert('x')</script>&amp;")
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "&amp;amp;" in html


def test_its_policy_knows_its_style_by_its_hash_and_lets_nothing_else_in() -> None:
    html = made("x")
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src &#39;none&#39;; style-src &#39;sha256-{digest}&#39;" in html
    assert not re.search(r"\b(src|href|style|on\w+)=", html), "nothing is loaded, and no style stands in an attribute"


def test_no_secret_stands_in_it() -> None:
    assert TEST_KEY not in made(f"the key {TEST_KEY} was refused")


def test_what_would_turn_around_or_hide_what_stands_beside_it_is_spelled_out() -> None:
    html = made("user\u202e1\u2066\u200b\x1b\n")
    assert "user\\u202e1\\u2066\\u200b\\x1b\n" in html
    assert not set("\u202e\u2066\u200b\x1b") & set(html)
