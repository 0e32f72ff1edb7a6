"""ASGI middleware against cross-site requests (CSRF): a page of another site cannot buy with somebody's browser.

Source: W3C, "Fetch Metadata Request Headers" (`Sec-Fetch-Site`); WHATWG, "Fetch" (`Origin`).
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from creditctl.backend.error_handlers import failure

_ONLY_READS = frozenset({"GET", "HEAD", "OPTIONS"})


class OwnSites:
    """Middleware that lets browsers change something from the frontend and from the backend's own pages only (403).

    Shape: `frontend` is an origin; paths in `open_paths` are left alone, for they are signed.
    """

    def __init__(self, app: ASGIApp, *, frontend: str, open_paths: frozenset[str]) -> None:
        self._app = app
        self._frontend = frontend
        self._open_paths = open_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one connection event of ASGI."""
        changes = scope["type"] == "http" and scope["method"] not in _ONLY_READS
        if changes and scope["path"] not in self._open_paths and is_foreign(Headers(scope=scope), self._frontend):
            scope.setdefault("state", {})["outcome"] = "refused: sent by a page of another site"
            return await failure(403, "A page of another site has sent this. Nothing was bought.")(scope, receive, send)
        return await self._app(scope, receive, send)


def is_foreign(headers: Mapping[str, str], frontend: str) -> bool:
    """Whether a browser says that a page of another site sent this; what is no browser says nothing about sites."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site in ("same-origin", "none") or (site is None and origin is None):
        return False
    if origin == frontend:
        return False
    host = headers.get("host", "")
    return site is not None or origin not in (f"http://{host}", f"https://{host}")
