"""A local Stripe: one handler from request to response, reached in process or on a loopback port."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from creditctl.emulator.app import Emulator
    from creditctl.emulator.sdk_door import EmulatorHTTPClient
    from creditctl.emulator.server import EmulatorServer, serve
    from creditctl.emulator.wire import Request, Response

__all__ = ["Emulator", "EmulatorHTTPClient", "EmulatorServer", "Request", "Response", "serve"]

_HOMES = {
    "Emulator": "app",
    "EmulatorHTTPClient": "sdk_door",
    "EmulatorServer": "server",
    "Request": "wire",
    "Response": "wire",
    "serve": "server",
}


def __getattr__(name: str) -> Any:
    """Load a public name on first use, so that importing this package costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
