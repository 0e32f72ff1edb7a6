"""Pace of an answer: what is worked out beside the event loop, what is late on purpose, what waits for the shop."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from creditctl.emulator.app import Emulator
from creditctl.emulator.control.api import PREFIX
from creditctl.emulator.protocol.wire import Request, Response

LONGEST_WAIT_SECONDS = 10.0
"""Source: Stripe docs, "Fulfill orders": Checkout waits up to ten seconds for the answer to the completed session."""


def is_slow(request: Request) -> bool:
    """Whether a request may take seconds (seeding, a snapshot, a search): it must not stop the event loop."""
    return request.path.startswith((PREFIX, "/search"))


def waits(response: Response) -> bool:
    """Whether an answer is not to be sent at once."""
    return bool(response.delay_seconds or response.awaits)


@asynccontextmanager
async def answer_slowly(
    emulator: Emulator, request: Request, response: Response | None = None
) -> AsyncIterator[Response]:
    """The answer when its time has come; its idempotency key can be used again after the block, in which it is sent."""
    if response is None:
        response = await asyncio.to_thread(emulator.handle, request) if is_slow(request) else emulator.handle(request)
    try:
        if response.delay_seconds:
            await asyncio.sleep(response.delay_seconds)
        if response.awaits:
            await _first_answers(emulator, *response.awaits)
        yield response
    finally:
        emulator.sent(response)


async def _first_answers(emulator: Emulator, scope: int, event: str) -> None:
    """Keep a buyer's redirect back until the shop has answered the event of the payment, ten seconds at most."""
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while time.monotonic() < deadline and emulator.awaits_answers(scope, event):
        await asyncio.sleep(0.02)
