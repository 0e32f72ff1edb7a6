"""Loopback port for a server that a test starts as a process: one that the system gives to nobody meanwhile."""

from __future__ import annotations

import itertools
import os
import socket
from collections.abc import Iterator
from pathlib import Path

_FIRST, _WORKERS, _TRIES = 20_000, 64, 50
_RANGE_FILE = Path("/proc/sys/net/ipv4/ip_local_port_range")
"""From where on the system chooses ports by itself. Source: Linux, Documentation/networking/ip-sysctl.rst."""


def free_port() -> int:
    """A port that nobody listens on at this moment.

    Whatever binds port 0 meanwhile gets another one: this lies below those that the system chooses, and each worker
    of pytest has ports of its own. Where the system chooses from everywhere, it is one of its choice.
    """
    return next(filter(None, map(_bound, itertools.chain(itertools.islice(_PORTS, _TRIES), [0]))))


def _bound(port: int) -> int | None:
    """The port that a socket gets which asks for this one (0 for any); None where it is taken."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return None
        found: int = probe.getsockname()[1]
        return found


def _own_ports() -> Iterator[int]:
    """The ports of this worker, again and again, from one on that differs from run to run."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _WORKERS
    own = range(_FIRST + worker, _first_of_the_system(), _WORKERS)
    for place in itertools.count(os.getpid()) if own else ():
        yield own[place % len(own)]


def _first_of_the_system() -> int:
    try:
        return int(_RANGE_FILE.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return _FIRST


_PORTS = _own_ports()
