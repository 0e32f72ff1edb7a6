"""`creditctl simulate`: test-card flows and webhook hazards against a backend, as a check for CI."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.cli.command import Answer, ModeCheck, Session, command
from creditctl.cli.options import CatalogOption
from creditctl.core.errors import ConfigurationError, GuardRefused, UsageError
from creditctl.core.modes import Mode

if TYPE_CHECKING:
    from creditctl.core.catalog import Catalog
    from creditctl.core.settings import Settings
    from creditctl.simulation.runner import ScenarioResult
    from creditctl.simulation.scenarios import Scenario
    from creditctl.simulation.shop import Shop


@command(mode=ModeCheck.AT_FIRST_USE)
def simulate(
    session: Session,
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
    catalog: CatalogOption = None,
) -> Answer:
    """Play test-card flows and webhook hazards; exit 1 when a balance is not what it must be. Never in live mode."""
    from creditctl.cli.render.simulate import results_answer, scenarios_answer
    from creditctl.simulation.scenarios import SCENARIOS, find_scenarios

    chosen, unknown = find_scenarios(tuple(scenarios or ()))
    if unknown:
        raise UsageError(
            f"There is no scenario {', '.join(unknown)}.",
            code="simulate.unknown_scenario",
            fix="`creditctl simulate --list` shows them.",
        )
    if list_them:
        return scenarios_answer(SCENARIOS)
    shop = session.stack.enter_context(_shop(session, backend))
    packages = session.wiring.catalog(catalog)
    return results_answer([_play(session, scenario, shop, packages) for scenario in chosen])


@contextmanager
def _shop(session: Session, backend: str | None) -> Iterator[Shop]:
    """The shop to play in: a world of its own, or the user's backend on the Stripe of the settings."""
    from creditctl.cli.local.local_stack import open_shop, start_local_stack
    from creditctl.cli.local.scratch_folder import scratch_folder

    wiring, mode = session.wiring, session.options.mode
    if backend is None:
        if mode not in (None, Mode.EMULATOR):
            raise UsageError(
                f"--mode {mode} needs --backend URL: without it an emulator is started.",
                code="simulate.backend_missing",
                fix="Name your backend, for example --backend http://127.0.0.1:8000.",
            )
        wiring.mode = Mode.EMULATOR
        with (
            scratch_folder("simulate") as folder,
            start_local_stack(wiring, folder) as world,
        ):
            yield world.shop
        return
    _refuse_live(session.settings)
    with open_shop(wiring, session.settings, backend.rstrip("/")) as shop:
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


def _play(session: Session, scenario: Scenario, shop: Shop, packages: Catalog) -> ScenarioResult:
    from creditctl.simulation.runner import run_scenario

    user_id = f"creditctl-sim-{scenario.name}-{session.wiring.token(4)}"
    session.say(f"{scenario.name}: {scenario.title}")
    result = run_scenario(
        scenario, shop=shop, catalog=packages, user_id=user_id, tell=lambda line: session.say(f"  - {line}")
    )
    session.say(
        f"  {'passed' if result.passed else 'FAILED: ' + result.failure}", style=None if result.passed else "red"
    )
    return result
