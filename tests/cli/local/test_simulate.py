"""`creditctl simulate`: its own world, a backend of the user's, and everything that it refuses."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from creditctl.cli.app import run
from creditctl.cli.local.local_stack import run_command, start_local_stack
from creditctl.cli.wiring import Wiring
from creditctl.core.errors import ExitCode, GuardRefused
from creditctl.emulator_client.checkout_payer import refuse_live
from creditctl.simulation.scenarios.table import SCENARIOS
from tests.support.keys import LIVE_KEY, TEST_KEY
from tests.support.waiting import run_process

if TYPE_CHECKING:
    from tests.support.cli import Cli


def wiring(folder: Path, **environ: str) -> Wiring:
    stdin, stdout, stderr = io.StringIO(), io.StringIO(), io.StringIO()
    environ = {"NO_COLOR": "1", **environ}
    return Wiring(environ=environ, folder=folder, run=run, stdin=stdin, stdout=stdout, stderr=stderr)


def test_every_scenario_passes_in_a_world_of_its_own_that_is_gone_afterwards(tmp_path: Path) -> None:
    document = run_command(wiring(tmp_path), "simulate")

    assert (document["ok"], document["mode"]) == (True, "emulator")
    assert {finding["code"] for finding in document["findings"]} == {"simulate.not_tried"}
    played = document["report"]["scenarios"]
    assert [scenario["name"] for scenario in played] == [scenario.name for scenario in SCENARIOS]
    assert {scenario["outcome"] for scenario in played} == {"passed", "not_tried"}
    assert all(scenario["passed"] or scenario["reason"] for scenario in played)
    assert document["report"]["counts"]["passed"] >= 100
    assert list(tmp_path.iterdir()) == []


def test_the_users_own_backend_is_judged_by_its_balances(tmp_path: Path) -> None:
    with start_local_stack(wiring(tmp_path), tmp_path) as world:
        good = world.command("simulate", "success", "refund", "--backend", world.backend_url)
        bad = run_command(world.inner, "simulate", "decline", "--backend", f"{world.backend_url}/nowhere")

    assert good["ok"]
    assert [scenario["name"] for scenario in good["report"]["scenarios"]] == ["success", "refund"]
    assert (bad["error"]["type"], bad["error"]["code"]) == ("configuration", "simulate.balance")


def test_scenarios_of_the_users_own_are_listed_and_played_beside_ours(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        '[[scenario]]\nname = "mine"\nsteps = [{do = "buy"}, {do = "refund", of = 2}, {do = "expect", percent = 50}]\n'
    )
    (tmp_path / "creditctl.toml").write_text('[simulate]\nscenarios = "mine.toml"\n')
    listed = run_command(wiring(tmp_path), "simulate", "--list", "--scenarios", "mine.toml")
    played = run_command(wiring(tmp_path), "simulate", "--group", "own")

    assert [each["name"] for each in listed["report"]["scenarios"]] == [*(each.name for each in SCENARIOS), "mine"]
    assert [(each["name"], each["outcome"]) for each in played["report"]["scenarios"]] == [("mine", "passed")]


def test_a_backend_that_is_away_is_exit_5(tmp_path: Path) -> None:
    with start_local_stack(wiring(tmp_path), tmp_path) as world:
        gone = run_command(world.inner, "simulate", "success", "--backend", "http://127.0.0.1:9")

    assert (gone["error"]["type"], gone["error"]["code"]) == ("unreachable", "simulation.backend")


@pytest.mark.parametrize(
    ("arguments", "environ", "code", "said"),
    [
        (["nope"], {}, ExitCode.USAGE, "There is no scenario or group nope"),
        (["--group", "nope"], {}, ExitCode.USAGE, "There is no scenario or group nope"),
        (["--scenarios", "nowhere.toml"], {}, ExitCode.CONFIGURATION, "Cannot read the scenarios"),
        (["--start", "true"], {}, ExitCode.USAGE, "--ready"),
        (["--policy", "disputes=perhaps"], {}, ExitCode.USAGE, "is no policy"),
        (["--mode", "test"], {}, ExitCode.USAGE, "--backend"),
        (["--backend", "http://127.0.0.1:9"], {}, ExitCode.CONFIGURATION, "STRIPE_SECRET_KEY is not set"),
        (["--backend", "http://127.0.0.1:9"], {"STRIPE_SECRET_KEY": LIVE_KEY}, ExitCode.CONFIGURATION, "live key"),
        ([], {"STRIPE_SECRET_KEY": LIVE_KEY}, ExitCode.CONFIGURATION, "live key"),
        (
            ["--start", "true", "--ready", "http://127.0.0.1:9"],
            {"STRIPE_SECRET_KEY": LIVE_KEY},
            ExitCode.CONFIGURATION,
            "live key",
        ),
        (
            ["--backend", "http://127.0.0.1:9"],
            {"STRIPE_SECRET_KEY": TEST_KEY},
            ExitCode.CONFIGURATION,
            "STRIPE_WEBHOOK_SECRET is not set",
        ),
    ],
)
def test_what_cannot_be_played_is_refused_before_anything_is_sent(
    tmp_path: Path, arguments: list[str], environ: dict[str, str], code: ExitCode, said: str
) -> None:
    world = wiring(tmp_path, **environ)

    assert run(["simulate", *arguments], world) == code
    assert said in world.stderr.getvalue()  # type: ignore[attr-defined]
    assert LIVE_KEY not in world.stderr.getvalue()  # type: ignore[attr-defined]


def test_a_live_object_is_refused_by_the_shopper() -> None:
    refuse_live(False)
    with pytest.raises(GuardRefused):
        refuse_live(True)


def test_the_scenarios_can_be_listed_without_starting_anything(offline_cli: Cli) -> None:
    outcome = offline_cli("simulate", "--list")

    assert outcome.exit_code == ExitCode.OK
    assert [line.split()[0] for line in outcome.stdout.splitlines()] == [scenario.name for scenario in SCENARIOS]


def test_a_command_of_its_world_that_is_stopped_stops_all_of_it(tmp_path: Path) -> None:
    def stopped(_arguments: object, inner: Wiring) -> int:
        inner.stdout.write("{}")
        return ExitCode.STOPPED

    world = wiring(tmp_path)
    world.run = stopped
    with pytest.raises(KeyboardInterrupt):
        run_command(world, "setup")


STOPPED_WHERE_A_MODULE_IS_LOADED = """
import signal, sys

module = sys.argv.pop(1)

class Stop:
    def find_spec(self, name, path=None, target=None):
        if name == module:
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Stop())
from creditctl.__main__ import main
main()
"""


@pytest.mark.parametrize("module", ["creditctl.cli.app", "creditctl.simulation.suite.schedule", "uvicorn"])
def test_ctrl_c_ends_with_130_however_early_it_comes(tmp_path: Path, module: str) -> None:
    """At a place of the program, not after a time: how far it has come by then is another on each machine."""
    done = run_process([sys.executable, "-c", STOPPED_WHERE_A_MODULE_IS_LOADED, module, "simulate"], 60, cwd=tmp_path)

    assert done.returncode == ExitCode.STOPPED, done.stderr
    assert done.stderr.endswith("Stopped.\n")
    assert "Traceback" not in done.stderr
