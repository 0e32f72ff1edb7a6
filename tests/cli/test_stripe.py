"""`creditctl stripe -- ARGS`: the official CLI against the emulator; a stand-in program shows what it is given."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from creditctl.core.errors import ExitCode
from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.server import EmulatorServer
from creditctl.stripe_api.official_cli import numeric_url, refusal_in
from tests.support.clock import NOW
from tests.support.keys import LIVE_KEY, TEST_KEY
from tests.support.waiting import finish, patience

if TYPE_CHECKING:
    from tests.support.cli import Cli
    from tests.support.clock import Clock

ROOT = Path(__file__).resolve().parents[2]
FOUND = os.environ.get("STRIPE_CLI") or shutil.which("stripe") or ""
OFFICIAL = FOUND or next((str(path) for path in [ROOT / "node_modules/.bin/stripe"] if path.exists()), "")
needs_the_cli = pytest.mark.skipif(
    not OFFICIAL, reason="the official Stripe CLI (npm package @stripe/cli) is not installed"
)


class StandIn(Protocol):
    """Puts a program into the CLI's place. Shape: answers the file that it writes down in how it was called."""

    def __call__(self, says: str = "{}", exit_code: int = 0) -> Path: ...


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Emulator, EmulatorServer]]:
    """One emulator on a loopback port; each test finds it empty."""
    emulator = Emulator(clock=lambda: NOW)
    with EmulatorServer(emulator) as running:
        yield emulator, running
    emulator.close()


@pytest.fixture
def server(served: tuple[Emulator, EmulatorServer]) -> EmulatorServer:
    served[0].reset()
    return served[1]


@pytest.fixture
def cli(offline_cli: Cli, server: EmulatorServer) -> Cli:
    offline_cli.environ |= {"STRIPE_SECRET_KEY": TEST_KEY, "STRIPE_API_BASE": server.url, "PATH": os.environ["PATH"]}
    return offline_cli


@pytest.fixture
def stand_in(cli: Cli) -> StandIn:
    """A program in the CLI's place: it writes down how it was called, says what it should and exits as it should."""

    def make(says: str = "{}", exit_code: int = 0) -> Path:
        seen = cli.folder / "seen.json"
        program = cli.folder / "stripe-stand-in"
        program.write_text(
            f"#!{sys.executable}\nimport json, os, sys\n"
            f"open({str(seen)!r}, 'w').write(json.dumps([sys.argv[1:], dict(os.environ)]))\n"
            f"sys.stdout.write({says!r})\nsys.exit({exit_code})\n"
        )
        program.chmod(0o755)
        cli.environ["STRIPE_CLI"] = str(program)
        return seen

    return make


@needs_the_cli
@pytest.mark.parametrize("straight", [True, False])
def test_a_trigger_that_the_api_refused_ends_with_4(cli: Cli, server: EmulatorServer, straight: bool) -> None:
    """The official CLI says so on stderr, and exits 1."""
    import httpx

    fault = {"kind": "status", "path": "/v1/products", "status": 400, "count": 9}
    httpx.post(f"{server.url}/_emulator/faults", json=fault, timeout=patience(20)).raise_for_status()
    arguments = ["stripe", "--", "trigger", "checkout.session.completed"]
    environ = {**cli.environ, "STRIPE_CLI": OFFICIAL}
    if straight:
        command = [sys.executable, "-m", "creditctl", *arguments]
        process = subprocess.Popen(
            command, cwd=cli.folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        out, errors = finish(process, 60)
        code = process.returncode
    else:
        cli.environ.update(environ)
        outcome = cli(*arguments)
        code, out, errors = outcome.exit_code, outcome.stdout, outcome.stderr

    assert code == ExitCode.STRIPE_REFUSED, errors
    assert "Running fixture for: product" in out
    assert "Trigger failed" in errors


def test_the_cli_is_pointed_at_the_emulator_and_at_nothing_else(
    cli: Cli, stand_in: StandIn, server: EmulatorServer
) -> None:
    seen = stand_in()
    cli.environ |= {"NO_PROXY": "*", "https_proxy": "http://proxy.example.com", "STRIPE_DEVICE_NAME": "x"}

    assert cli("stripe", "--", "get", "/v1/balance", "-d", "limit=1").exit_code == ExitCode.OK

    arguments, environ = json.loads(seen.read_text())
    assert arguments == ["get", "/v1/balance", "-d", "limit=1", "--api-base", server.url]
    assert environ["STRIPE_API_KEY"] == TEST_KEY
    assert environ["STRIPE_CLI_TELEMETRY_OPTOUT"] == "1"
    assert environ["HTTPS_PROXY"] == "http://127.0.0.1:9"
    assert not {"NO_PROXY", "https_proxy", "STRIPE_SECRET_KEY", "STRIPE_DEVICE_NAME"} & set(environ)
    assert environ["XDG_CONFIG_HOME"] == environ["HOME"] != cli.environ["HOME"]
    assert not Path(environ["HOME"]).exists()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://localhost:12111", "http://127.0.0.1:12111"),
        ("http://shop.localhost:80", "http://127.0.0.1:80"),
        ("http://127.0.0.2:5", "http://127.0.0.2:5"),
        ("http://[::1]:5", "http://[::1]:5"),
    ],
)
def test_the_address_is_a_numeric_one(url: str, shown: str) -> None:
    assert numeric_url(url) == shown


