"""Placeholder and sample values: what somebody was meant to replace, and keys that everybody can read."""

from __future__ import annotations

import hashlib
import re

_URL = re.compile(r"https?://(?P<authority>[^/?#]*)", re.IGNORECASE)
_TEXT = re.compile(
    r"\.\.\.|…|\A<.*>\Z|\A\[.*\]\Z|\A\{\{.*\}\}\Z|change[-_ ]?me|replace[-_ ]?(me|this|with)|place[-_ ]?holder"
    r"|your[-_ ]?(domain|site|key|secret|app|api|stripe|frontend|backend|host|url|account|webhook|endpoint|server)"
    r"|x{6,}|\*{3,}|\A((sk|rk|pk)_(test|live)|whsec)_(0?123456789|abc(def)?123)"
    r"|\A(((sk|rk|pk)_(test|live)|whsec)_)?(todo|fixme|dummy|none|null|undefined|key|secret|here)\Z"
    r"|\A((sk|rk|pk)_(test|live)|whsec)_\Z",
    re.IGNORECASE,
)
_HOST_TEXT = re.compile(r"\.\.\.|…|[<>{}*]|\[[^\]:]*\]", re.IGNORECASE)
_HOST_LABEL = re.compile(
    r"your[-_]?((frontend|backend|api|app|web|production|staging)[-_]?)?"
    r"(domain|site|website|host|server|url|app|company|frontend|backend|project|service|business)([-_]?(name|here))?"
    r"|my[-_]?(domain|site|website|company)"
    r"|x{3,}|domain[-_]?name|change[-_]?me|replace[-_]?(me|this)",
    re.IGNORECASE,
)
_HOST = re.compile(
    r"(.+\.)?(example\.(com|org|net)|(domain|company|website|placeholder|myapp)\.com|domain\.tld)", re.IGNORECASE
)

_SAMPLE_KEYS = frozenset(
    {
        "2cafc0970149a84f3b9e62eaf169f36f59907a3b3e31f7b82e68c69cd27f7326",
        "f2d6ca16515033e5dce14eba840b979d27b5cbae24bb3e5bf484339667f86397",
        "f1d6f7a170fb89834abc80b6e42a38b18257b564aaec4eb2d39c1ffeec1a7439",
        "b1471f544ceeea31333bde7e1ecbaad6eac0d4a749412ad29bd66ef895b81c6b",
        "e73964679570f9246a02af310e150a043a15b4f2e6b152414d3c3dac1fd96ae6",
        "5895b89c8fb33402a5bfc23aad5aaf863fbb438a51e1a0bb02b0ce618c8fdf9d",
    }
)
"""SHA-256 of the keys in Stripe's own code examples, which stand in thousands of public repositories.

Source: Stripe's API reference, "Authentication": "A sample test API key is included in all the examples here".
"""


def is_placeholder(value: str) -> bool:
    """Whether a value is one that somebody was meant to replace; of a URL only the host is judged."""
    text = value.strip()
    url = _URL.match(text)
    return _is_placeholder_host(url["authority"]) if url else _TEXT.search(text) is not None


def _is_placeholder_host(authority: str) -> bool:
    """A word such as `todo` or `dummy` is a fine name for a product: whole labels count, and hosts of nobody."""
    host = authority.rpartition("@")[2].partition(":")[0].rstrip(".")
    labelled = any(_HOST_LABEL.fullmatch(label) for label in host.split("."))
    return labelled or _HOST_TEXT.search(authority) is not None or _HOST.fullmatch(host) is not None


def is_sample_key(value: str) -> bool:
    """Whether a key is one that Stripe's documentation shows to everybody."""
    return hashlib.sha256(value.strip().encode()).hexdigest() in _SAMPLE_KEYS
