"""Value patterns: hidden characters, kind of key and account, judged by characters alone."""

from __future__ import annotations

import re
import unicodedata

_KINDS = (
    (r"sk_org_|sk_org\Z", "an organisation key (sk_org_…), which creditctl does not support"),
    (r"sk_(test|live)_", "a secret key (sk_…)"),
    (r"(rk|rkcs)_(test|live)_", "a restricted key (rk_…)"),
    (r"pk_(test|live)_", "a publishable key (pk_…)"),
    (r"whsec_", "a webhook signing secret (whsec_…)"),
    (r"ek_(test|live)_", "an ephemeral key (ek_…), which lives for minutes"),
    (r"oak_", "a login token of the Stripe CLI (oak_…)"),
    (r"acct_", "an account id (acct_…)"),
    (r"we_", "a webhook endpoint's id (we_…), not its signing secret"),
    (r"(prod|price|cus|evt|cs|pi|ch)_", "the id of an object on Stripe"),
    (r"sk_[A-Za-z0-9]", "a key of the old form without a mode (sk_…)"),
    (r"https?://", "a URL"),
)
_REFERENCE = re.compile(r"\$\{|\$[A-Za-z_(]")
_MODERN_BODY = re.compile(r"(?:sk|rk|pk)_(?:test|live)_5(?P<account>[A-Za-z0-9]{16})[A-Za-z0-9]{40,}")
_ACCOUNT_BODY_CHARACTERS = 16

QUOTES = "'\"`‘’“”"
"""What people and word processors put around a value."""

_SHORTEST_BODY = 24
"""The shortest body of a key that Stripe is known to have made. Source: public key formats of its older API keys."""

_SHORTEST_MODERN_BODY = 57
_ANY_PREFIX = re.compile(r"(?:sk|rk|rkcs|pk)_(?:test|live)_|whsec_")
_CLI_SECRET_PART = re.compile(r"[0-9a-f]{24,63}")
_CLI_SECRET = re.compile(r"whsec_[0-9a-f]{64}")


def hidden_character(value: str) -> str | None:
    """The first character that cannot be seen or does not belong into a setting, as code point and position.

    Shape: `U+200B ZERO WIDTH SPACE at position 12`; plain spaces, tabs and line ends are white space, not hidden.
    """
    for position, character in enumerate(value, start=1):
        if character in " \t\r\n" or 0x20 < ord(character) < 0x7F:
            continue
        name = unicodedata.name(character, "control character")
        return f"U+{ord(character):04X} {name} at position {position}"
    return None


def has_stray_characters(value: str) -> bool:
    """Whether white space, quotes or hidden characters are in a value, so that nothing else can be said of it."""
    text = re.sub(r" *, *", ",", value)
    quoted = bool(text) and (text[0] in QUOTES or text[-1] in QUOTES)
    return quoted or hidden_character(text) is not None or re.search(r"\s", text) is not None


def refers(value: str) -> bool:
    """Whether a value refers to another variable, as `$NAME` or `${NAME}`."""
    return _REFERENCE.search(value) is not None


def looks_like(value: str) -> str:
    """Names the kind of thing that a value is, in words; never the value."""
    text = value.strip().strip("'\"")
    return next((words for pattern, words in _KINDS if re.match(pattern, text)), "no Stripe key")


def is_cut_short(key: str) -> bool:
    """Whether a key or signing secret looks like the first part of a longer one.

    Source: unconfirmed; public examples. A key of the modern form (`51` and the account) has a body of 99 characters,
    an older one 24; an endpoint's secret has 32 of any kind, that of `stripe listen` 64 hexadecimal digits.
    """
    body = _ANY_PREFIX.sub("", key, count=1)
    modern = body.startswith("51") and _SHORTEST_BODY < len(body) < _SHORTEST_MODERN_BODY
    of_cli = key.startswith("whsec_") and _CLI_SECRET_PART.fullmatch(body) is not None
    return len(body) < _SHORTEST_BODY or of_cli or (modern and not key.startswith("whsec_"))


def is_of_the_cli(secret: str) -> bool:
    """Whether a signing secret looks like that of `stripe listen`: 64 hexadecimal digits. Source: as `is_cut_short`."""
    return _CLI_SECRET.fullmatch(secret) is not None


def is_repeated(value: str) -> bool:
    """Whether a key or signing secret stands there twice, one behind the other, with or without its prefix."""
    body, prefixes = _ANY_PREFIX.subn("", value)
    half = len(body) // 2
    # a body that repeats more often is nobody's double paste, but the filler of a test
    return prefixes > 1 or (half >= _SHORTEST_BODY and (body + body).find(body, 1) == half)


def account_of_key(key: str) -> str | None:
    """The account that a key of the modern form seems to belong to, without `acct_`; None where it does not show.

    Source: unconfirmed; public examples of keys whose body is `5`, the account and random characters. Good for a hint.
    """
    match = _MODERN_BODY.fullmatch(key)
    return match["account"] if match else None


def account_of_id(account_id: str) -> str | None:
    """The same part of an account id, for comparing; None where it is not of the modern form."""
    body = account_id.removeprefix("acct_")
    return body if len(body) == _ACCOUNT_BODY_CHARACTERS else None
