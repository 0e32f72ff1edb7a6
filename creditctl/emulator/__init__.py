"""A local Stripe: one handler from request to response, reached in process or on a loopback port."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from creditctl.emulator.app import Emulator
    from creditctl.emulator.protocol.wire import Request, Response
    from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
    from creditctl.emulator.transports.server import EmulatorServer, serve

__all__ = ["Emulator", "EmulatorHTTPClient", "EmulatorServer", "Request", "Response", "serve"]

_HOMES = {
    "Emulator": "app",
    "EmulatorHTTPClient": "transports.sdk_http_client",
    "EmulatorServer": "transports.server",
    "Request": "protocol.wire",
    "Response": "protocol.wire",
    "serve": "transports.server",
}


def __getattr__(name: str) -> Any:
    """Load a public name on first use, so that importing this package costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
