"""The background worker of a running server: deliveries go out by themselves."""

import asyncio
import contextlib
import json
import time
from typing import Any

import pytest
import stripe

from creditctl.emulator.app import Emulator
from creditctl.emulator.protocol.wire import Request
from creditctl.emulator.transports.background import Background
from creditctl.emulator.transports.server import EmulatorServer
from tests.emulator.world import Inside
from tests.support.sdk_clients import client_at
from tests.support.waiting import Deadline, patience
from tests.support.webhook_server import webhook_server


def test_over_the_wire() -> None:
    """The loopback server delivers by itself, promptly, to a real receiver."""

    emulator = Emulator()
    with webhook_server() as receiver, EmulatorServer(emulator) as server:
        client = client_at(server.url)
        made = client.v1.webhook_endpoints.create(params={"url": receiver.url, "enabled_events": ["customer.created"]})
        client.v1.customers.create(params={"email": "a@example.com"})
        deadline = Deadline(5)
        while not receiver.ids and not deadline.passed:
            time.sleep(0.005)
        event = stripe.Webhook.construct_event(receiver.bodies[0], receiver.signatures[0], made.secret)
        assert event.type == "customer.created"
        while client.v1.events.list().data[0].pending_webhooks and not deadline.passed:
            time.sleep(0.005)
        assert client.v1.events.list().data[0].pending_webhooks == 0
    emulator.close()


def test_an_answer_that_drips_ends_with_the_attempt(emulator: Emulator, ask: Inside) -> None:
    """A receiver that sends a byte now and then is given as long as one that sends nothing."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(b"H")
                await writer.drain()
                await asyncio.sleep(0.02)

    async def attempts() -> list[str]:
        server = await asyncio.start_server(drip, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        ask("POST", "/v1/webhook_endpoints", f"url=http://127.0.0.1:{port}/&enabled_events[]=customer.created")
        async with Background(emulator, seconds=0.5):
            ask("POST", "/v1/customers", "email=a@example.com")
            deadline = Deadline(20)
            while not (made := _attempts(emulator)) and not deadline.passed:
                await asyncio.sleep(0.01)
        server.close()
        return [attempt["error"] for attempt in made]

    assert asyncio.run(attempts()) == ["no whole answer within 0.5 seconds"]


def _attempts(emulator: Emulator) -> list[dict[str, Any]]:
    log = json.loads(emulator.handle(Request("GET", "/_emulator/deliveries")).body)["data"]
    return [attempt for delivery in log for attempt in delivery["attempts"]]


@pytest.mark.parametrize("ticks", range(6))
def test_it_ends_also_where_work_comes_at_that_moment(emulator: Emulator, ticks: int) -> None:
    """A cancellation that arrives as the worker is woken ends it (CPython issue 86296)."""

    async def stopped() -> bool:
        async with asyncio.timeout(patience(5)):
            async with Background(emulator):
                await asyncio.sleep(0.01)
                emulator.on_work()
                for _ in range(ticks):
                    await asyncio.sleep(0)
        return True

    assert asyncio.run(stopped())


@pytest.mark.parametrize("full_before", [True, False], ids=["before it is sent", "while it is sent"])
def test_a_delivery_outlives_a_disk_that_is_full_for_a_while(
    emulator: Emulator, ask: Inside, caplog: pytest.LogCaptureFixture, *, full_before: bool
) -> None:
    db = emulator.services.store.db

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if not full_before:
            db.execute("PRAGMA query_only = ON")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async def delivered() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        ask("POST", "/v1/webhook_endpoints", f"url=http://127.0.0.1:{port}/&enabled_events[]=customer.created")
        async with Background(emulator, disk_pause=0.01):
            ask("POST", "/v1/customers", "email=a@example.com")
            if full_before:
                db.execute("PRAGMA query_only = ON")
            deadline = Deadline(20)
            while "cannot keep its state" not in caplog.text and not deadline.passed:
                await asyncio.sleep(0.01)
            db.execute("PRAGMA query_only = OFF")
            while not _attempts(emulator) and not deadline.passed:
                await asyncio.sleep(0.01)
        server.close()

    asyncio.run(delivered())

    assert "cannot keep its state" in caplog.text
    assert ask("GET", "/v1/events")[1]["data"][0]["pending_webhooks"] == 0
    assert ask("POST", "/v1/customers")[0] == 200
