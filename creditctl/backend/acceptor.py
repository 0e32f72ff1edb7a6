"""Acceptor: takes connections from a listening socket, never more than it has room for, and waits when files run out.

asyncio's own loop accepts a whole backlog at once before anybody counts, and reports a full table of file descriptors
once for each connection that waits. What is not accepted waits in the system's backlog.
"""

from __future__ import annotations

import asyncio
import errno
import resource
import socket
from collections.abc import Callable

MAX_CONNECTIONS = 512
_RESERVED_DESCRIPTORS = 160
"""What ledger, log and the calls to Stripe need besides: each thread that uses the ledger has two files open."""
_FEWEST_CONNECTIONS = 8

_FULL_SECONDS = 0.05
_EXHAUSTED_SECONDS = 1.0
_CALM_SECONDS = 60.0
"""How long descriptors must have been enough before their end is worth another line."""

_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


def connection_limit(descriptors: int | None = None) -> int:
    """How many connections this process may have open. Shape: `descriptors` instead of what the system allows."""
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0] if descriptors is None else descriptors
    if allowed == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return max(_FEWEST_CONNECTIONS, min(MAX_CONNECTIONS, allowed - _RESERVED_DESCRIPTORS))


class Acceptor:
    """Accepts the connections of one listener in the running event loop, until it is stopped.

    Shape: `count` says how many connections are open; `log` gets one line when descriptors run out, and none again
           before there were enough of them for a while.
    """

    def __init__(
        self,
        listener: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        *,
        count: Callable[[], int],
        limit: int,
        log: Callable[[str], None],
    ) -> None:
        self._listener = listener
        self._protocol = protocol
        self._count = count
        self._limit = limit
        self._log = log
        self._loop = asyncio.get_running_loop()
        self._beginning: set[asyncio.Task[None]] = set()
        self._waiting: asyncio.TimerHandle | None = None
        self._calm_from = 0.0
        listener.setblocking(False)
        self._loop.add_reader(listener, self._accept)

    def stop(self) -> None:
        """Accepts nothing more."""
        self._loop.remove_reader(self._listener)
        if self._waiting is not None:
            self._waiting.cancel()

    def _accept(self) -> None:
        while self._count() + len(self._beginning) < self._limit:
            try:
                connection, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._exhausted(error)
                return
            connection.setblocking(False)
            task = self._loop.create_task(self._begin(connection))
            self._beginning.add(task)
            task.add_done_callback(self._beginning.discard)
        self._wait(_FULL_SECONDS)

    async def _begin(self, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._protocol, connection)
        except OSError:
            connection.close()

    def _exhausted(self, error: OSError) -> None:
        now = self._loop.time()
        if now >= self._calm_from:
            reason = "there are no file descriptors left" if error.errno in _EXHAUSTED else str(error.strerror)
            self._log(f"New connections wait: {reason}. Close what is not needed, or raise the limit (ulimit -n).")
        self._calm_from = now + _CALM_SECONDS
        self._wait(_EXHAUSTED_SECONDS)

    def _wait(self, seconds: float) -> None:
        """Looks away from the listener for a while: a connection that waits would wake the loop again at once."""
        self._loop.remove_reader(self._listener)
        self._waiting = self._loop.call_later(seconds, self._loop.add_reader, self._listener, self._accept)
