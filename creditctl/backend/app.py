"""ASGI app of the backend: API, storefront and middleware, built from its dependencies."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from creditctl import __version__
from creditctl.backend import error_handlers
from creditctl.backend.api import QUEUE_SECONDS, build_router
from creditctl.backend.cross_site import OwnSites
from creditctl.backend.dependencies import Dependencies
from creditctl.backend.middleware import READ_SECONDS, BoundedBody, RequestLog
from creditctl.backend.pages import Storefront

WEBHOOK_BODY_BYTES = 1024 * 1024
"""The most that one event may weigh; Stripe's snapshot events are a few kilobytes."""

BODY_BYTES = 16 * 1024
"""The most that any other body may weigh: a purchase is two short fields."""


def build_app(
    services: Dependencies, *, read_seconds: float = READ_SECONDS, queue_seconds: float = QUEUE_SECONDS
) -> FastAPI:
    """Builds the app. Nothing is started and nothing is opened here."""
    app = FastAPI(
        title="Credit API",
        version=__version__,
        summary="Prepaid credits, sold through Stripe Checkout.",
        docs_url=None,  # FastAPI's own pages load their scripts from a CDN
        redoc_url=None,
        redirect_slashes=False,  # such a redirect would be built from the Host header, which anybody can write
    )
    error_handlers.install(app)
    router = build_router(services, queue_seconds=queue_seconds)
    app.include_router(router)
    Storefront(services, app).install()
    # The last one added is the outermost.
    limits = dict.fromkeys(services.webhook_paths, WEBHOOK_BODY_BYTES)
    app.add_middleware(BoundedBody, limit=BODY_BYTES, limits=limits, read_seconds=read_seconds)
    frontend = _origin(services.frontend_url)
    app.add_middleware(OwnSites, frontend=frontend, open_paths=frozenset(limits))
    app.add_middleware(
        CORSMiddleware,
        allow_origins=[frontend],
        allow_methods=["GET", "POST"],
        allow_headers=["Content-Type", "X-User-Id"],
    )
    paths = frozenset(getattr(route, "path", "") for route in (*router.routes, *app.routes))
    app.add_middleware(RequestLog, log=services.log, monotonic=services.monotonic, paths=paths)
    return app


def _origin(url: str) -> str:
    """What a browser calls the site: scheme, host and port of its URL, in lower case, without the scheme's own port."""
    parts = urlsplit(url)
    usual = {"http": ":80", "https": ":443"}.get(parts.scheme.lower(), "")
    return f"{parts.scheme}://{parts.netloc}".lower().removesuffix(usual or "-")
