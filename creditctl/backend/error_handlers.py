"""Error handlers: every failure of a request as one JSON shape with the right HTTP status."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from creditctl.backend.checkout import NotForSale
from creditctl.backend.users import BadUserId
from creditctl.core.errors import CreditctlError, LedgerError, StripeRefused, Unreachable

_STATUS_OF: tuple[tuple[type[CreditctlError], int, str | None], ...] = (
    (NotForSale, 503, None),
    (Unreachable, 503, "Stripe cannot be reached just now. Nothing was bought; try again in a minute."),
    (StripeRefused, 502, "Stripe refused the call. The backend's log says why."),
    (LedgerError, 503, "The ledger cannot be read just now. Try again in a minute."),
)
"""Error, status, and what a buyer is told; None means the error's own words, which are written for everybody."""


def failure(status: int, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Response of a failed request, in the one shape."""
    return JSONResponse({"success": False, "message": message}, status_code=status, headers=dict(headers or {}))


def status_and_words(error: CreditctlError) -> tuple[int, str]:
    """Maps an expected failure to HTTP status and words: the details are for the log, not for whoever called."""
    for kind, status, words in _STATUS_OF:
        if isinstance(error, kind):
            return status, words or error.message
    return 500, "The backend is not set up right. Its log says what is wrong."


def note_error(request: Request, error: CreditctlError) -> None:
    """Leaves what happened for the request's line in the log."""
    stripe_request = f" {error.request_id}" if error.request_id else ""
    request.state.outcome = f"{error.code}{stripe_request}: {error.message}"


def install(app: FastAPI) -> None:
    """Installs the error handlers."""

    @app.exception_handler(CreditctlError)
    def _expected(request: Request, error: CreditctlError) -> JSONResponse:
        note_error(request, error)
        return failure(*status_and_words(error))

    @app.exception_handler(BadUserId)
    def _bad_user(request: Request, error: BadUserId) -> JSONResponse:
        request.state.outcome = "refused"
        return failure(422, str(error))

    @app.exception_handler(RequestValidationError)
    def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        request.state.outcome = "refused"
        return failure(422, _validation_words(error))

    @app.exception_handler(HTTPException)
    def _http(_request: Request, error: HTTPException) -> JSONResponse:
        return failure(error.status_code, str(error.detail), error.headers)


def _validation_words(error: RequestValidationError) -> str:
    """What is wrong with a request, naming places but never repeating the values that were sent."""
    faults = [f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors()]
    return "; ".join(faults)
