"""Connections beyond the limit wait, and an end of file descriptors is said once."""

from __future__ import annotations

import asyncio
import errno
import resource
import socket
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from creditctl.backend.acceptor import MAX_CONNECTIONS, Acceptor, connection_limit
from tests.support.waiting import patience


@pytest.mark.parametrize(
    ("descriptors", "limit"),
    [(1024, MAX_CONNECTIONS), (256, 96), (20, 8), (resource.RLIM_INFINITY, MAX_CONNECTIONS)],
)
def test_as_many_as_leave_the_ledger_its_files(descriptors: int, limit: int) -> None:
    assert connection_limit(descriptors) == limit


class Visitors(set["Greeter"]):
    """Who is connected, and how many were at once at most."""

    most = 0


class Greeter(asyncio.Protocol):
    """Says hello, and keeps itself in a set for as long as it is connected."""

    def __init__(self, there: Visitors) -> None:
        self._there = there

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._there.add(self)
        self._there.most = max(self._there.most, len(self._there))
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(b"hello")

    def connection_lost(self, exc: Exception | None) -> None:
        self._there.discard(self)


class FullTable(socket.socket):
    """A listener for which the table of file descriptors is full a few times."""

    fails = 3

    def accept(self) -> tuple[socket.socket, object]:
        if self.fails:
            self.fails -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


def acceptor(listener: socket.socket, there: Visitors, log: Callable[[str], None], limit: int) -> Acceptor:
    return Acceptor(listener, lambda: Greeter(there), count=lambda: len(there), limit=limit, log=log)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(patience(30)):
        while not condition():
            await asyncio.sleep(0.01)


def test_one_more_than_the_limit_waits_until_another_leaves() -> None:
    async def story() -> int:
        there = Visitors()
        listener = socket.create_server(("127.0.0.1", 0))
        accepting = acceptor(listener, there, lines.append, 2)
        with ExitStack() as stack:
            clients = [stack.enter_context(socket.create_connection(listener.getsockname())) for _ in range(5)]
            await until(lambda: len(there) == 2)
            await asyncio.sleep(0.2)
            assert len(there) == 2
            clients[0].close()
            clients[1].close()
            clients[2].setblocking(False)
            async with asyncio.timeout(patience(30)):
                assert await asyncio.get_running_loop().sock_recv(clients[2], 5) == b"hello"
            await until(lambda: len(there) == 2)
        accepting.stop()
        listener.close()
        return there.most

    lines: list[str] = []
    assert asyncio.run(story()) == 2
    assert lines == []


def test_a_full_table_of_descriptors_is_said_once_and_waited_for() -> None:
    async def story() -> None:
        there = Visitors()
        listener = FullTable()
        listener.bind(("127.0.0.1", 0))
        listener.listen(10)
        accepting = acceptor(listener, there, lines.append, 5)
        with socket.create_connection(listener.getsockname()):
            await until(lambda: len(there) == 1)
        accepting.stop()
        listener.close()

    lines: list[str] = []
    asyncio.run(story())
    assert len(lines) == 1
    assert "descriptors" in lines[0]