REFUSED = '{"error": {"type": "invalid_request_error", "code": "resource_missing", "message": "No such price"}}'


@pytest.mark.parametrize(
    "says", [REFUSED, f"Checking …\n\x1b[1m{REFUSED}\x1b[0m\nbye", json.dumps(json.loads(REFUSED), indent=2)]
)
def test_a_refusal_is_exit_4_though_the_cli_exits_0(cli: Cli, stand_in: StandIn, says: str) -> None:
    stand_in(says)

    outcome = cli("stripe", "--", "get", "/v1/prices/price_x")
    document = cli("stripe", "--json", "--", "get", "/v1/prices/price_x").document

    assert outcome.exit_code == ExitCode.STRIPE_REFUSED
    assert outcome.stdout == says
    assert "No such price" in outcome.stderr
    assert document["error"]["code"] == "stripe.resource_missing"


@pytest.mark.parametrize(
    "says",
    [
        "",
        "plain text",
        '{"id": "pi_1", "last_payment_error": {"type": "card_error"}}',
        '{"error": null}',
        '{"error": "x"}',
        "{",
    ],
)
def test_other_answers_are_no_refusal(cli: Cli, stand_in: StandIn, says: str) -> None:
    stand_in(says)

    assert refusal_in(says) is None
    assert cli("stripe", "--", "get", "/v1/x").exit_code == ExitCode.OK


def test_the_clis_own_failure_is_a_failure(cli: Cli, stand_in: StandIn) -> None:
    stand_in("Trigger failed", exit_code=1)

    outcome = cli("stripe", "--json", "--", "trigger", "charge.failed")

    assert outcome.exit_code == ExitCode.FINDINGS
    assert outcome.report == {"stripe_exit_code": 1, "answer": None, "output": "Trigger failed"}


def test_a_secret_in_an_answer_is_cut_in_the_document(cli: Cli, stand_in: StandIn) -> None:
    secret = "whsec_" + "example0000000000"
    stand_in(json.dumps({"secret": secret}))

    assert secret not in cli("stripe", "--json", "--", "get", "/v1/x").stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["get", "/v1/x", "--api-base", "http://127.0.0.1:1"],
        ["get", "/v1/x", "--api-key=sk_test_example00000000"],
        ["get", "/v1/x", "--live"],
        ["login"],
        ["--log-level", "debug", "login"],
        ["plugin", "install", "apps"],
        [],
    ],
)
def test_what_would_lead_elsewhere_is_refused(cli: Cli, stand_in: StandIn, arguments: list[str]) -> None:
    seen = stand_in()

    assert cli("stripe", "--", *arguments).exit_code == ExitCode.USAGE
    assert not seen.exists()


@pytest.mark.parametrize("place", ["setting", "argument"])
def test_a_live_key_is_never_handed_over(cli: Cli, stand_in: StandIn, place: str) -> None:
    seen = stand_in()
    live = LIVE_KEY
    arguments = ["get", "/v1/x"]
    if place == "setting":
        cli.environ["STRIPE_SECRET_KEY"] = live
    else:
        arguments += ["-d", f"key={live}"]

    outcome = cli("stripe", "--", *arguments)

    assert outcome.exit_code == ExitCode.CONFIGURATION
    assert live not in outcome.stdout + outcome.stderr
    assert not seen.exists()


def test_a_live_key_is_not_handed_over_in_a_rehearsal_of_live_mode_either(offline_cli: Cli, clock: Clock) -> None:
    built = Emulator(clock=clock, livemode=True)
    with EmulatorServer(built) as running:
        offline_cli.environ |= {"STRIPE_SECRET_KEY": LIVE_KEY, "STRIPE_API_BASE": running.url}
        offline_cli.environ["STRIPE_CLI"] = sys.executable
        outcome = offline_cli("stripe", "--json", "--", "get", "/v1/x")
    built.close()

    assert outcome.document["error"]["code"] == "guard.live_key_local"


