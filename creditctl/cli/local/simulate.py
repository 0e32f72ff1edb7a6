"""`creditctl simulate`: test-card flows and webhook hazards against a backend, as a check for CI."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from creditctl.cli.options import CatalogOption, EnvFileOption, JsonOption, ModeOption
from creditctl.cli.output import Run, start
from creditctl.core.errors import ConfigurationError, ExitCode, GuardRefused, UsageError
from creditctl.core.findings import Finding, Severity
from creditctl.core.modes import Mode

if TYPE_CHECKING:
    from creditctl.cli.console import Console
    from creditctl.core.settings import Settings
    from creditctl.simulation.runner import ScenarioResult
    from creditctl.simulation.shop import Shop


def simulate(
    ctx: typer.Context,
    scenarios: Annotated[
        list[str] | None, typer.Argument(help="Scenarios to run.", show_default="all", metavar="[SCENARIO]...")
    ] = None,
    backend: Annotated[
        str | None,
        typer.Option(
            "--backend",
            help="Your own backend's URL, on the Stripe of the settings; without it a world of its own is started.",
            metavar="URL",
        ),
    ] = None,
    list_them: Annotated[bool, typer.Option("--list", help="Show the scenarios and stop.")] = False,
    mode: ModeOption = None,
    env_file: EnvFileOption = None,
    catalog: CatalogOption = None,
    as_json: JsonOption = False,
) -> None:
    """Play test-card flows and webhook hazards; exit 1 when a balance is not what it must be. Never in live mode."""
    from creditctl.simulation.scenarios import find_scenarios

    run = start(ctx, as_json=as_json)
    chosen, unknown = find_scenarios(tuple(scenarios or ()))
    if unknown:
        raise UsageError(
            f"There is no scenario {', '.join(unknown)}.",
            code="simulate.unknown_scenario",
            fix="`creditctl simulate --list` shows them.",
        )
    if list_them:
        _list(run)
    results: list[ScenarioResult] = []
    with _shop(run, backend, mode, env_file) as shop:
        packages = run.wiring.catalog(catalog)
        for scenario in chosen:
            results.append(_play(run, scenario, shop, packages))
    _finish(run, results)


def _list(run: Run) -> None:
    from creditctl.simulation.scenarios import SCENARIOS

    rows = [{"name": scenario.name, "title": scenario.title} for scenario in SCENARIOS]

    def human(console: Console) -> None:
        for row in rows:
            console.print(f"{row['name']:<22} {row['title']}")

    run.finish({"scenarios": rows}, human=human)


@contextmanager
def _shop(run: Run, backend: str | None, mode: Mode | None, env_file: Path | None) -> Iterator[Shop]:
    """The shop to play in: a world of its own, or the user's backend on the Stripe of the settings."""
    from creditctl.cli.local.local_stack import open_shop, start_local_stack

    if backend is None:
        if mode not in (None, Mode.EMULATOR):
            raise UsageError(
                f"--mode {mode} needs --backend URL: without it an emulator is started.",
                code="simulate.backend_missing",
                fix="Name your backend, for example --backend http://127.0.0.1:8000.",
            )
        run.wiring.mode = Mode.EMULATOR
        with (
            tempfile.TemporaryDirectory(prefix="creditctl-simulate-") as name,
            start_local_stack(run.wiring, Path(name)) as world,
        ):
            yield world.shop
        return
    settings = run.wiring.settings(env_file, mode)
    _refuse_live(settings)
    with open_shop(run.wiring, settings, backend.rstrip("/")) as shop:
        yield shop


def _refuse_live(settings: Settings) -> None:
    if settings.api_key.livemode:
        raise GuardRefused(
            "simulate never runs with a live key.", code="guard.live", fix="Use a test key, or leave --backend out."
        )
    if not settings.webhook_secrets:
        raise ConfigurationError(
            "STRIPE_WEBHOOK_SECRET is not set, so no delivery can be repeated.",
            code="env.missing",
            fix="Run `creditctl setup`, which captures it into the env file.",
        )


def _play(run: Run, scenario: Any, shop: Shop, packages: Any) -> ScenarioResult:
    from creditctl.simulation.runner import run_scenario

    user_id = f"creditctl-sim-{scenario.name}-{run.wiring.token(4)}"
    run.say(f"{scenario.name}: {scenario.title}")
    result = run_scenario(
        scenario, shop=shop, catalog=packages, user_id=user_id, tell=lambda line: run.say(f"  - {line}")
    )
    run.say(f"  {'passed' if result.passed else 'FAILED: ' + result.failure}", style=None if result.passed else "red")
    return result


def _finish(run: Run, results: list[ScenarioResult]) -> None:
    failed = [result for result in results if not result.passed]
    findings = [
        Finding("simulate.failed", Severity.HIGH, result.name, result.failure, "Look at the backend's log and ledger.")
        for result in failed
    ]

    def human(console: Console) -> None:
        console.print(f"{len(results) - len(failed)} of {len(results)} scenarios passed.")
        for result in failed:
            console.print(f"  FAILED {result.name}: {result.failure}")
        console.print(
            "Next: put `creditctl simulate --json` into CI." if not failed else "Next: look at the backend's log."
        )

    report = {"scenarios": [result.as_dict() for result in results]}
    run.finish(report, human=human, findings=findings, exit_code=ExitCode.FINDINGS if failed else ExitCode.OK)
