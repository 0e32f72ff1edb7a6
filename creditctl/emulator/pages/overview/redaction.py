"""Redaction and links in what the overview pages show of objects: no key, no secret, ids as links.

Keys are not kept here at all, but an application may have written one into metadata, and may answer a webhook with one.
"""

import re
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from markupsafe import Markup

EXAMPLE_KEY = "sk_test_emulator0000000000"
"""The key that `creditctl emulator` proposes; it opens nothing outside."""
_SECRET = re.compile(r"(?:(?:sk|rk|rkcs)_(?:test|live)_|whsec_|_secret_)[A-Za-z0-9_]+")
_PASSWORD = re.compile(r"://[^/@\s\"]+@")
_ID = re.compile(
    r"\b(?:cs_(?:test|live)|pi|ch|py|re|pyr|du|dp|cus|evt|prod|price|txn|po|we|pm|in|seti|promo|issfr|prv)_[A-Za-z0-9]{6,}"
)


def redact(text: str) -> str:
    """A text with every key and secret, and the password of every URL masked; the example key stays."""
    return _PASSWORD.sub("://…@", _SECRET.sub(_masked, text))


def _masked(found: re.Match[str]) -> str:
    whole = found[0]
    if whole == EXAMPLE_KEY:
        return whole
    head = re.match(r"(?:sk|rk|rkcs)_(?:test|live)_|whsec_|_secret_", whole)
    return (head[0] if head else "") + "…"


def shown_json(body: bytes) -> "Markup":
    """An object's JSON, indented, redacted, its ids as links."""
    return linked(redact(msgspec.json.format(body, indent=2).decode()))


def linked(text: str) -> "Markup":
    """A text as HTML, its ids as links to their pages."""
    from markupsafe import Markup, escape

    parts: list[Markup] = []
    end = 0
    for found in _ID.finditer(text):
        parts += [escape(text[end : found.start()]), Markup('<a href="/objects/{0}">{0}</a>').format(found[0])]
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])
