"""Redaction of URL queries: a configured URL shows no value of its query, any other URL none that may be a token.

A gateway's token, a bypass of a preview's protection or a shared signature stands in a query under any name, and a
query is read by nobody of us: names stay, values are `…`. What a stranger's URL says in words, numbers and ids of
Stripe stays; what else is long enough to be a token does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_plus, unquote, unquote_plus

_PARAMETER = re.compile(r"(?<=[?&;#])([^\s=?&;#\"'<>`{}]{1,100})=([^\s&;#\"'<>`]+)")
_SENTENCE_END = ".,:)]}\\"
_WORDS = re.compile(r"(?:[a-z]+\d{0,2}|\d{1,4})(?:[._-](?:[a-z]+\d{0,2}|\d{1,4}))*|[A-Za-z]{1,11}|[\d.,:+TZ-]+")
"""Words as in `production-eu-1`, numbers and times: cut out of all that is printed they would leave holes."""
_TOKEN = re.compile(r"[\w+/.~%:|=*!$,-]{8,}", re.ASCII)
_STRIPE_ID = re.compile(
    r"(?:acct|ch|cs|cus|dp|du|evt|in|pi|pm|price|prod|py|pyr|re|txn|we)_(?:test_|live_)?[A-Za-z0-9]+|rak_[a-z_]+"
)
SHOWN_INSTEAD = "…"
"""What stands where a secret was."""


def query_values(text: str) -> Iterator[tuple[str, str]]:
    """The parameters of each URL in a text. Shape: name and value as written; `{placeholders}` are none."""
    for found in _PARAMETER.finditer(text):
        value = found[2].rstrip(_SENTENCE_END)
        if value and not found[2].startswith(("{", SHOWN_INSTEAD)):
            yield found[1], value


def may_be_token(value: str) -> bool:
    """Whether a value is long enough for a token and no word, number, time or id of Stripe."""
    return all((_TOKEN.fullmatch(value), not _WORDS.fullmatch(value), not _STRIPE_ID.fullmatch(value)))


class QueryValues:
    """Values of URL queries that are not shown, in texts of any origin.

    Shape: `is_secret_name` judges names; `register` takes settings and options, `cut_out` whatever is written.
    """

    def __init__(self, is_secret_name: Callable[[str], bool]) -> None:
        self._is_secret_name = is_secret_name
        self._known: set[tuple[str, str]] = set()

    def register(self, text: str) -> list[str]:
        """Registers every parameter of a setting's text. Shape: those values that are to be cut out anywhere."""
        found = list(query_values(text)) if "=" in text else []
        self._known |= {(name, form) for name, value in found for form in _forms(value)}
        return [value for _, value in found if may_be_token(value)]

    def cut_out(self, text: str) -> str:
        """The text with `…` for each value of a query that is known, is named as a secret, or may be a token."""
        return _PARAMETER.sub(self._shown, text) if "=" in text else text

    def _shown(self, found: re.Match[str]) -> str:
        value = found[2].rstrip(_SENTENCE_END)
        if not value or value[0] in "{…" or not self._hides(found[1], value):
            return found[0]
        return f"{found[1]}={SHOWN_INSTEAD}{found[2][len(value) :]}"

    def _hides(self, name: str, value: str) -> bool:
        if (name, value) in self._known or may_be_token(value):
            return True
        return self._is_secret_name(name) and not _STRIPE_ID.fullmatch(value)


def _forms(value: str) -> set[str]:
    plain = {value, unquote(value), unquote_plus(value)}
    return plain | {form for each in plain for form in (quote(each, safe=""), quote(each), quote_plus(each))}
