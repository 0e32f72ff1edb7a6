"""Value patterns: placeholder, hidden characters, kind of key and account, judged by characters alone."""

from __future__ import annotations

import re
import unicodedata

_PLACEHOLDER = re.compile(
    r"\.\.\.|…|\A<.*>\Z|\A\[.*\]\Z|\A\{\{.*\}\}\Z|change[-_ ]?me|replace[-_ ]?(me|this|with)|place[-_ ]?holder"
    r"|your[-_ ]?(domain|site|key|secret|app|api|stripe|frontend|backend|host|url|account|webhook|endpoint|server)"
    r"|x{6,}|\*{3,}|\b(todo|fixme|dummy|none|null|undefined)\b"
    r"|(\A|//|\.)example\.(com|org|net)(?=[:/?#]|\Z)"
    r"|(sk|rk|pk)_(test|live)_(key|secret|here)?\Z|whsec_(key|secret|here)?\Z",
    re.IGNORECASE,
)
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
_MODERN_BODY = re.compile(r"(?:sk|rk|pk)_(?:test|live)_5(?P<account>[A-Za-z0-9]{16})[A-Za-z0-9]{40,}")
_ACCOUNT_BODY_CHARACTERS = 16

QUOTES = "'\"`‘’“”"
"""What people and word processors put around a value."""

SHORTEST_REAL_BODY = 24
"""The shortest body of a key that Stripe is known to have made. Source: public key formats of its older API keys."""


def is_placeholder(value: str) -> bool:
    """Whether a value is one that somebody was meant to replace."""
    return _PLACEHOLDER.search(value.strip()) is not None


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


def looks_like(value: str) -> str:
    """Names the kind of thing that a value is, in words; never the value."""
    text = value.strip().strip("'\"")
    return next((words for pattern, words in _KINDS if re.match(pattern, text)), "no Stripe key")


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
