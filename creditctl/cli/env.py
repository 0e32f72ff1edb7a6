"""`creditctl env`: judge the configuration before Stripe sees it, and write a starter file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from creditctl.cli.options import JsonOption
from creditctl.cli.output import Run, start
from creditctl.core.errors import ExitCode
from creditctl.core.findings import Finding, Severity, sort_findings
from creditctl.core.modes import Mode

if TYPE_CHECKING:
    from rich.console import Console

    from creditctl.checks.env.model import EnvView
    from creditctl.checks.env.online import KeyProof

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

_STYLES = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
    Severity.INFO: "dim",
}


def build() -> typer.Typer:
    """The group `creditctl env`."""
    group = typer.Typer(no_args_is_help=True, help="Check the env files and the process environment; write a starter.")
    group.command("check")(check)
    group.command("init")(init)
    return group


def check(
    ctx: typer.Context,
    env_file: BackendFileOption = None,
    frontend_file: FrontendFileOption = None,
    mode: ExpectedModeOption = None,
    fix: Annotated[bool, typer.Option("--fix", help="Repair white space, line ends and permissions; no more.")] = False,
    online: Annotated[
        bool, typer.Option("--online", help="Prove the key against Stripe: mode, account, permissions. Reads only.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Judge backend file, frontend file and process environment: exit 0 when nothing is wrong, 1 with findings.

    Nothing is sent anywhere without --online, and no secret is ever shown. A finding names file and line.
    """
    from creditctl.checks.env.rule_groups import judge_env

    run = start(ctx, as_json=as_json)
    view = _look(run, env_file, frontend_file, mode)
    repaired = _repair(run, view) if fix else []
    if repaired:
        view = _look(run, env_file, frontend_file, mode)
    proof = _prove(run, view) if online else None
    findings = sort_findings([*judge_env(view), *(proof.findings if proof else ())])
    run.finish(
        {**_report(view), "repaired": repaired, "online": proof.as_dict() if proof else None},
        human=lambda console: _show(console, view, findings, proof),
        findings=findings,
        exit_code=_exit_code(findings, proof),
    )


def init(
    ctx: typer.Context,
    env_file: BackendFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a starter file with every setting explained, private, and ignored by git; never over an existing one."""
    from creditctl.checks.env.collect import DEFAULT_BACKEND
    from creditctl.checks.env.fixes import start_env
    from creditctl.checks.env.git import run_git

    run = start(ctx, as_json=as_json)
    name = env_file or DEFAULT_BACKEND
    started = start_env(run.wiring.folder, name, run_git)

    def human(console: Console) -> None:
        console.print(f"Wrote {name} (mode 0600).", markup=False)
        if started.ignored_in is not None:
            console.print(f"Added {name.name} to .gitignore.", markup=False)
        console.print("Fill it in, then: creditctl env check", markup=False)

    run.finish(
        {"env_file": str(name), "gitignore_changed": started.ignored_in is not None},
        human=human,
    )


def _look(run: Run, env_file: Path | None, frontend_file: Path | None, mode: Mode | None) -> EnvView:
    from creditctl.checks.env.collect import gather_env
    from creditctl.checks.env.git import run_git

    view = gather_env(
        run.wiring.folder, run.wiring.environ, git=run_git, backend=env_file, frontend=frontend_file, expected=mode
    )
    run.wiring.mode = view.found
    return view


def _repair(run: Run, view: EnvView) -> list[str]:
    from creditctl.checks.env.fixes import apply_repair, plan_repair

    repaired = []
    for file in view.files:
        repair = plan_repair(file)
        if repair:
            apply_repair(run.wiring.folder / file.name, file, repair)
            run.say(f"Repaired {file.name}: {repair.words}.")
            repaired.append(file.name)
    return repaired


def _prove(run: Run, view: EnvView) -> KeyProof | None:
    from creditctl.checks.env.online import prove_key, why_not_asked
    from creditctl.core.settings import merge_settings

    reason = why_not_asked(view)
    if reason:
        run.say(f"Stripe was not asked: {reason}.")
        return None
    settings = merge_settings(
        view.backend.content.values, run.wiring.environ, env_file=Path(view.backend.name), folder=run.wiring.folder
    )
    with run.wiring.stripe(settings, audited=False) as door:
        return prove_key(view, door)


def _exit_code(findings: list[Finding], proof: KeyProof | None) -> ExitCode:
    """Notes are no reason to stop a deploy; an answer that Stripe did not give is one of its own."""
    if proof is not None and proof.unreachable:
        return ExitCode.UNREACHABLE
    unwelcome = any(finding.severity is not Severity.INFO for finding in findings)
    return ExitCode.FINDINGS if unwelcome else ExitCode.OK


def _report(view: EnvView) -> dict[str, Any]:
    from creditctl.checks.answers import answer_to_findings
    from creditctl.checks.env.rule_groups import RULE_GROUPS
    from creditctl.core.checks import CheckResult

    answers = [(group, answer_to_findings(group.judge(view), "nothing found")) for group in RULE_GROUPS]
    return {
        "mode_found": view.found,
        "mode_expected": view.expected,
        "files": [{"file": file.name, "exists": file.exists} for file in (view.backend, view.frontend)],
        "settings": [{"name": setting.name, "from": setting.where} for setting in view.all_winning()],
        "checks": [
            CheckResult(group.id, answer.status, group.title, answer.evidence, answer.fix).as_dict()
            for group, answer in answers
        ],
    }


def _show(console: Console, view: EnvView, findings: list[Finding], proof: KeyProof | None) -> None:
    from rich.text import Text

    for finding in findings:
        severity = Text(f"{finding.severity:<8}", style=_STYLES[finding.severity])
        console.print(Text.assemble(severity, f" {finding.subject}  {finding.message}", (f"  [{finding.code}]", "dim")))
        console.print(Text(f"         {finding.fix}", style="dim"))
    for setting in view.all_winning():
        console.print(f"{setting.name:<34} from {setting.where}", markup=False)
    if proof is not None and proof.account is not None:
        mode = {True: "live", False: "not live", None: "unknown"}[proof.livemode]
        console.print(f"Stripe: {proof.account}, {mode}; {len(proof.granted)} reads work.", markup=False)
    console.print(_summary(view, findings), markup=False)


def _summary(view: EnvView, findings: list[Finding]) -> str:
    problems = sum(finding.severity is not Severity.INFO for finding in findings)
    mode = f"{view.mode} mode" if view.mode else "an unknown mode"
    if problems:
        return f"{problems} problem{'s' * (problems > 1)} in the configuration for {mode}. Next: correct the first one."
    return f"Nothing is wrong with the configuration for {mode}. Next: creditctl setup --dry-run"
