"""Emulator requests a second against a Starlette app that does nothing, same server, one keep-alive connection each."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Iterable, Iterator

import uvicorn
from bench_tools import Row, alternate, per_second
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from creditctl.emulator.app import Emulator
from creditctl.emulator.server import EmulatorServer

KEY = "sk_test_emulator0000000000"
BATCH = 200
ROUNDS = 9


async def _nothing(request: Request) -> Response:
    await request.body()
    return JSONResponse({"object": "product", "id": "prod_1"})


@contextlib.contextmanager
def do_nothing_server() -> Iterator[int]:
    """The port of a Starlette app with one route that reads the body and answers a constant."""
    app = Starlette(routes=[Route("/{path:path}", _nothing, methods=["GET", "POST"])])
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="warning", access_log=False, ws="none", timeout_keep_alive=75)
    )
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


class Client:
    """One keep-alive connection."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port)
        self.headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/x-www-form-urlencoded"}
        self.count = 0

    def create(self, product_id: str) -> None:
        self._send("POST", "/v1/products", f"id={product_id}&name=Bench", self.headers)

    def get(self, path: str) -> None:
        for _ in range(BATCH):
            self._send("GET", path, None, self.headers)

    def post(self, path: str) -> None:
        for _ in range(BATCH):
            self.count += 1
            headers = {**self.headers, "Idempotency-Key": f"bench-{id(self)}-{self.count}"}
            self._send("POST", path, f"name=Bench+{self.count}&metadata[credits]=1000", headers)

    def _send(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> None:
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        response.read()
        if response.status != 200:
            raise RuntimeError(f"{method} {path} answered {response.status}")


def rows() -> Iterable[Row]:
    """GET and POST with its event and idempotency key stored, against the do-nothing app."""
    emulator = Emulator()
    with EmulatorServer(emulator) as server, do_nothing_server() as port:
        ours, theirs = Client(server.port), Client(port)
        ours.create("bench")
        seconds = alternate(lambda: ours.get("/v1/products/bench"), lambda: theirs.get("/v1/products/bench"), ROUNDS)
        yield _row("emulator GET (one product)", seconds, ">= 0.6")
        seconds = alternate(lambda: ours.post("/v1/products"), lambda: theirs.post("/v1/products"), ROUNDS)
        yield _row("emulator POST (a product, its event, its key)", seconds, ">= 0.4")
    emulator.close()


def _row(measured: str, seconds: tuple[float, float], goal: str) -> Row:
    ours, theirs = (per_second(value, BATCH) for value in seconds)
    return Row(measured, "Starlette doing nothing", f"{ours:,.0f}/s", f"{theirs:,.0f}/s", ours / theirs, goal)
