"""Templates of a declaration: paths and bodies of a backend with {user}, {session} and the package's fields (pure)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from creditctl.core.catalog import Catalog
from creditctl.simulation.inspection.known_routes import KnownRoute

_USER = re.compile(r"user|account|customer|buyer|owner|uid|member", re.IGNORECASE)
_SESSION = re.compile(r"session|order|checkout|^sid$", re.IGNORECASE)
_PACKAGE = re.compile(r"pack|plan|product|price|bundle|sku|tier|item|offer", re.IGNORECASE)
_COUNT = re.compile(r"credit|token|amount|units|cost|points|quantity|count", re.IGNORECASE)
_METHOD = re.compile(r"method|provider|gateway|processor", re.IGNORECASE)
_BALANCE = (r"balance", r"credits?$", r"remaining|available", r"tokens?$|points$|quota")

GUESSED_BODIES = (
    '{"package_id": {number}, "payment_method": "stripe"}',
    '{"package_id": {number}}',
    '{"packageId": {number}}',
    '{"package": {number}}',
    '{"package": "{slug}"}',
    '{"package_id": "{slug}"}',
    '{"packageId": "{slug}"}',
    '{"plan": "{slug}"}',
    '{"pack": "{slug}"}',
    '{"user_id": "{user}", "package_id": {number}}',
    '{"userId": "{user}", "packageId": {number}}',
    '{"userId": "{user}", "packageId": "{slug}"}',
    '{"user_id": "{user}", "package": "{slug}"}',
)
"""Bodies of purchases as they are usual, tried one after the other where no document says it."""


def path_template(route: KnownRoute) -> str:
    """A route's path with {user} and {session} in its parameters, and its user in the query."""
    path = re.sub(r"\{([^}]*)\}", lambda found: _placeholder(found.group(1)), route.path)
    asked = [f"{name}={_placeholder(name)}" for name in route.query if _USER.search(name) or _SESSION.search(name)]
    return path + ("?" + "&".join(asked) if asked else "")


def _placeholder(name: str) -> str:
    return "{session}" if _SESSION.search(name) and not _USER.search(name) else "{user}"


def body_template(route: KnownRoute, catalog: Catalog) -> tuple[str, tuple[str, ...]]:
    """The body that a route wants, and the required fields that could not be guessed."""
    wanted = {name: _value(name, schema, catalog) for name, schema in route.body.items()}
    kept = {name: value for name, value in wanted.items() if value is not None}
    missing = tuple(name for name in route.required if wanted.get(name) is None)
    return "{" + ", ".join(f"{json.dumps(name)}: {value}" for name, value in kept.items()) + "}", missing


def spend_template(route: KnownRoute, catalog: Catalog) -> str:
    """The body that spends credits: a lone number that nothing else fits is how many."""
    body, missing = body_template(route, catalog)
    if "{credits}" in body or len(missing) != 1 or route.body[missing[0]].get("type") not in ("integer", "number"):
        return body
    filled = json.dumps(missing[0]) + ": {credits}}"
    return "{" + filled if body == "{}" else body[:-1] + ", " + filled


def _value(name: str, schema: Mapping[str, Any], catalog: Catalog) -> str | None:
    """The text of one field in a template; None where nothing fits."""
    choices = [str(choice) for choice in schema.get("enum") or () if choice is not None]
    number = schema.get("type") in ("integer", "number")
    if "stripe" in choices or _METHOD.search(name):
        return '"stripe"' if not choices or "stripe" in choices else json.dumps(choices[0])
    if _USER.search(name):
        return "{user}" if number else '"{user}"'
    if _PACKAGE.search(name):
        return "{number}" if number else _text_of_package(choices, catalog)
    if _COUNT.search(name):
        return "{credits}" if number else None
    return json.dumps(choices[0]) if choices else None


def _text_of_package(choices: Sequence[str], catalog: Catalog) -> str:
    """Which text names a package: its slug, unless the choices are numbers or names."""
    if choices and set(choices) <= {str(package.number) for package in catalog}:
        return '"{number}"'
    if choices and set(choices) <= {package.name for package in catalog}:
        return '"{name}"'
    return '"{slug}"'


def find_pointer(document: object, wanted: str, pointer: str = "") -> str | None:
    """The JSON pointer to the first value below a key that fits a pattern and is a whole number or a text of digits."""
    if not isinstance(document, Mapping):
        return None
    places = {f"{pointer}/{_escaped(str(key))}": (str(key), value) for key, value in document.items()}
    for place, (key, value) in places.items():
        if re.search(wanted, key, re.IGNORECASE) and _is_count(value):
            return place
    found = (find_pointer(value, wanted, place) for place, (_, value) in places.items())
    return next((each for each in found if each is not None), None)


def _escaped(key: str) -> str:
    """Source: RFC 6901, section 3."""
    return key.replace("~", "~0").replace("/", "~1")


def _is_count(value: object) -> bool:
    if isinstance(value, str):
        return value.isdigit()
    return isinstance(value, int | float) and not isinstance(value, bool)


def balance_pointer(text: str) -> str | None:
    """The JSON pointer to a balance in an answer; None where there is none."""
    try:
        document = json.loads(text)
        found = (find_pointer(document, wanted) for wanted in _BALANCE)
        return next((each for each in found if each is not None), None)
    except (ValueError, RecursionError):
        return None
