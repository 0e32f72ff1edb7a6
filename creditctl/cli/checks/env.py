"""`creditctl env`: judge the configuration before Stripe sees it, and write a starter file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from creditctl.cli.checks.options import ListOption, OnlyOption, SkipOption, list_answer
from creditctl.cli.command import Answer, Session, StripeUse, Writes, command
from creditctl.cli.render.severity import STYLES
from creditctl.core.errors import ConfigurationError, ExitCode
from creditctl.core.findings import Finding, Severity, sort_findings
from creditctl.core.modes import Mode

if TYPE_CHECKING:
    from creditctl.checks.check import Check
    from creditctl.checks.env.model import EnvView
    from creditctl.checks.env.online import KeyProof
    from creditctl.cli.console import Console

BackendFileOption = Annotated[
    Path | None, typer.Option("--env-file", help="The backend's file.", show_default=".env", metavar="FILE")
]
FrontendFileOption = Annotated[
    Path | None, typer.Option("--frontend-file", help="The frontend's file.", show_default=".env.local", metavar="FILE")
]
ExpectedModeOption = Annotated[
    Mode | None,
    typer.Option("--mode", help="What the configuration is meant for; without it, what it says itself."),
]


@command(stripe=StripeUse.OPTIONAL, writes=Writes.FILES, settings=False)
def check(
    session: Session,
    env_file: BackendFileOption = None,
    frontend_file: FrontendFileOption = None,
    mode: ExpectedModeOption = None,
    fix: Annotated[bool, typer.Option("--fix", help="Repair white space, line ends and permissions; no more.")] = False,
    online: Annotated[
        bool,
        typer.Option("--online", help="Prove the key against Stripe: mode, account, permissions. Changes nothing."),
    ] = False,
    before_setup: Annotated[
        bool, typer.Option("--before-setup", help="The signing secret is not there yet: `creditctl setup` makes it.")
    ] = False,
    only: OnlyOption = None,
    skip: SkipOption = None,
    listing: ListOption = False,
) -> Answer:
    """Judge backend file, frontend file and process environment: exit 0 when nothing is wrong, 1 with findings.

    Nothing is sent anywhere without --online, and no secret is ever shown. A finding names file and line.
    """
    from creditctl.checks.env.checks import ENV_CHECKS
    from creditctl.checks.env.rule_groups import judge_groups
    from creditctl.checks.selection import select

    chosen = select(ENV_CHECKS, only or (), skip or ())
    if listing:
        return list_answer(chosen)
    view = _look(session, env_file, frontend_file, mode, before_setup)
    repaired = _repair(session, view) if fix else []
    if repaired:
        view = _look(session, env_file, frontend_file, mode, before_setup)
    proof = _prove(session, view) if online else None
    judged = judge_groups(view, {check.id for check in chosen})
    findings = sort_findings([*judged, *(proof.findings if proof else ())])
    return Answer(
        {**_report(view, chosen), "repaired": repaired, "online": proof.as_dict() if proof else None},
        lambda console: _show(console, view, findings, proof),
        findings=findings,
        exit_code=_exit_code(findings, proof),
    )


@command(writes=Writes.FILES, settings=False)
def init(session: Session, env_file: BackendFileOption = None) -> Answer:
    """Write a starter file with every setting explained, private, and ignored by git; never over an existing one."""
    from creditctl.checks.env.collect import DEFAULT_BACKEND
    from creditctl.checks.env.fixes import start_env
    from creditctl.checks.env.git import run_git

    name = env_file or DEFAULT_BACKEND
    started = start_env(session.wiring.folder, name, run_git)
    ignored = [f"Added to .gitignore: {', '.join(started.ignored)}."] if started.ignored else []
    return Answer.lines(
        {"env_file": str(name), "gitignore_changed": bool(ignored)},
        f"Wrote {name} (mode 0600).",
        *ignored,
        "Fill it in, then: creditctl env check",
    )


def _look(
    session: Session, env_file: Path | None, frontend_file: Path | None, mode: Mode | None, before_setup: bool
) -> EnvView:
    from creditctl.checks.env.collect import gather_env
    from creditctl.checks.env.git import run_git

    view = gather_env(
        session.wiring.folder,
        session.wiring.environ,
        git=run_git,
        backend=env_file,
        frontend=frontend_file,
        expected=mode,
        before_setup=before_setup,
        emulator_hosts=_emulator_hosts(session, env_file),
    )
    session.wiring.mode = view.found
    for values in (view.process, *(file.content.values for file in view.files)):
        session.wiring.redactor.register_all(values)
    return view


def _emulator_hosts(session: Session, env_file: Path | None) -> tuple[str, ...]:
    """The hosts that creditctl.toml lists; none where it cannot be read, which other commands say."""
    from creditctl.cli.project_file import CONFIG_SETTING, load_project_file
    from creditctl.cli.wiring import DEFAULT_ENV_FILE

    wiring = session.wiring
    beside, named = env_file or DEFAULT_ENV_FILE, wiring.environ.get(CONFIG_SETTING)
    try:
        project = load_project_file(beside, wiring.folder, named, wiring.redactor)
    except ConfigurationError:
        return ()
    return project.emulator.hosts


def _repair(session: Session, view: EnvView) -> list[str]:
    from creditctl.checks.env.fixes import apply_repair, plan_repair

    repaired = []
    for file in view.files:
        repair = plan_repair(file)
        if repair:
            apply_repair(session.wiring.folder / file.name, file, repair)
            session.say(f"Repaired {file.name}: {repair.words}.")
            repaired.append(file.name)
    return repaired


def _prove(session: Session, view: EnvView) -> KeyProof | None:
    from creditctl.checks.env.online import prove_key, why_not_asked
    from creditctl.core.settings import merge_settings

    reason = why_not_asked(view)
    if reason:
        session.say(f"Stripe was not asked: {reason}.")
        return None
    settings = merge_settings(
        view.backend.content.values,
        session.wiring.environ,
        env_file=Path(view.backend.name),
        folder=session.wiring.folder,
    )
    with session.wiring.stripe(settings, audited=False) as connection:
        return prove_key(view, connection)


def _exit_code(findings: list[Finding], proof: KeyProof | None) -> ExitCode:
    """Notes are no reason to stop a deploy; an answer that Stripe did not give is one of its own."""
    if proof is not None and proof.unreachable:
        return ExitCode.UNREACHABLE
    unwelcome = any(finding.severity not in (Severity.INFO, Severity.LOW) for finding in findings)
    return ExitCode.FINDINGS if unwelcome else ExitCode.OK


def _report(view: EnvView, checks: Sequence[Check[EnvView]]) -> dict[str, Any]:
    from creditctl.checks.env.checks import check_env

    return {
        "mode_found": view.found,
        "mode_expected": view.expected,
        "files": [{"file": file.name, "exists": file.exists} for file in (view.backend, view.frontend)],
        "settings": [{"name": setting.name, "from": setting.where} for setting in view.all_winning()],
        "checks": [result.as_dict() for result in check_env(view, checks)],
    }


def _show(console: Console, view: EnvView, findings: list[Finding], proof: KeyProof | None) -> None:
    for finding in findings:
        severity = (f"{finding.severity:<8}", STYLES[finding.severity])
        console.line(severity, f" {finding.subject}  {finding.message}", (f"  [{finding.code}]", "dim"))
        console.print(f"         {finding.fix}", style="dim")
    for setting in view.all_winning():
        console.print(f"{setting.name:<34} from {setting.where}")
    if proof is not None and proof.account is not None:
        mode = {True: "live", False: "not live", None: "unknown"}[proof.livemode]
        console.print(f"Stripe: {proof.account}, {mode}; {len(proof.granted)} reads work.")
    console.print(_summary(view, findings))


def _summary(view: EnvView, findings: list[Finding]) -> str:
    problems = sum(finding.severity not in (Severity.INFO, Severity.LOW) for finding in findings)
    mode = f"{view.mode} mode" if view.mode else "an unknown mode"
    if problems:
        return f"{problems} problem{'s' * (problems > 1)} in the configuration for {mode}. Next: correct the first one."
    return f"Nothing is wrong with the configuration for {mode}. Next: creditctl setup --dry-run"
