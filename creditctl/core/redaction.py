"""Redaction by value: what was read from a variable named as a secret is cut out of every output, in any spelling.

`core/keys.py:redact` knows secrets by their look; here they are known by their value: a password has no look. One
`Redactor` lives as long as the program; values are registered where they are read, and output passes through it.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from creditctl.core.keys import EXAMPLE_KEY, SECRET_PATTERN, Secret
from creditctl.core.query_values import SHOWN_INSTEAD, QueryValues

_SECRET_NAME = re.compile(
    r"SECRET|TOKEN|PASSWORD|PASSWD|PASSPHRASE|KEY|CREDENTIAL|DATABASE_URL|DSN|(?:\A|_)(?:PASS|PWD|AUTH|SIG)(?:_|\Z)",
    re.IGNORECASE,
)
_NO_SECRET_NAME = re.compile(
    r"PUBLIC|PUBLISHABLE|_(?:FILE|PATH|DIR|SECONDS|TTL|LENGTH|SIZE|COUNT|ALGORITHM)\Z", re.IGNORECASE
)
_SHORTEST = 6
"""Fewer characters than these stand in too many words and numbers; they are cut out only where a secret is written."""
_FREE = 8
"""From this length on a value is cut out inside other words too."""
_LONGEST_WORD = 12
"""A value of fewer letters, and letters alone, may be a word: it is not cut out of codes, options and other words."""
_LONG_LINE = 16
_OUR_WORDS = frozenset(
    (
        *("balance", "credits", "creditctl", "default", "emulator", "package", "password", "payment"),
        *("postgres", "reconcile", "secret", "stripe", "webhook", "webhooks"),
    )
)
"""Words of every second line that we print: as a password they are one that everybody knows."""
_NUMBER = re.compile(r"[\d.,:+-]+\Z")
_PASSWORD = re.compile(r"(?:password|passwd|pwd)\s*=\s*('[^']*'|\"[^\"]*\"|[^\s;&]+)", re.IGNORECASE)
_ASSIGNMENT = re.compile(r"(?<![\w-])([A-Z][A-Z0-9_]+)=('[^']*'|\"[^\"]*\"|[^\s;&|]+)")
"""A variable of a typed command, `DB_PASSWORD=… ./run`: in capitals, which `payment_key=order` is not."""
_URL = re.compile(r"\w[\w+.:-]*://.*\Z")
_URL_WITHIN = re.compile(r"\w[\w+.:-]*://[^\s\"<>`]+")
"""A URL of a command line within a word, `sh -c 'curl https://…'`: what stands behind it is none of its credentials."""
_PASSWORD_IN_URL = re.compile(r"(?<=://)((?:[^\s/?#@:\"'<>`]*):)[^\s/?#@\"'<>`]+(?=@)")
"""A password before the host of a URL, whoever wrote it: an endpoint on Stripe may carry one."""
_TELLING_PLACE = r"(?:(?<=:){0}(?=@)|(?<=password=){0}(?=\W|\Z)|(?<=[\"']){0}(?=[\"'](?!\s*:)))"
"""A place where a short value can only be a secret: before the @ of a URL, as a parameter, alone between quotes."""


def is_secret_name(name: str) -> bool:
    """Whether a variable or parameter is named as one that holds a secret."""
    return bool(_SECRET_NAME.search(name)) and not _NO_SECRET_NAME.search(name)


class Redactor:
    """Redactor of secrets by their value, in every spelling in which an output could show them.

    Shape: `register` what is read, `redact` what is written; `release` what a person asked to be shown.
    """

    def __init__(self) -> None:
        self._shown: dict[str, str] = {}
        self._patterns: dict[str, re.Pattern[str]] = {}
        self._queries = QueryValues(is_secret_name)

    def register_all(self, values: Mapping[str, str | None]) -> None:
        """Registers those values whose variables are named as secrets, and of any URL its credentials and query."""
        for name, value in values.items():
            if value and is_secret_name(name):
                self.register(value)
            elif value:
                self.register_address(value)

    def register_address(self, value: str) -> None:
        """Registers what nobody is to see of a setting's URL: its password, and the value of each query parameter."""
        self._hide(_hidden_in_url(value.strip()) if _URL.match(value.strip()) else ())
        self._hide(self._queries.register(value))

    def register(self, value: str, *, whole: bool = False) -> None:
        """Registers a secret. Shape: of a URL its credentials; with `whole`, a web address as such is one."""
        for secret in _secrets_in(value, whole=whole):
            if secret != EXAMPLE_KEY:
                self._shown |= {form: _shown(secret) for form in _forms(secret) if form not in self._shown}
        if _URL.match(value.strip()):
            self._hide(self._queries.register(value))

    def register_typed(self, words: Iterable[str]) -> None:
        """Registers what a command line should not hold and does: a key, a URL's password, `password=…`."""
        for word in map(str.strip, words):
            for url in _URL_WITHIN.findall(word):
                self._hide(_hidden_in_url(url))
            self._hide(_passwords(word))
            self._hide(self._queries.register(word))
            self._hide(each for each in SECRET_PATTERN.findall(word) if each != EXAMPLE_KEY)

    def _hide(self, secrets: Iterable[str]) -> None:
        self._shown |= {form: _shown(secret) for secret in secrets for form in _forms(secret)}

    def release(self, value: str) -> None:
        """Lets a value be shown for the rest of the run, because that is what was asked for."""
        for form in [form for form in self._shown if value in form or form in value]:
            del self._shown[form]

    def redact(self, text: str) -> str:
        """The text without any registered value, the longest cut out first, and without what any URL carries."""
        found = [form for form in self._shown if form in text]
        for form in sorted(found, key=len, reverse=True):
            text = _cut_out(self._pattern(form), self._shown[form], text)
        text = _PASSWORD_IN_URL.sub(rf"\1{SHOWN_INSTEAD}", text) if "://" in text else text
        return self._queries.cut_out(text)

    def _pattern(self, form: str) -> re.Pattern[str]:
        if form not in self._patterns:
            self._patterns[form] = re.compile(_where(form))
        return self._patterns[form]


