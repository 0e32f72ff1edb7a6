"""Emulator requests a second against a Starlette app that does nothing, same server, one keep-alive connection each."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from creditctl.emulator.app import Emulator
from creditctl.emulator.protocol.json_text import item_alone, written_item
from creditctl.emulator.protocol.wire import Request as Wire
from creditctl.emulator.transports.server import EmulatorServer
from tests.bench.bench_tools import Row, alternate, median_seconds, part, per_second
from tests.support.keys import TEST_KEY

NOTHING = "Starlette doing nothing"
PAYMENT = "amount=1000&currency=usd&confirm=true&payment_method=pm_card_visa&return_url=https://a.example"
BATCH = 200
ROUNDS = 9
HANDLED = 500
START_ROUNDS = 5
START_SECONDS = 10.0
INSTALL_SECONDS = 120
OBJECTS = 20_000


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
        self.headers = {"Authorization": f"Bearer {TEST_KEY}", "Content-Type": "application/x-www-form-urlencoded"}
        self.count = 0

    def create(self, product_id: str) -> None:
        self._send("POST", "/v1/products", f"id={product_id}&name=Bench", self.headers)

    def ask(self, path: str) -> None:
        self._send("GET", path, None, self.headers)
        self.connection.close()

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


def rows(share: float = 1.0) -> Iterable[Row]:
    """Requests a second against the do-nothing app and a rival, then depth, the handler alone, start and memory."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _against_nothing(share)
        # Not in a small run: to install a rival takes longer than all the rest.
        if share >= 1:
            yield from _against_localstripe(Path(folder))
        yield from _depth(share)
        yield from _handler(share)
        yield from _start_and_memory(share)


def _against_nothing(share: float) -> Iterable[Row]:
    emulator, rounds = Emulator(), part(ROUNDS, share)
    with EmulatorServer(emulator) as server, do_nothing_server() as port:
        ours, theirs = Client(server.port), Client(port)
        ours.create("bench")
        seconds = alternate(lambda: ours.get("/v1/products/bench"), lambda: theirs.get("/v1/products/bench"), rounds)
        yield _row("emulator GET (one product)", NOTHING, seconds, ">= 0.9")
        yield from _indenting(emulator, seconds[0] / BATCH, rounds)
        seconds = alternate(lambda: ours.post("/v1/products"), lambda: theirs.post("/v1/products"), rounds)
        yield _row("emulator POST (a product, its event, its key)", NOTHING, seconds, ">= 0.7")
    emulator.close()


def _indenting(emulator: Emulator, request: float, rounds: int) -> Iterable[Row]:
    """What the spaces of indented answers cost: as a part of the request that they answer, or of a whole list."""
    item = emulator.services.store.get(1, "bench")
    assert item is not None
    body, compact = item.decoded(), msgspec.json.encode(item.decoded())
    pairs: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "a GET": (lambda: item_alone(item.body), lambda: compact),
        "what is made": (lambda: written_item(body), lambda: msgspec.json.encode(body)),
    }
    for name, (indented, plain) in pairs.items():
        spaces, none = alternate(_batch(indented), _batch(plain), rounds)
        taken = max(0.0, spaces - none) / BATCH
        yield Row(f"indenting {name}", "the whole request", _ms(taken), _ms(request), taken / request, "<= 0.1")
    yield _indented_list(rounds)


def _indented_list(rounds: int) -> Row:
    """A first list of a hundred customers at the handler, against one of bodies that are kept without spaces."""
    indented, compact = Emulator(), Emulator()
    asked = [_asker(each) for each in (indented, compact)]
    for ask in asked:
        for number in range(100):
            ask("POST", "/v1/customers", f"name=Customer+{number}")
    compact.services.store.db.execute("UPDATE objects SET body = CAST(json(CAST(body AS TEXT)) AS BLOB)")
    ours, theirs = (_batch(partial(ask, "GET", "/v1/customers", "limit=100")) for ask in asked)
    spaces, none = alternate(ours, theirs, rounds)
    indented.close()
    compact.close()
    return Row("a list of 100", "without spaces", _ms(spaces / BATCH), _ms(none / BATCH), spaces / none, "<= 1.1")


