"""Which emulator is steered, and with which key: nothing but this machine, nothing before the proof."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from creditctl.core.errors import ExitCode
from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.server import EmulatorServer
from tests.support.clock import NOW
from tests.support.keys import LIVE_KEY, REHEARSAL_KEY, TEST_KEY

if TYPE_CHECKING:
    from tests.support.cli import Cli

DECLINED = "4000000000000002"


def test_the_example_key_serves_whoever_has_none(cli: Cli, session: Callable[[], str]) -> None:
    del cli.environ["STRIPE_SECRET_KEY"]

    assert cli("emulator", "pay", session()).exit_code == ExitCode.OK


def test_another_key_is_named_by_its_setting_and_chooses_another_account(cli: Cli, session: Callable[[], str]) -> None:
    made = session()
    cli.environ["OTHER_KEY"] = "sk_test_example00000000000"

    other = cli("emulator", "pay", made, "--key-name", "OTHER_KEY", "--json")
    missing = cli("emulator", "pay", made, "--key-name", "NO_SUCH_NAME")

    assert (other.exit_code, other.document["error"]["code"]) == (ExitCode.STRIPE_REFUSED, "stripe.resource_missing")
    assert "key" in other.document["error"]["fix"]
    assert missing.exit_code == ExitCode.CONFIGURATION


@pytest.mark.parametrize(
    "url", ["http://example.com", "https://api.stripe.com", "https://127.0.0.1:1", "http://127.0.0.1.example.com", "x"]
)
def test_nothing_but_this_machine_is_spoken_to(cli: Cli, url: str) -> None:
    by_option = cli("emulator", "status", "--url", url, "--json")
    cli.environ["STRIPE_API_BASE"] = url
    by_setting = cli("emulator", "status", "--json")

    for outcome in (by_option, by_setting):
        assert outcome.exit_code == ExitCode.CONFIGURATION
        assert outcome.document["error"]["code"] == "guard.not_loopback"


def test_a_server_that_is_no_emulator_of_ours_gets_no_key(cli: Cli) -> None:
    asked: list[tuple[str, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["Authorization"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"emulator": "another"}')

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        outcome = cli("emulator", "reset", "--yes", "--url", f"http://127.0.0.1:{http.server_port}", "--json")
        http.shutdown()
        thread.join()

    assert outcome.document["error"]["code"] == "guard.not_the_emulator"
    assert asked == [("/_emulator", None)]


def test_a_live_key_is_kept_from_an_emulator_without_live_mode(cli: Cli) -> None:
    cli.environ["STRIPE_SECRET_KEY"] = LIVE_KEY

    outcome = cli("emulator", "reset", "--yes", "--json")

    assert outcome.document["error"]["code"] == "guard.live_key_local"


def test_a_live_key_rehearses_where_the_emulator_was_started_for_it(offline_cli: Cli) -> None:
    built = Emulator(clock=lambda: NOW, livemode=True)
    with EmulatorServer(built) as running:
        offline_cli.environ |= {"STRIPE_SECRET_KEY": REHEARSAL_KEY, "STRIPE_API_BASE": running.url}
        outcome = offline_cli("emulator", "status", "--json")
    built.close()

    assert (outcome.exit_code, outcome.report["livemode"]) == (ExitCode.OK, True)


def test_nobody_at_home_is_exit_5_with_the_next_step(cli: Cli) -> None:
    outcome = cli("emulator", "status", "--url", "http://127.0.0.1:9")

    assert outcome.exit_code == ExitCode.UNREACHABLE
    assert "creditctl emulator" in outcome.stderr


@pytest.mark.parametrize("name", ["../faults", "a/b", "", "cs_test_1?x=1"])
def test_an_id_never_leads_to_another_control(cli: Cli, name: str) -> None:
    assert cli("emulator", "pay", "--", name).exit_code == ExitCode.USAGE


def test_neither_a_key_nor_a_client_secret_is_shown(cli: Cli, session: Callable[[], str]) -> None:
    paid, open_one = session(), session()
    lines = [
        ["pay", paid],
        ["pay", open_one, "--card", DECLINED],
        ["decline", open_one],
        ["refund", paid],
        ["status"],
        ["deliveries"],
        ["pay", "cs_test_nobody"],
        ["--nope"],
    ]

    for line in lines:
        for extra in ([], ["--json"]):
            outcome = cli("emulator", *line, *extra)
            assert TEST_KEY not in outcome.stdout + outcome.stderr
            assert "_secret_" not in outcome.stdout + outcome.stderr


def test_a_host_is_steered_where_the_project_file_lists_it_and_nowhere_else(cli: Cli) -> None:
    unlisted = cli("emulator", "status", "--url", "http://emulator.invalid:12111")
    assert (unlisted.exit_code, "[emulator] hosts" in unlisted.stderr) == (3, True)

    (cli.folder / "creditctl.toml").write_text('[emulator]\nhosts = ["emulator.invalid:12111"]\n')
    assert cli("emulator", "status", "--url", "http://emulator.invalid:12111").exit_code == 5
    cli.environ["STRIPE_SECRET_KEY"] = "sk_test_" + "a" * 24
    other = cli("emulator", "status", "--url", "http://emulator.invalid:12111")
    assert (other.exit_code, "begins with `emulator`" in other.stderr) == (3, True)