@pytest.mark.parametrize("named", ["", "no-such-program"])
def test_a_missing_cli_is_told_how_to_install(cli: Cli, named: str) -> None:
    cli.environ |= {"STRIPE_CLI": named, "PATH": str(cli.folder)}

    outcome = cli("stripe", "--", "get", "/v1/x")

    assert outcome.exit_code == ExitCode.CONFIGURATION
    assert ("STRIPE_CLI" if named else "npm install -g @stripe/cli") in outcome.stderr


def test_the_cli_of_the_folder_is_found(cli: Cli, stand_in: StandIn) -> None:
    seen = stand_in("{}")
    folder = cli.folder / "node_modules" / ".bin"
    folder.mkdir(parents=True)
    Path(cli.environ.pop("STRIPE_CLI")).rename(folder / "stripe")
    cli.environ["PATH"] = str(cli.folder)

    assert cli("stripe", "--", "get", "/v1/x").exit_code == ExitCode.OK
    assert seen.exists()


def test_no_emulator_no_cli(cli: Cli, stand_in: StandIn) -> None:
    seen = stand_in()

    assert cli("stripe", "--url", "http://127.0.0.1:9", "--", "get", "/v1/x").exit_code == ExitCode.UNREACHABLE
    assert not seen.exists()


@pytest.fixture
def official(cli: Cli) -> Cli:
    cli.environ["STRIPE_CLI"] = OFFICIAL
    return cli


@needs_the_cli
def test_the_official_cli_reads_and_writes(official: Cli) -> None:
    made = official("stripe", "--json", "--", "products", "create", "--name", "By hand")
    listed = official("stripe", "--", "get", "/v1/products")

    assert made.report["answer"]["name"] == "By hand"
    assert listed.exit_code == ExitCode.OK
    assert made.report["answer"]["id"] in listed.stdout


@needs_the_cli
@pytest.mark.parametrize(
    "arguments",
    [
        ["get", "/v1/customers/cus_x"],
        ["post", "/v1/products"],
        ["prices", "create", "--currency", "usd"],
        ["events", "resend", "evt_x"],
        ["delete", "/v1/customers/cus_x", "--confirm"],
    ],
    ids=" ".join,
)
def test_the_official_cli_is_exit_4_where_it_says_0_itself(official: Cli, arguments: list[str]) -> None:
    outcome = official("stripe", "--", *arguments)

    assert outcome.exit_code == ExitCode.STRIPE_REFUSED
    assert '"error"' in outcome.stdout
    assert "The emulator refused" in outcome.stderr


@needs_the_cli
@pytest.mark.parametrize("status", ["429", "500"])
def test_the_official_cli_is_exit_4_when_stripe_has_trouble(official: Cli, status: str) -> None:
    official("emulator", "fault", "status", "--path", "/v1/balance", "--status", status)

    assert official("stripe", "--", "balance", "retrieve").exit_code == ExitCode.STRIPE_REFUSED


@needs_the_cli
def test_a_trigger_fires_its_event(official: Cli) -> None:
    assert official("stripe", "--", "trigger", "checkout.session.completed").exit_code == ExitCode.OK

    events = official("stripe", "--json", "--", "events", "list", "--limit", "50").report["answer"]["data"]
    assert "checkout.session.completed" in [event["type"] for event in events]


@needs_the_cli
def test_a_real_process_passes_everything_through(server: EmulatorServer, tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "STRIPE_CLI": OFFICIAL, "STRIPE_API_BASE": server.url}
    line = [sys.executable, "-m", "creditctl", "stripe", "--"]

    def call(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*line, *arguments],
            env=environ,
            cwd=tmp_path,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=patience(60),
        )

    fired = call("trigger", "customer.created")
    secret = call("listen", "--print-secret", "--skip-update")
    customer = json.loads(call("customers", "create").stdout)["id"]
    kept = call("delete", f"/v1/customers/{customer}", stdin="no\n")
    gone = call("delete", f"/v1/customers/{customer}", stdin="yes\n")

    assert (fired.returncode, "Trigger succeeded" in fired.stdout) == (0, True)
    assert secret.stdout.startswith("whsec_")
    assert '"deleted"' not in kept.stdout
    assert '"deleted"' in gone.stdout
    assert list(tmp_path.iterdir()) == []


@needs_the_cli
def test_ctrl_c_ends_the_cli_too(server: EmulatorServer, tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "STRIPE_CLI": OFFICIAL, "STRIPE_API_BASE": server.url}
    listening = subprocess.Popen(
        [sys.executable, "-m", "creditctl", "stripe", "--", "logs", "tail"],
        env={**environ, "TMPDIR": str(tmp_path)},
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert listening.stderr is not None
    while "Ready" not in (line := listening.stderr.readline()):
        assert line, "it never got ready"

    listening.send_signal(signal.SIGINT)
    said, _ = finish(listening, 20)

    assert listening.returncode == ExitCode.STOPPED
    assert list(tmp_path.iterdir()) == []
    assert "Traceback" not in said
