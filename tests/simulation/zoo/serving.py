"""Serves a zoo backend: its routes as an ASGI app, in a thread for tests or as a process of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.simulation.zoo.correct import Backend, Refused


async def _answered(work: Callable[[], Any]) -> Response:
    try:
        found = await run_in_threadpool(work)
    except Refused as refused:
        return JSONResponse({"success": False}, refused.status)
    except httpx.HTTPStatusError as error:
        return JSONResponse({"success": False}, 404 if error.response.status_code == 404 else 502)
    except Exception as error:
        return JSONResponse({"success": False, "error": type(error).__name__}, 500)
    return Response(status_code=found) if isinstance(found, int) else JSONResponse(found)


def build(backend: Backend) -> Starlette:
    """The routes of the guide, and a way to spend."""

    async def purchase(request: Request) -> Response:
        body = await request.body()
        user = request.headers.get("x-user-id")
        if user is None:
            return JSONResponse({}, 401)

        def work() -> Any:
            return backend.purchase(user, read_json(backend, body))

        return await _answered(work)

    async def webhook(request: Request) -> Response:
        body = await request.body()
        return await _answered(lambda: backend.receive(body, request.headers.get("stripe-signature")))

    async def balance(request: Request) -> Response:
        user = request.query_params["user_id"]
        return await _answered(lambda: {"success": True, "balance": backend.balance(user)})

    async def page(request: Request) -> Response:
        session_id, user = request.path_params["session"], request.headers.get("x-user-id")
        return await _answered(lambda: backend.page(user, session_id))

    async def spend(request: Request) -> Response:
        body = json.loads(await request.body())
        return await _answered(lambda: backend.spend(body["user_id"], body["credits"]))

    return Starlette(
        routes=[
            Route("/api/credits/purchase", purchase, methods=["POST"]),
            Route("/api/credits/webhook", webhook, methods=["POST"]),
            Route("/api/credits/balance", balance),
            Route("/api/credits/session/{session}", page),
            Route("/api/credits/spend", spend, methods=["POST"]),
        ]
    )


def read_json(backend: Backend, body: bytes) -> Any:
    """A purchase's body. Errors: Refused, unless the backend forgot about it."""
    if getattr(backend, "trusts_json", False):
        return json.loads(body)
    try:
        return json.loads(body)
    except ValueError:
        raise Refused(422, "no JSON") from None
