"""Advice of everybody who can be asked about a payment: the commands that they print, and an operator who runs them."""

from __future__ import annotations

import re
import shlex
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from tests.journeys.one_story.world import World
from tests.support.cli import Cli
from tests.support.keys import TEST_KEY

COMMAND = re.compile(r"`creditctl ([^`]*)`")
PLACEHOLDERS = {"USER_ID": "ann", "TEXT": "asked her"}
"""What a person fills in: whose payment each plant is, and why; `N` is what the user is still due."""

NOT_RUN = {
    "demo": "plays in a world of its own",
    "env": "is about the settings: test_obeying_settings.py",
    "setup": "is about prices, endpoints and secrets: test_obeying_settings.py",
    "webhooks": "is about endpoints and secrets: test_obeying_settings.py",
    "checklist": "asks again, in live mode",
    "doctor": "asks again",
    "trace": "asks again",
    "events trigger": "plays the buyer, and so changes what is true",
}
"""Commands that are printed and not run here, and why."""


@contextmanager
def operated(world: World) -> Iterator[Cli]:
    """The command line in the folder of a shop whose backend listens."""

    class Backend(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = world.webhook.receive(body, self.headers["Stripe-Signature"]).status
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Backend) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        environ = {
            "STRIPE_SECRET_KEY": TEST_KEY,
            "STRIPE_API_BASE": "http://127.0.0.1:12111",
            "STRIPE_WEBHOOK_SECRET": world.secret,
            "CREDITS_API_URL": f"http://127.0.0.1:{server.server_port}",
            "FRONTEND_URL": "http://localhost:3000",
            "NO_COLOR": "1",
        }
        try:
            yield Cli(world.folder, world.clock, environ, lambda: EmulatorHTTPClient(world.emulator))
        finally:
            server.shutdown()
            thread.join()


def reconcile_advises(operator: Cli, _key: str) -> list[str]:
    """The fixes of what reconcile finds."""
    return [finding["fix"] for finding in operator("reconcile", "--json").document["findings"]]


def findings_advise(operator: Cli, _key: str) -> list[str]:
    """The fixes of what is kept in the ledger."""
    return [finding["fix"] for finding in operator("ledger", "findings", "--json").document["findings"]]


def doctor_advises(operator: Cli, _key: str) -> list[str]:
    """The fixes of what doctor finds wrong."""
    return _of_checks(operator, "doctor")


def checklist_advises(operator: Cli, _key: str) -> list[str]:
    """The fixes of what the checklist finds wrong."""
    return _of_checks(operator, "checklist")


def trace_advises(operator: Cli, key: str) -> list[str]:
    """What trace prints below its time line."""
    return [operator("trace", key).stdout]


def _of_checks(operator: Cli, command: str) -> list[str]:
    checks = operator(command, "--json").document["report"]["checks"]
    return [check["fix"] for check in checks if check["status"] not in ("pass", "person")]


Teller = Callable[[Cli, str], list[str]]

TELLERS: tuple[Teller, ...] = (
    reconcile_advises,
    findings_advise,
    doctor_advises,
    checklist_advises,
    trace_advises,
)


def commands_in(texts: list[str], due: int = 0) -> list[list[str]]:
    """The commands of some advice, placeholders filled in; a dismissal only where its text says nothing else to do."""
    wanted: list[list[str]] = []
    for text in texts:
        found = [_filled(shlex.split(each), due) for each in COMMAND.findall(text)]
        found = [each for each in found if each and not {each[0], " ".join(each[:2])} & NOT_RUN.keys()]
        doing = [each for each in found if "--dismiss" not in each]
        wanted += [each for each in doing or found if each not in wanted]
    return wanted


def _filled(words: list[str], due: int) -> list[str]:
    return [{**PLACEHOLDERS, "N": str(due)}.get(word, word) for word in words]


def posts(command: list[str]) -> bool:
    """Whether a command posts entries."""
    return command[:2] in (["ledger", "adjust"], ["ledger", "import"]) or "--repair" in command or "--credit" in command


def follow(operator: Cli, command: list[str], due: int) -> list[list[str]]:
    """What has to be run for a command: for a reconciliation, also what that prints."""
    return [command, *commands_in(reconcile_advises(operator, ""), due)] if command == ["reconcile"] else [command]


def run(operator: Cli, command: list[str]) -> int:
    """Runs a command as somebody does who answers every question with yes; gives the exit code."""
    asks = posts(command) or command[:2] == ["events", "replay"]
    return operator(*command, *(["--yes"] if asks else [])).exit_code
