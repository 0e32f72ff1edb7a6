"""Background worker of a running server: runs due jobs and sends due deliveries, side by side."""

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from creditctl.emulator.app import Emulator
from creditctl.emulator.webhooks.deliveries import AttemptResult, Outgoing
from creditctl.emulator.webhooks.outgoing import TIMEOUT_SECONDS, authorities, refusal

if TYPE_CHECKING:
    import httpx

_LOG = logging.getLogger("creditctl.emulator")
Result = TypeVar("Result")
MOST_AT_ONCE = 32
LONGEST_SLEEP_SECONDS = 30.0
SHORTEST_SLEEP_SECONDS = 0.02
FULL_SLEEP_SECONDS = 0.5
"""How often jobs are looked for while as many deliveries go out as may; one that ends wakes the worker before."""
DISK_PAUSE_SECONDS = 1.0


class Background:
    """The worker of a running server; `async with` starts and stops it.

    Units: an attempt may take so many seconds; so many pass before a full disk is tried again.
    """

    def __init__(
        self, emulator: Emulator, *, seconds: float = TIMEOUT_SECONDS, disk_pause: float = DISK_PAUSE_SECONDS
    ) -> None:
        self._emulator, self._disk_pause = emulator, disk_pause
        self._seconds = seconds
        self._wake = asyncio.Event()
        self._sending: set[asyncio.Task[None]] = set()
        self._client: httpx.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()

        def wake() -> None:
            loop.call_soon_threadsafe(self._wake.set)

        self._emulator.on_work = wake
        self._worker = asyncio.create_task(self._work())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._emulator.on_work = lambda: None
        tasks = [self._worker, *self._sending]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    async def _work(self) -> None:
        while True:
            self._wake.clear()
            # No more than go out at once: body and signature are made when a delivery is taken.
            free = MOST_AT_ONCE - len(self._sending)
            for outgoing in await self._kept(partial(self._emulator.claim, most=free)):
                task = asyncio.create_task(self._deliver(outgoing))
                self._sending.add(task)
                task.add_done_callback(self._ended)
            await self._rest()

    async def _rest(self) -> None:
        """Sleep until something is due or somebody wakes us."""
        due = self._emulator.next_due()
        pause = LONGEST_SLEEP_SECONDS if due is None else float(due - self._emulator.now())
        shortest = SHORTEST_SLEEP_SECONDS if len(self._sending) < MOST_AT_ONCE else FULL_SLEEP_SECONDS
        pause = min(max(pause, shortest), LONGEST_SLEEP_SECONDS)
        # Not wait_for: before Python 3.12 it swallows a cancellation that comes as the event is set, and a server that
        # is stopped at that moment would never end (CPython issue 86296).
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._wake.wait()

    async def _deliver(self, outgoing: Outgoing) -> None:
        outcome = await self._send(outgoing)
        await self._kept(lambda: self._emulator.record(outgoing, outcome))

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A delivery is over: its place is free before the worker looks for the next one."""
        self._sending.discard(task)
        self._wake.set()

    async def _kept(self, action: Callable[[], Result]) -> Result:
        """What a writing action answers, tried again until the disk takes it: a full one does not end the worker."""
        while True:
            try:
                return action()
            except sqlite3.Error as error:
                _LOG.error("The emulator cannot keep its state: %s", error)
                await asyncio.sleep(self._disk_pause)

    async def _send(self, outgoing: Outgoing) -> AttemptResult:
        refused = refusal(outgoing)
        if refused is not None:
            return refused
        start = time.monotonic()
        try:
            # httpx counts its time from byte to byte: a receiver that drips would keep the attempt open for ever.
            async with asyncio.timeout(self._seconds):
                client = await self._ready()
                answer = await client.post(outgoing.url, content=outgoing.body, headers=outgoing.headers)
        except TimeoutError:
            return AttemptResult(None, f"no whole answer within {self._seconds:g} seconds", _since(start))
        except Exception as error:  # noqa: BLE001 - whatever the receiver or the network does is an outcome
            return AttemptResult(None, f"{type(error).__name__}: {error}"[:300], _since(start))
        return AttemptResult(answer.status_code, None, _since(start), answer.content)

    async def _ready(self) -> "httpx.AsyncClient":
        """The client, made at the first delivery: an emulator that sends nothing starts without it.

        Its import and the reading of certificates take long enough to keep API answers waiting, so a thread does both.
        """
        if self._client is None:
            made = await asyncio.to_thread(_client)
            self._client = self._client or made
        return self._client


def _client() -> "httpx.AsyncClient":
    import httpx

    limits = httpx.Limits(max_keepalive_connections=0)
    return httpx.AsyncClient(
        verify=authorities(), timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=False, limits=limits
    )


def _since(start: float) -> int:
    return round((time.monotonic() - start) * 1000)
