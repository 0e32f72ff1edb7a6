"""`creditctl simulate --inspect`: proposes how a running backend is declared, and writes it only where asked to."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from creditctl.cli.output import Answer
from creditctl.core.errors import ConfigurationError, ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from creditctl.cli.console import Console
    from creditctl.cli.local.simulate_options import SimulateOptions
    from creditctl.cli.session import Session
    from creditctl.core.catalog import Catalog
    from creditctl.core.project_file.project import ProjectFile
    from creditctl.core.project_file.writing import Plain, WrittenSection
    from creditctl.simulation.inspection.inspector import Inspection
    from creditctl.simulation.target.backend_client import BackendClient

_TOML_NAMES = {"scenario_file": "scenarios"}
_WEBHOOK = "webhook.path"


def inspect_answer(session: Session, options: SimulateOptions, catalog: Catalog, project: ProjectFile) -> Answer:
    """The proposal, shown; with `--write` it goes into creditctl.toml.

    Shape: exit 1 where something was not found.
    """
    from creditctl.core.modes import is_loopback_url
    from creditctl.core.project_file.ownership import WebhookSection
    from creditctl.simulation.inspection.inspector import inspect_backend
    from creditctl.simulation.inspection.proposal import proposal_text, proposed_sections

    given = _given(options, project)
    said = {key: str(value) for key, value in given.items()}
    if project.webhook.path != WebhookSection().path:
        said[_WEBHOOK] = project.webhook.path
    with _client(session, options, catalog) as client:
        may_buy = options.start is not None or is_loopback_url(client.target.url)
        found = inspect_backend(client, catalog, f"sim-inspect-{session.wiring.token(4)}", may_buy=may_buy, said=said)
    text = proposal_text(found, given)
    written = None
    if options.write:
        written = _write(session, project, proposed_sections(found, given))
    report = {**_report(found), "toml": text, "written": None if written is None else str(written)}
    code = ExitCode.FINDINGS if found.missing else ExitCode.OK
    return Answer(report, lambda console: _show(console, text, found, written), exit_code=code)


def _given(options: SimulateOptions, project: ProjectFile) -> dict[str, Plain]:
    """What was said already, as lines of `[simulate]`: it stands in the proposal and is not guessed."""
    from creditctl.cli.local.simulate_options import SECTION_KEYS, read_words

    texts = {_TOML_NAMES.get(name, name): value for name in SECTION_KEYS if (value := getattr(options, name))}
    given: dict[str, Plain] = {**texts, **({"headers": options.headers} if options.headers else {})}
    policy = {name: word for name, word in read_words(options.policy or ()).items() if _differs(project, name, word)}
    webhook = {_WEBHOOK: options.webhook_path} if options.webhook_path else {}
    return {**given, **webhook, **({"policy": policy} if policy else {})}


def _differs(project: ProjectFile, name: str, word: str) -> bool:
    return project.policy is None or project.policy.words.get(name) != word


@contextmanager
def _client(session: Session, options: SimulateOptions, catalog: Catalog) -> Iterator[BackendClient]:
    """A client of the backend: one that runs, without any Stripe of ours; or one that is started beside an emulator."""
    import httpx

    from creditctl.cli.local.simulate_bench import HTTP_SECONDS, open_bench
    from creditctl.cli.local.simulate_options import make_target
    from creditctl.simulation.target.backend_client import BackendClient

    if options.start is not None:
        with open_bench(session, options, catalog) as opened:
            yield opened.bench.backend
        return
    if options.backend is None:
        raise UsageError(
            "--inspect needs a backend to look at.",
            code="simulate.backend_missing",
            fix="Name one that runs with --backend URL, or start one: --start CMD --ready URL.",
        )
    with httpx.Client(timeout=HTTP_SECONDS, trust_env=False) as http:
        yield BackendClient(http, make_target(session, options, options.backend, ""))


def _write(session: Session, project: ProjectFile, sections: list[WrittenSection]) -> Path:
    """Adds the proposal to the project file. Errors: ConfigurationError where it says it already."""
    from creditctl.cli.project_file import replace_project_file
    from creditctl.core.project_file.project import PROJECT_FILE, parse_project_file
    from creditctl.core.project_file.writing import added_text

    path = project.path or session.wiring.folder / PROJECT_FILE
    text = path.read_bytes().decode() if path.exists() else ""  # line ends stay as they are
    try:
        for section in sections:
            text = added_text(text, section)
    except ValueError as error:
        raise ConfigurationError(
            f"{path} was not changed: {error}.",
            code="simulate.inspect_written",
            fix="Take the table out of it first, or copy the lines that --inspect shows.",
        ) from None
    parse_project_file(text, path=path)
    replace_project_file(path, text)
    return path


def _report(found: Inspection) -> Mapping[str, object]:
    lines = [{"key": each.key, "value": each.value, "reason": each.reason, "sure": each.sure} for each in found.guesses]
    return {"lines": lines, "missing": list(found.missing)}


def _show(console: Console, text: str, found: Inspection, written: Path | None) -> None:
    console.print(text)
    console.print("")
    if written is not None:
        console.print(f"Written into {written}. Next: `creditctl simulate --group smoke`.")
    elif found.missing:
        console.print("Next: say what was not found as options or in creditctl.toml, then `creditctl simulate`.")
    else:
        console.print("Nothing was written. Next: the same with --write, then `creditctl simulate --group smoke`.")
