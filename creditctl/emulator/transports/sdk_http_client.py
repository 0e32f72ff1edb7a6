"""HTTP client for the official SDK that calls the handler in process, without a socket."""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import stripe

from creditctl.emulator.app import Emulator
from creditctl.emulator.protocol.wire import Request


class EmulatorHTTPClient(stripe.HTTPClient):
    """Give this to `stripe.StripeClient(key, http_client=…)`."""

    name = "creditctl.emulator"

    def __init__(self, emulator: Emulator) -> None:
        super().__init__()
        self._emulator = emulator

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Answer one request; a cut connection becomes the SDK's connection error."""
        parts = urlsplit(url)
        body = post_data.encode() if isinstance(post_data, str) else (post_data or b"")
        lower = {name.lower(): value for name, value in (headers or {}).items()}
        response = self._emulator.handle(Request(method.upper(), unquote(parts.path), parts.query, lower, body))
        self._emulator.sent(response)
        if response.fate == "cut":
            raise stripe.APIConnectionError("The emulator cut this connection.", should_retry=True)
        return response.body.decode(), response.status, _CaseInsensitive(response.headers)

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """The same for the SDK's `*_async` methods."""
        body, status, answered = await asyncio.to_thread(self.request, method, url, headers, post_data)
        return body.encode(), status, answered

    async def sleep_async(self, secs: float) -> None:
        """Wait between the SDK's retries."""
        await asyncio.sleep(secs)

    def close(self) -> None:
        """Nothing is held open."""

    async def close_async(self) -> None:
        """Nothing is held open."""


class _CaseInsensitive(dict[str, str]):
    """Response headers as the SDK reads them: by any spelling."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__({name.lower(): value for name, value in headers.items()})

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and super().__contains__(name.lower())

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)