def _batch(action: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        for _ in range(BATCH):
            action()

    return run


def _row(measured: str, against: str, seconds: tuple[float, float], goal: str) -> Row:
    ours, theirs = (per_second(value, BATCH) for value in seconds)
    return Row(measured, against, f"{ours:,.0f}/s", f"{theirs:,.0f}/s", ours / theirs, goal)


def _against_localstripe(folder: Path) -> Iterable[Row]:
    """The nearest rival in Python; no rows where it does not install."""
    with _localstripe(folder) as port:
        if port is None:
            return
        emulator = Emulator()
        with EmulatorServer(emulator) as server:
            ours, theirs = Client(server.port), Client(port)
            pairs = alternate(lambda: ours.post("/v1/customers"), lambda: theirs.post("/v1/customers"), 3)
            yield _row("emulator POST (a customer)", "localstripe", pairs, "> 1")
            pairs = alternate(lambda: ours.get("/v1/customers?limit=1"), lambda: theirs.get("/v1/customers?limit=1"), 3)
            yield _row("emulator GET (a list of one)", "localstripe", pairs, "> 1")
        emulator.close()


@contextlib.contextmanager
def _localstripe(folder: Path) -> Iterator[int | None]:
    """The port of a running localstripe, installed into a folder of its own; None where it can't be had."""
    venv = folder / "localstripe"
    make = [[sys.executable, "-m", "venv", str(venv)], [str(venv / "bin/pip"), "install", "-q", "localstripe"]]
    try:
        for line in make:
            subprocess.run(line, check=True, capture_output=True, timeout=INSTALL_SECONDS)
    except (OSError, subprocess.SubprocessError):
        yield None
        return
    port = _free_port()
    line = [str(venv / "bin/localstripe"), "--port", str(port), "--from-scratch"]
    server = subprocess.Popen(line, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.005)
        else:
            return


def _depth(share: float) -> Iterable[Row]:
    """A list of 100 near the end of 20,000 objects, against the same at the top."""
    emulator, objects = Emulator(), part(OBJECTS, share, least=300)
    ask = _asker(emulator)
    for number in range(objects):
        ask("POST", "/v1/customers", f"name=Customer+{number}")
    last, hops = "", objects // 100 - 2
    for _ in range(hops):
        page = ask("GET", "/v1/customers", f"limit=100{last}")
        last = "&starting_after=" + json.loads(page)["data"][-1]["id"]
    deep, top = alternate(
        lambda: ask("GET", "/v1/customers", f"limit=100{last}"),
        lambda: ask("GET", "/v1/customers", "limit=100"),
        part(200, share),
    )
    yield Row(f"100 of {objects:,}, {hops} pages down", "at the top", _ms(deep), _ms(top), deep / top, "about 1")
    emulator.close()


def _asker(emulator: Emulator) -> Callable[[str, str, str], bytes]:
    headers = {"authorization": f"Bearer {TEST_KEY}"}

    def ask(method: str, path: str, form: str) -> bytes:
        query, body = (form, b"") if method == "GET" else ("", form.encode())
        answer = emulator.handle(Wire(method, path, query, headers, body))
        if answer.status != 200:
            raise RuntimeError(f"{method} {path} answered {answer.status}")
        return answer.body

    return ask


def _handler(share: float) -> Iterable[Row]:
    """One request at the handler, without a socket or an SDK."""
    emulator = Emulator()
    ask = _asker(emulator)
    ask("POST", "/v1/products", "id=bench&name=Bench")
    actions: dict[str, Callable[[], object]] = {
        "GET a product": lambda: ask("GET", "/v1/products/bench", ""),
        "POST a product": lambda: ask("POST", "/v1/products", "name=Bench&metadata[credits]=1000"),
        "POST a payment": lambda: ask("POST", "/v1/payment_intents", PAYMENT),
    }
    for name, action in actions.items():
        taken = median_seconds(action, part(HANDLED, share))
        yield Row(f"the handler alone: {name}", "the goal", _ms(taken), "0.20 ms", taken / 0.0002, "<= 1")
    payment, product = alternate(actions["POST a payment"], actions["POST a product"], part(HANDLED, share))
    yield Row("the handler alone: a payment", "a product", _ms(payment), _ms(product), payment / product, "<= 2")
    emulator.close()


BARE_SERVER = """
import sys, uvicorn
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})
uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", lifespan="off")
"""
BARE = (sys.executable, "-c", BARE_SERVER)
EMULATOR = (sys.executable, "-m", "creditctl", "emulator", "--port")


def _start_and_memory(share: float) -> Iterable[Row]:
    """From the command to the first answer, in turns with a bare server, and what the idle process holds then."""
    started, bare = [], []
    with tempfile.TemporaryDirectory() as bytecode:
        for call in (EMULATOR, BARE):
            _first_answer(call, Path(bytecode))
        for _ in range(part(START_ROUNDS, share)):
            started.append(_first_answer(EMULATOR, Path(bytecode)))
            bare.append(_first_answer(BARE, Path(bytecode)))
    ours, megabytes = (statistics.median(values) for values in zip(*started, strict=True))
    theirs = statistics.median(seconds for seconds, _ in bare)
    yield Row("first answer after start", "the goal", _ms(ours), "500 ms", ours / 0.5, "<= 1")
    yield Row("first answer after start", "a bare uvicorn", _ms(ours), _ms(theirs), ours / theirs, "<= 1.5")
    yield Row("memory, idle", "the goal", f"{megabytes:.0f} MB", "60 MB", megabytes / 60, "<= 1")


def _first_answer(call: tuple[str, ...], bytecode: Path) -> tuple[float, float]:
    """Seconds from starting a server, its port the last word, to its first answer, and the megabytes it then holds.

    Modules are compiled beforehand, as pip does when it installs them; a checkout that writes no bytecode would compile
    ours at each start and not the libraries that they are compared with.
    """
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environ["PYTHONPYCACHEPREFIX"] = str(bytecode)
    port, begin = _free_port(), time.perf_counter()
    process = subprocess.Popen([*call, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environ)
    try:
        _wait_for(port)
        Client(port).ask("/v1/balance")
        return time.perf_counter() - begin, _resident_megabytes(process.pid)
    finally:
        process.terminate()
        process.wait()


def _resident_megabytes(pid: int) -> float:
    """Resident memory as Linux reports it."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("this system does not report resident memory")


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms" if seconds < 0.1 else f"{seconds * 1000:.0f} ms"
