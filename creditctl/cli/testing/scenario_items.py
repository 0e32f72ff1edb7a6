"""Scenarios of `creditctl simulate` as test items of pytest, against the target that a `creditctl.toml` declares."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from creditctl.cli.local.simulate_bench import PORT, open_bench
from creditctl.cli.local.simulate_options import SimulateOptions
from creditctl.core.errors import CreditctlError, UsageError
from creditctl.simulation.causes import find_cause
from creditctl.simulation.results import ScenarioOutcome, ScenarioResult
from creditctl.simulation.scenarios.table import SCENARIOS, SMOKE
from creditctl.simulation.target.buyers import Buyers

if TYPE_CHECKING:
    from creditctl.cli.session import Session
    from creditctl.simulation.play.state import Bench
    from creditctl.simulation.scenarios.steps import Scenario
    from creditctl.simulation.suite.schedule import SuiteRun


class ScenarioFailure(Exception):
    """A scenario that did not pass, with its result."""

    def __init__(self, result: ScenarioResult) -> None:
        super().__init__(result.failure or result.reason)
        self.result = result


class ScenarioFile(pytest.File):
    """A `creditctl.toml`: collects every scenario; the backend is started before the first of them that runs."""

    run: SuiteRun | None = None
    _open: ExitStack

    def collect(self) -> Iterator[pytest.Item]:
        """One item a scenario, the user's own behind ours."""
        for scenario in (*SCENARIOS, *self._own_scenarios()):
            item = ScenarioItem.from_parent(self, name=scenario.name)
            item.scenario = scenario
            item.extra_keyword_matches |= {scenario.group, *(["smoke"] if scenario.name in SMOKE else [])}
            yield item

    def _own_scenarios(self) -> tuple[Scenario, ...]:
        """Those of `[simulate] scenarios`."""
        from creditctl.core.project_file.project import parse_project_file

        try:
            project = parse_project_file(self.path.read_text(encoding="utf-8"), path=self.path)
            return SimulateOptions().beside(project.simulate).own_scenarios(self.path.parent)
        except CreditctlError as error:
            raise self.CollectError(f"{error.message}\n{error.fix}".strip()) from error

    def setup(self) -> None:
        """Starts everything, and plays the basic purchase."""
        self._open = ExitStack()
        try:
            self.run = _begun(self._open, self.path, self.config)
        except CreditctlError as error:
            self._open.close()
            pytest.fail(f"{error.message}\n{error.fix}".strip(), pytrace=False)
        except BaseException:
            self._open.close()
            raise

    def teardown(self) -> None:
        """Stops everything."""
        self.run = None
        self._open.close()


class ScenarioItem(pytest.Item):
    """One scenario as a test: what was not tried is a skip with its reason, a warning an expected failure."""

    scenario: Scenario

    def runtest(self) -> None:
        """Plays it. Errors: ScenarioFailure."""
        assert isinstance(self.parent, ScenarioFile)
        assert self.parent.run is not None
        result = self.parent.run.play(self.scenario)
        strict = self.config.getoption("--creditctl-strict")
        if result.outcome is ScenarioOutcome.NOT_TRIED and not strict:
            pytest.skip(result.reason)
        if result.outcome is ScenarioOutcome.WARNED:
            pytest.xfail(f"a warning: {result.cause}: {result.failure}")
        if not result.passed:
            raise ScenarioFailure(result)

    def repr_failure(  # type: ignore[override]
        self, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> str:
        """What was expected and seen, and what to do; no traceback of ours."""
        if isinstance(excinfo.value, ScenarioFailure):
            return _told(excinfo.value.result)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where it stands, and what it proves."""
        return self.path, None, f"{self.name}: {self.scenario.title}"


def _told(result: ScenarioResult) -> str:
    if not result.cause:
        return f"{result.title}.\nCould not be tried: {result.reason}"
    lines = [f"{result.title}.", f"{result.cause}: {result.failure}.", f"Mend: {find_cause(result.cause).mend}"]
    lines += ["", *(f"  {step}" for step in result.steps)]
    lines += ["", "Webhooks:", *(f"  {delivery}" for delivery in result.deliveries)] if result.deliveries else []
    return "\n".join([*lines, "", f"Alone: creditctl simulate --only {result.name}"])


def _begun(stack: ExitStack, path: Path, config: pytest.Config) -> SuiteRun:
    """The run against the declared target: world opened, preflight passed, basic purchase played."""
    from creditctl.cli.local.simulate import open_catalog, read_project
    from creditctl.simulation.suite.preflight import preflight
    from creditctl.simulation.suite.schedule import SuiteOptions, SuiteRun

    session = _session(stack, path.parent)
    options = SimulateOptions(timeout=config.getoption("--creditctl-timeout") or SimulateOptions.timeout)
    project = read_project(session, options)
    options = options.beside(project.simulate, project.policy)
    worker, workers = xdist_place(os.environ)
    require_own_port(options, workers)
    opened = stack.enter_context(open_bench(session, options, open_catalog(session, options, project)))
    bench = own_share(opened.bench, worker, workers)
    report = preflight(bench, opened.secrets, started_here=opened.started_here)
    run = SuiteRun(report.bench, SuiteOptions(), lambda _result: None)
    run.begin(report)
    return run


def _session(stack: ExitStack, folder: Path) -> Session:
    """The session that `creditctl simulate` would have in that folder, speaking to nobody."""
    from creditctl.cli.app import run
    from creditctl.cli.session import Session, SharedOptions
    from creditctl.cli.uses import ModeCheck, Uses
    from creditctl.cli.wiring import Wiring

    silent = io.StringIO()
    wiring = Wiring(os.environ, folder, stdin=io.StringIO(), stdout=silent, stderr=silent, run=run)
    return Session("simulate", wiring, False, SharedOptions(), Uses(mode=ModeCheck.AT_FIRST_USE), stack)


def xdist_place(environ: Mapping[str, str]) -> tuple[int, int]:
    """Which of how many workers of pytest-xdist this process is: (0, 1) without it."""
    name = environ.get("PYTEST_XDIST_WORKER", "gw0")
    return int(name.removeprefix("gw")), int(environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))


def require_own_port(options: SimulateOptions, workers: int) -> None:
    """Each of several workers of pytest-xdist starts a backend of its own. Errors: UsageError for one port for all."""
    if workers < 2 or options.start is None or PORT in (options.ready or ""):
        return
    raise UsageError(
        "With pytest-xdist each worker starts a backend of its own, and [simulate] ready names one port for all.",
        code="simulate.one_port",
        fix=f'Write {PORT} in start, restart and ready, such as ready = "http://127.0.0.1:{PORT}/health".',
    )


def own_share(bench: Bench, worker: int, workers: int) -> Bench:
    """The bench with this worker's share of the users that exist, so that no two workers lend the same one."""
    target = bench.backend.target
    if workers < 2 or not target.users:
        return bench
    target = replace(target, users=target.users[worker::workers])
    return replace(bench, backend=replace(bench.backend, target=target), buyers=Buyers(target))