def _cut_out(pattern: re.Pattern[str], shown: str, text: str) -> str:
    return pattern.sub(lambda _match: shown, text)


def _where(form: str) -> str:
    """Where a value is cut out. Shape: never the name of a JSON field, which is a word of ours."""
    escaped = re.escape(form)
    if len(form) < _SHORTEST or _NUMBER.match(form) or form.lower() in _OUR_WORDS:
        return _TELLING_PLACE.format(escaped)
    if form.isalpha() and len(form) < _LONGEST_WORD:
        escaped = rf"(?<![\w-])(?<!\w\.){escaped}(?![\w-])(?!\.\w)"
    elif len(form) < _FREE:
        escaped = rf"(?<!\w){escaped}(?!\w)"
    return rf"{escaped}(?!\"\s*:)"


def _shown(secret: str) -> str:
    return repr(Secret(secret)) if SECRET_PATTERN.fullmatch(secret) else SHOWN_INSTEAD


def _secrets_in(value: str, *, whole: bool) -> Iterator[str]:
    """What of a variable's value is secret: of a URL its credentials, else all of it, its lines and parts too."""
    if _URL.match(value.strip()):
        yield from _secrets_in_url(value.strip(), whole=whole)
        return
    yield from _parameters(value)  # host=db password=…, as PostgreSQL and ODBC write it
    parts = [value, value.strip(), *value.split(",")] if SECRET_PATTERN.search(value) else [value, value.strip()]
    parts += [line for line in value.splitlines() if len(line) >= _LONG_LINE]
    for part in parts:
        if part.strip() and not part.startswith("pk_"):
            yield part.strip()
            yield from _body(part.strip())


def _body(secret: str) -> Iterator[str]:
    """A key's text without its prefix, for a program that echoes no more than that."""
    body = secret.rpartition("_")[2]
    if SECRET_PATTERN.fullmatch(secret) and secret != EXAMPLE_KEY and len(body) >= _LONG_LINE:
        yield body


def _secrets_in_url(url: str, *, whole: bool) -> Iterator[str]:
    scheme, _, rest = url.partition("://")
    place = rest.partition("?")[0]
    credentials = list(_hidden_in_url(url))
    yield from credentials
    if credentials or (whole and scheme.lower() in ("http", "https")):
        yield url
        path = place.rpartition("@")[2].partition("/")[2]
        if whole and len(path) >= _LONG_LINE:
            yield path
            yield from (part for part in path.split("/") if len(part) >= _LONG_LINE)


def _hidden_in_url(url: str) -> Iterator[str]:
    """What of a URL nobody is to see: its password, and parameters that are named as secrets."""
    scheme, _, rest = url.partition("://")
    yield from _credentials(scheme, rest)
    yield from _parameters(rest.partition("?")[2])


def _credentials(scheme: str, rest: str) -> Iterator[str]:
    """The password, its pieces where it holds a character that a URL escapes, and what a reader takes for the host."""
    if "@" not in rest:
        return
    before, _, place = rest.rpartition("@")
    user, colon, password = before.partition(":")
    if not colon:
        if scheme.lower() in ("http", "https"):
            yield user  # a token: https://TOKEN@host
        return
    yield password
    host = re.split(r"[/?#]", place)[0]
    pieces = re.split(r"[@/#?:]", password)
    if len(pieces) > 1:
        yield from (piece for piece in pieces if len(piece) >= _SHORTEST)
        yield from (f"{password}@{host}", f"{pieces[-1]}@{host}")


def _parameters(query: str) -> Iterator[str]:
    for parameter in re.split(r"[&;\s]", query):
        name, _, value = parameter.partition("=")
        if value and is_secret_name(name):
            yield from {value, value.strip("\"'"), value.partition("#")[0]} - {""}


def _passwords(word: str) -> Iterator[str]:
    """The values of what can be nothing but a password. Shape: `--map payment_key=order` holds none."""
    yield from (value.strip("\"'") for value in _PASSWORD.findall(word))
    yield from (value.strip("\"'") for name, value in _ASSIGNMENT.findall(word) if is_secret_name(name))


def _forms(secret: str) -> set[str]:
    """A secret as it is, percent-encoded and decoded, and as JSON, Python and HTML write it in a text."""
    plain = {secret, unquote(secret), unquote_plus(secret)}
    encoded = {form for each in plain for form in (quote(each, safe=""), quote(each), quote_plus(each))}
    encoded |= {re.sub(r"%[0-9A-F]{2}", lambda match: match.group().lower(), form) for form in encoded}
    escaped = {json.dumps(each)[1:-1] for each in plain} | {repr(each)[1:-1] for each in plain}
    escaped |= {json.dumps(each, ensure_ascii=False)[1:-1] for each in plain}
    escaped |= {html.escape(each) for each in plain} | {html.escape(each, quote=False) for each in plain}
    return {form for form in plain | encoded | escaped if form}
