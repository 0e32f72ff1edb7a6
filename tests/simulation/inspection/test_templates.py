"""Templates of a declaration out of routes and answers."""

from __future__ import annotations

from importlib import resources
from typing import Any

import pytest

from creditctl.core.catalog import Catalog, parse_catalog
from creditctl.simulation.inspection.known_routes import KnownRoute
from creditctl.simulation.inspection.templates import balance_pointer, body_template, path_template, spend_template

CATALOG: Catalog = parse_catalog(resources.files("creditctl.core").joinpath("packages.toml").read_text())


def test_parameters_become_the_user_or_the_session() -> None:
    assert path_template(KnownRoute("GET", "/wallets/{id}")) == "/wallets/{user}"
    assert path_template(KnownRoute("GET", "/checkout/{session_id}")) == "/checkout/{session}"
    assert path_template(KnownRoute("GET", "/credits", ("userId", "page"))) == "/credits?userId={user}"
    assert path_template(KnownRoute("GET", "/confirm/{sid}")) == "/confirm/{session}"
    assert path_template(KnownRoute("GET", "/done", ("session_id",))) == "/done?session_id={session}"


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ({"package_id": {"type": "integer"}}, '{"package_id": {number}}'),
        ({"pack": {"type": "string"}}, '{"pack": "{slug}"}'),
        ({"pack": {"type": "string", "enum": ["1", "2"]}}, '{"pack": "{number}"}'),
        ({"plan": {"enum": ["Starter", "Basic"]}}, '{"plan": "{name}"}'),
        ({"credits": {"type": "integer"}, "userId": {"type": "string"}}, '{"credits": {credits}, "userId": "{user}"}'),
        ({"method": {"enum": ["paypal", "stripe"]}}, '{"method": "stripe"}'),
        ({"user_id": {"type": "integer"}, "note": {"type": "string"}}, '{"user_id": {user}}'),
    ],
)
def test_a_body_is_filled_by_the_names_and_types_of_its_fields(fields: dict[str, Any], body: str) -> None:
    assert body_template(KnownRoute("POST", "/buy", body=fields), CATALOG) == (body, ())


def test_a_required_field_that_nobody_can_guess_is_named() -> None:
    route = KnownRoute("POST", "/buy", body={"captcha": {"type": "string"}}, required=("captcha",))

    assert body_template(route, CATALOG) == ("{}", ("captcha",))


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ('{"success": true, "balance": 0}', "/balance"),
        ('{"data": {"user": 7, "credits_available": 3}}', "/data/credits_available"),
        ('{"user": {"id": 5, "credits": "12"}}', "/user/credits"),
        ('{"a/b": {"tokens": 1}}', "/a~1b/tokens"),
        ('{"balance": true}', None),
        ('{"error": "none"}', None),
        ("<html>", None),
        ("[1]", None),
    ],
)
def test_the_number_of_a_balance_is_found_by_its_name(text: str, pointer: str | None) -> None:
    assert balance_pointer(text) == pointer


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ({"n": {"type": "integer"}}, '{"n": {credits}}'),
        ({"user": {"type": "string"}, "n": {"type": "integer"}}, '{"user": "{user}", "n": {credits}}'),
        ({"units": {"type": "integer"}}, '{"units": {credits}}'),
        ({"why": {"type": "string"}}, "{}"),
    ],
)
def test_a_lone_number_of_a_debit_is_how_many_credits(fields: dict[str, Any], body: str) -> None:
    assert spend_template(KnownRoute("POST", "/spend", body=fields, required=tuple(fields)), CATALOG) == body
