"""What the SDK raises, in our words: the right exit code, and what to do next."""

from __future__ import annotations

import pytest
import stripe

from creditctl.core.errors import ExitCode
from creditctl.stripe_api.errors import missing_permission, translate

HEADERS = {"request-id": "req_1"}
FORBIDDEN = "The key lacks permissions. Having the 'rak_product_write' permission would allow this request to continue."


@pytest.mark.parametrize(
    ("error", "code", "exit_code"),
    [
        (stripe.APIConnectionError("no route"), "stripe.unreachable", ExitCode.UNREACHABLE),
        (stripe.AuthenticationError("Invalid API Key", http_status=401), "stripe.authentication", ExitCode.STRIPE_REFUSED),  # noqa: E501
        (stripe.PermissionError(FORBIDDEN, http_status=403), "stripe.permission", ExitCode.CONFIGURATION),
        (stripe.RateLimitError("slow down", http_status=429), "stripe.rate_limit", ExitCode.UNREACHABLE),
        (stripe.APIError("<html>busy</html>", http_status=429), "stripe.rate_limit", ExitCode.UNREACHABLE),
        (stripe.APIError("oops", http_status=502), "stripe.server_error", ExitCode.UNREACHABLE),
        (stripe.InvalidRequestError("No such price", "price", http_status=404), "stripe.refused", ExitCode.STRIPE_REFUSED),  # noqa: E501
    ],
)  # fmt: skip
def test_each_kind_has_its_exit_code_and_a_next_step(error: stripe.StripeError, code: str, exit_code: ExitCode) -> None:
    translated = translate(error)

    assert translated is not None
    assert (translated.code, translated.exit_code) == (code, exit_code)
    assert translated.fix


def test_stripes_code_and_request_id_are_kept() -> None:
    body = {"error": {"message": "No such price: 'x'", "code": "resource_missing", "type": "invalid_request_error"}}
    error = stripe.InvalidRequestError(
        "No such price: 'x'", "price", "resource_missing", http_status=404, json_body=body, headers=HEADERS
    )

    translated = translate(error)

    assert translated is not None
    assert translated.code == "stripe.resource_missing"
    assert translated.request_id == "req_1"


def test_the_missing_permission_is_named() -> None:
    error = stripe.PermissionError(FORBIDDEN, http_status=403)

    assert missing_permission(error) == "rak_product_write"
    assert missing_permission(stripe.PermissionError("no", http_status=403)) is None
    assert "rak_product_write" in str(translate(error))


def test_other_exceptions_are_not_ours_to_translate() -> None:
    assert translate(ValueError("x")) is None
