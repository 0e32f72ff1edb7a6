"""Documented endpoints: which calls Stripe has, whether they answer a list, and by what a list can be filtered.

Source: the services of stripe-python; `_OLDER` has lists that the types left out and the API still answers.
"""

from functools import lru_cache
from typing import Any

import msgspec

from creditctl.emulator.documented.data_files import read_lines

_OLDER = (
    ["GET", "/v1/customers/{customer}/bank_accounts", "list"],
    ["GET", "/v1/customers/{customer}/subscriptions", "list"],
)
"""Source: the `url` of `sources` and `subscriptions` in an expanded customer, which SDKs go on reading at."""


class DocumentedEndpoint(msgspec.Struct, frozen=True):
    """One call of Stripe's API: `answers` is `list`, `search` or `one`."""

    method: str
    pattern: str
    answers: str
    filters: frozenset[str] = frozenset()


def find_endpoint(method: str, path: str) -> DocumentedEndpoint | None:
    """The documented endpoint for a request, where there is one."""
    node = _tree()
    for part in path.split("/")[1:]:
        if not part:
            return None  # an id that is empty, or a trailing slash
        node = node.get(part) or node.get("*") or {}
    found: DocumentedEndpoint | None = node.get(":" + method)
    return found


@lru_cache(maxsize=1)
def _tree() -> dict[str, Any]:
    """The endpoints by the segments of their path, `*` for an id, and by their method."""
    root: dict[str, Any] = {}
    for method, pattern, answers, *filters in [*read_lines("endpoints.txt"), *_OLDER]:
        node = root
        for part in pattern.strip("/").split("/"):
            node = node.setdefault("*" if part.startswith("{") else part, {})
        node[":" + method] = DocumentedEndpoint(method, pattern, answers, frozenset(filters))
    return root
