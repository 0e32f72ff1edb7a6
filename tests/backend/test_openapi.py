"""The API's document is true: what it says is what happens, tried by schemathesis with requests of its own making."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable

from creditctl.backend.app import build_app
from creditctl.backend.dependencies import Dependencies
from creditctl.fulfilment.webhook import Webhook
from tests.support.backend import FakeLedger, NewEntry

if TYPE_CHECKING:
    from schemathesis import Case

EXAMPLES = 25

ENDPOINTS = {
    ("post", "/api/credits/purchase"),
    ("post", "/api/credits/webhook"),
    ("get", "/api/credits/session/{session_id}"),
    ("get", "/api/credits/packages"),
    ("get", "/api/credits/balance"),
    ("get", "/api/credits/transactions"),
    ("get", "/healthz"),
}


def test_it_names_the_endpoints_and_no_page(services: Dependencies) -> None:
    document = build_app(services).openapi()
    assert {(method, path) for path, methods in document["paths"].items() for method in methods} == ENDPOINTS


def test_every_failure_has_the_one_shape(services: Dependencies) -> None:
    document = build_app(services).openapi()
    failure = {"$ref": "#/components/schemas/Failure"}
    for methods in document["paths"].values():
        for endpoint in methods.values():
            answers = {int(status): answer for status, answer in endpoint["responses"].items()}
            assert 200 in answers
            for status, answer in answers.items():
                assert (answer["content"]["application/json"]["schema"] == failure) == (status >= 400)


def test_it_names_exactly_the_packages_there_are(services: Dependencies) -> None:
    document = build_app(services).openapi()
    body = document["components"]["schemas"]["PurchaseRequest"]
    assert body["properties"]["package_id"]["enum"] == [1, 2, 3, 4, 5]
    assert body["required"] == ["package_id", "payment_method"]


def _as_utf8(case: Case[Any]) -> dict[str, str]:
    """The headers of a case as the document says that they are sent, in UTF-8: schemathesis sends them in Latin-1."""
    return {name: str(value).encode().decode("latin-1") for name, value in (case.headers or {}).items()}


@pytest.mark.parametrize("mode", ["positive", "negative"])
@pytest.mark.parametrize(("method", "path"), sorted(ENDPOINTS))
def test_schemathesis_finds_nothing_untrue(
    services: Dependencies,
    ledger: FakeLedger,
    entry: NewEntry,
    real_webhook: Webhook,
    method: str,
    path: str,
    mode: str,
) -> None:
    schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")
    ledger.rows = [entry(number) for number in range(1, 4)]
    if mode == "negative":  # what is wrong with a delivery only the real webhook knows
        services = replace(services, webhook=real_webhook)
    schema = schemathesis.openapi.from_asgi("/openapi.json", build_app(services))
    tried: list[Case[Any]] = []

    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(schema[path][method.upper()].as_strategy(generation_mode=schemathesis.GenerationMode(mode)))
    def try_it(case: Case[Any]) -> None:
        tried.append(case)
        case.call_and_validate(headers=_as_utf8(case) if mode == "positive" else None)

    with contextlib.suppress(Unsatisfiable):  # an endpoint that takes nothing can be given nothing wrong
        try_it()
    assert tried or mode == "negative"
