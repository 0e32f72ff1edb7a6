"""`creditctl simulate`: the test that a credit backend must pass before it meets money, as a check for CI."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from creditctl.cli.command import Answer, ModeCheck, Session, command
from creditctl.cli.local.simulate_options import SimulateOptions
from creditctl.core.errors import UsageError

if TYPE_CHECKING:
    from creditctl.core.catalog import Catalog
    from creditctl.core.project_file.project import ProjectFile
    from creditctl.simulation.play.state import Bench
    from creditctl.simulation.results import ScenarioResult, SuiteResult
    from creditctl.simulation.scenarios.steps import Scenario

_WORDS = {"passed": "passed", "failed": "FAILED", "warned": "warning", "not_tried": "not tried"}


@command(mode=ModeCheck.AT_FIRST_USE)
def simulate(session: Session, options: SimulateOptions) -> Answer:
    """Play purchases, refunds, disputes, attacks and crashes against a credit backend.

    Exit 1 where a balance or an answer is not what it must be. Never in live mode.
    """
    from creditctl.cli.local.simulate_inspect import inspect_answer
    from creditctl.cli.render.simulate import scenarios_answer

    if options.list_them:
        return scenarios_answer(_chosen(session, options))
    project = read_project(session, options)
    options = options.beside(project.simulate, project.policy)
    scenarios = _chosen(session, options)
    if options.inspect:
        return inspect_answer(session, options, open_catalog(session, options, project), project)
    suite = _played(session, options, scenarios, open_catalog(session, options, project))
    return _reported(session, options, suite)


def _chosen(session: Session, options: SimulateOptions) -> tuple[Scenario, ...]:
    from creditctl.simulation.scenarios.table import GROUPS, find_scenarios

    histories = options.histories
    names = tuple(name for name in options.names if name not in histories)
    if histories and not names and not options.group:
        return ()
    own = options.own_scenarios(session.wiring.folder)
    chosen, unknown = find_scenarios(names, tuple(options.group or ()), own)
    if unknown:
        raise UsageError(
            f"There is no scenario or group {', '.join(unknown)}.",
            code="simulate.unknown_scenario",
            fix=f"`creditctl simulate --list` shows the scenarios; groups are "
            f"{', '.join(dict.fromkeys((*GROUPS, *(each.group for each in own))))}.",
        )
    return chosen


def read_project(session: Session, options: SimulateOptions) -> ProjectFile:
    """What `creditctl.toml` says; a world of its own needs no settings, so it is not held against --mode."""
    if options.backend is not None:
        return session.project
    return session.wiring.settings(session.options.env_file).project


def open_catalog(session: Session, options: SimulateOptions, project: ProjectFile) -> Catalog:
    """The packages that the backend under test sells."""
    from creditctl.core.catalog import catalog_of_project

    if options.backend is not None:
        return session.catalog(options.catalog)
    return catalog_of_project(project, another=options.catalog) or session.wiring.catalog(options.catalog)


def _played(
    session: Session, options: SimulateOptions, scenarios: tuple[Scenario, ...], catalog: Catalog
) -> SuiteResult:
    from creditctl.cli.local.simulate_bench import open_bench
    from creditctl.simulation.suite.preflight import preflight
    from creditctl.simulation.suite.schedule import SuiteOptions, run_suite

    opened = session.stack.enter_context(open_bench(session, options, catalog))
    report = preflight(opened.bench, opened.secrets, started_here=opened.started_here)
    for note in report.notes:
        session.say(f"preflight: {note}")
    wanted = SuiteOptions(options.jobs, options.seed, options.fail_fast)
    suite = run_suite(scenarios, report, wanted, lambda result: _tell(session, result))
    return _with_histories(session, options, suite, report.bench)


def _with_histories(session: Session, options: SimulateOptions, suite: SuiteResult, bench: Bench) -> SuiteResult:
    """The suite, and random histories where some are wanted; they are not begun where that would be in vain."""
    from creditctl.simulation.histories.run import names_of_histories, not_played, run_histories

    names = list(dict.fromkeys([*options.histories, *names_of_histories(options.random, options.seed)]))
    if not names:
        return suite
    if why := _why_no_histories(options, suite, bench):
        return replace(suite, results=[*suite.results, *not_played(names, why)])
    start = bench.pace.monotonic()
    more = run_histories(bench, names, jobs=options.jobs, tell=lambda result: _tell(session, result))
    seconds = suite.seconds + bench.pace.monotonic() - start
    return replace(suite, results=[*suite.results, *more], seconds=seconds)


def _why_no_histories(options: SimulateOptions, suite: SuiteResult, bench: Bench) -> str:
    """Why no history is begun; empty where they are."""
    if not bench.pace.measured:
        return "the basic purchase (success) failed, and this needs one"
    failed = any(result.outcome == "failed" for result in suite.results)
    return "the run stops at the first failure (--fail-fast)" if options.fail_fast and failed else ""


def _tell(session: Session, result: ScenarioResult) -> None:
    word = _WORDS.get(result.outcome, "could not run")
    said = result.failure or result.reason
    style = "red" if result.outcome == "failed" else None
    session.say(f"{word:<9} {result.name} ({result.seconds:.1f} s)" + (f": {said}" if said else ""), style=style)


def _reported(session: Session, options: SimulateOptions, suite: SuiteResult) -> Answer:
    """The answer, and the reports that were asked for."""
    from creditctl.cli.local.simulate_reports import write_reports
    from creditctl.cli.render.simulate import results_answer

    write_reports(session, options, suite)
    return results_answer(suite, strict=options.strict)
