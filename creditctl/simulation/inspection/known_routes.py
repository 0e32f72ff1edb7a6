"""Routes of a backend, from its OpenAPI document: method, path, parameters and the body that each wants (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

DOCUMENT_PATHS = (
    "/openapi.json", "/api/openapi.json", "/swagger.json", "/api/swagger.json", "/swagger/v1/swagger.json",
    "/v3/api-docs", "/api-docs", "/docs/openapi.json", "/api/schema/?format=json", "/api-json", "/docs-json",
)  # fmt: skip
"""Where frameworks put it: FastAPI, Spring, Nest, drf-spectacular, Swashbuckle and others."""

_METHODS = ("get", "post", "put")
_DEEPEST = 8

ROLES: dict[str, tuple[str, Mapping[str, int]]] = {
    "webhook": (
        "POST",
        {"webhook": 6, "hook": 4, "stripe": 4, "event": 1, "checkout": -9, "purchase": -9, "buy": -9, "pay": -1,
         "session": -9, "customer": -9, "portal": -9, "subscription": -9, "refund": -9, "intent": -9},
    ),
    "purchase": (
        "POST",
        {"purchase": 6, "checkout": 6, "buy": 6, "topup": 5, "recharge": 5, "order": 4, "payment": 4, "session": 1,
         "credit": 1, "webhook": -9, "hook": -9, "spend": -9, "debit": -9, "refund": -9},
    ),
    "balance": (
        "GET",
        {"balance": 7, "credit": 4, "wallet": 4, "token": 4, "quota": 4, "me": 4, "account": 2, "session": -6,
         "history": -6, "transaction": -6, "package": -6, "plan": -6, "success": -6, "checkout": -6},
    ),
    "session": (
        "GET",
        {"session": 5, "success": 5, "confirm": 5, "receipt": 5, "checkout": 2, "order": 2, "status": 1},
    ),
    "spend": (
        "POST",
        {"spend": 6, "consume": 6, "deduct": 6, "debit": 6, "usage": 5, "use": 5, "charge": 2, "credit": 1,
         "webhook": -9, "purchase": -9, "checkout": -9, "refund": -9},
    ),
}  # fmt: skip
"""What each part of a declaration is called in the paths of real backends, and how much a word speaks for it."""

_ENOUGH = 4
_SIGNATURE, _SIGNED = "stripe-signature", 10
"""The header that only webhooks ask for, and how much it speaks for one."""


@dataclass(frozen=True, slots=True)
class KnownRoute:
    """One route. Shape: `body` has the schema of each field of its JSON body, `required` those that must be there."""

    method: str
    path: str
    query: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    body: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    required: tuple[str, ...] = ()

    @property
    def words(self) -> set[str]:
        """The words of its path, in the singular, without parameters."""
        plain = re.sub(r"([a-z])([A-Z])", r"\1-\2", re.sub(r"\{[^}]*\}", "", self.path))
        return {re.sub(r"(?<!s)s$", "", word) for word in re.findall(r"[a-z]+", plain.lower())}

    @property
    def least(self) -> KnownRoute:
        """The same with the required fields of its body alone."""
        return replace(self, body={name: schema for name, schema in self.body.items() if name in self.required})

    @property
    def parameters(self) -> list[str]:
        """The names in braces."""
        return re.findall(r"\{([^}]*)\}", self.path)


def read_openapi(document: Mapping[str, Any]) -> tuple[KnownRoute, ...]:
    """Every route of a document, OpenAPI 2 or 3. Shape: empty where it is none."""
    paths = document.get("paths")
    return tuple(_routes(document, paths)) if isinstance(paths, Mapping) else ()


def _routes(document: Mapping[str, Any], paths: Mapping[str, Any]) -> Iterator[KnownRoute]:
    base = str(document.get("basePath") or "").rstrip("/")
    for path, item in paths.items():
        shared = item.get("parameters", []) if isinstance(item, Mapping) else []
        for method in _METHODS:
            if isinstance(item, Mapping) and isinstance(item.get(method), Mapping):
                yield _route(document, method, base + str(path), item[method], shared)


def _route(
    document: Mapping[str, Any], method: str, path: str, operation: Mapping[str, Any], shared: Sequence[Any]
) -> KnownRoute:
    given = [_resolved(document, each) for each in (*shared, *operation.get("parameters", []))]
    schema = _body_schema(document, operation, given)
    fields = {name: _resolved(document, each) for name, each in (schema.get("properties") or {}).items()}

    def named(place: str) -> tuple[str, ...]:
        return tuple(str(each.get("name")) for each in given if each.get("in") == place)

    required = tuple(str(name) for name in schema.get("required") or ())
    return KnownRoute(method.upper(), path, named("query"), named("header"), fields, required)


def _body_schema(
    document: Mapping[str, Any], operation: Mapping[str, Any], given: Sequence[Mapping[str, Any]]
) -> Mapping[str, Any]:
    body = _resolved(document, operation.get("requestBody") or {})
    for kind, content in (body.get("content") or {}).items():
        if "json" in kind:
            return _resolved(document, content.get("schema") or {})
    schemas = [each.get("schema") or {} for each in given if each.get("in") == "body"]
    return _resolved(document, schemas[0]) if schemas else {}


def _resolved(document: Mapping[str, Any], found: Any, depth: int = 0) -> Mapping[str, Any]:
    """What a reference stands for; the first of several choices."""
    if not isinstance(found, Mapping) or depth > _DEEPEST:
        return {}
    if isinstance(found.get("$ref"), str):
        target: Any = document
        for part in found["$ref"].removeprefix("#/").split("/"):
            target = target.get(part) if isinstance(target, Mapping) else None
        return _resolved(document, target, depth + 1)
    for choice in ("allOf", "anyOf", "oneOf"):
        if found.get(choice):
            return _resolved(document, found[choice][0], depth + 1)
    return found


def best_route(routes: Sequence[KnownRoute], role: str) -> KnownRoute | None:
    """The route whose words speak most for a role; None where none does."""
    fitting = [each for each in routes if each.method == ROLES[role][0] and _may_be(each, role)]
    ranked = sorted(fitting, key=lambda each: (-_score(each, role), len(each.path)))
    return ranked[0] if ranked and _score(ranked[0], role) >= _ENOUGH else None


def _score(route: KnownRoute, role: str) -> int:
    signed = any(name.lower() == _SIGNATURE for name in route.headers)
    words = ROLES[role][1]
    return sum(words.get(word, 0) for word in route.words) + signed * (_SIGNED if role == "webhook" else -_SIGNED)


def _may_be(route: KnownRoute, role: str) -> bool:
    """A session's page names a session; a webhook and a purchase name nothing that we could not fill in."""
    if role == "session":
        return bool(route.parameters) or any("session" in name for name in route.query)
    return role == "balance" or len(route.parameters) <= 1
