"""Routes out of OpenAPI documents: versions 2 and 3, references, and which route plays which part."""

from __future__ import annotations

from typing import Any

import pytest

from creditctl.simulation.inspection.known_routes import KnownRoute, best_route, read_openapi

THREE: dict[str, Any] = {
    "openapi": "3.1.0",
    "paths": {
        "/v1/checkout": {
            "post": {
                "parameters": [{"in": "header", "name": "x-user"}],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Buy"}}}},
            }
        },
        "/v1/wallets/{id}": {"get": {}, "parameters": [{"in": "query", "name": "user_id"}]},
    },
    "components": {
        "schemas": {
            "Buy": {"properties": {"pack": {"anyOf": [{"type": "string"}, {"type": "null"}]}}, "required": ["pack"]}
        }
    },
}


def test_a_document_of_version_3_with_references() -> None:
    checkout, wallet = read_openapi(THREE)

    assert (checkout.method, checkout.path, checkout.headers) == ("POST", "/v1/checkout", ("x-user",))
    assert (checkout.body, checkout.required) == ({"pack": {"type": "string"}}, ("pack",))
    assert (wallet.method, wallet.query, wallet.parameters) == ("GET", ("user_id",), ["id"])


def test_a_document_of_version_2_with_a_base_path() -> None:
    body = {"in": "body", "name": "body", "schema": {"properties": {"plan": {"type": "integer"}}}}
    document = {"swagger": "2.0", "basePath": "/api/", "paths": {"/buy": {"post": {"parameters": [body]}}}}

    (route,) = read_openapi(document)

    assert (route.path, route.body) == ("/api/buy", {"plan": {"type": "integer"}})


@pytest.mark.parametrize(
    "document",
    [
        {}, {"paths": None}, {"paths": {"/x": None}}, {"paths": {"/x": {"post": None}}},
        {"paths": {"/x": {"get": {"parameters": [{"$ref": "#/nowhere"}]}}}},
        {"a": {"$ref": "#/a"}, "paths": {"/x": {"post": {"requestBody": {"$ref": "#/a"}}}}},
    ],
)  # fmt: skip
def test_broken_documents_break_nothing(document: dict[str, Any]) -> None:
    assert all(route.body == {} for route in read_openapi(document))


@pytest.mark.parametrize(
    ("role", "right", "wrong"),
    [
        ("webhook", "POST /hooks/stripe-events", "POST /checkout"),
        ("purchase", "POST /v1/checkoutSessions", "POST /webhooks/payments"),
        ("balance", "GET /wallets/{id}", "GET /checkout/session/{id}"),
        ("balance", "GET /users/{id}/credits", "GET /credits/packages"),
        ("session", "GET /checkout/success/{session_id}", "GET /balance"),
        ("spend", "POST /wallets/{id}/debits", "POST /credits/purchase"),
    ],
)
def test_words_of_a_path_say_which_part_it_plays(role: str, right: str, wrong: str) -> None:
    texts = (wrong, right, "GET /health", "POST /login")
    routes = [KnownRoute(method, path) for method, path in (text.split() for text in texts)]

    found = best_route(routes, role)

    assert found is not None
    assert f"{found.method} {found.path}" == right
    assert best_route([KnownRoute("GET", "/health"), KnownRoute("POST", "/login")], role) is None


def test_a_route_that_asks_for_the_signature_is_the_webhook_whatever_it_is_called() -> None:
    routes = [
        KnownRoute("POST", "/stripe/checkout"),
        KnownRoute("POST", "/incoming", headers=("Stripe-Signature",)),
        KnownRoute("POST", "/stripe"),
    ]

    assert best_route(routes, "webhook") == routes[1]
    assert best_route([routes[0], routes[2]], "webhook") == routes[2]
    assert best_route(routes[:1], "webhook") is None
