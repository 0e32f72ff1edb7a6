"""Options of `creditctl simulate`, and how they, `[simulate]` of creditctl.toml and the guide's API make one target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from creditctl.cli.options import CatalogOption
from creditctl.core.errors import UsageError
from creditctl.core.project_file.running import PolicySection
from creditctl.core.project_file.simulate import SimulateSection

if TYPE_CHECKING:
    from creditctl.cli.command import Session
    from creditctl.simulation.scenarios.steps import Scenario
    from creditctl.simulation.target.declaration import Target

TARGET, RUN, REPORT = "The backend under test", "What runs, and how", "Reports"


def _run(name: str, help_text: str, **more: Any) -> Any:
    return typer.Option(name, help=help_text, rich_help_panel=RUN, **more)


def _report(name: str, help_text: str) -> Any:
    return typer.Option(name, help=help_text, metavar="FILE", rich_help_panel=REPORT)


def _text(name: str, help_text: str, metavar: str, default: str | None = None) -> Any:
    return typer.Option(name, help=help_text, metavar=metavar, show_default=default or False, rich_help_panel=TARGET)


@dataclass(frozen=True)
class SimulateOptions:
    """Everything that the command line can say, a field an option. Shape: None where it was not given."""

    scenarios: Annotated[
        list[str] | None,
        typer.Argument(help="Scenarios or groups to run.", show_default="all", metavar="[SCENARIO]..."),
    ] = None
    backend: Annotated[
        str | None,
        _text("--backend", "Your own backend's URL, on the Stripe of the settings; without it one is started.", "URL"),
    ] = None
    start: Annotated[
        str | None,
        _text(
            "--start", "Start your backend with this shell command, beside an emulator that is set up for it.", "CMD"
        ),
    ] = None
    ready: Annotated[
        str | None,
        _text("--ready", "The URL where the started backend answers; {port}, in every CMD too, is a free one.", "URL"),
    ] = None
    restart: Annotated[
        str | None,
        _text("--restart", "How it starts again with its data after a kill; without it, it is never killed.", "CMD"),
    ] = None
    webhook_path: Annotated[
        str | None, _text("--webhook-path", "Where it takes webhooks.", "PATH", "[webhook] path of creditctl.toml")
    ] = None
    purchase_path: Annotated[
        str | None, _text("--purchase-path", "Where it sells.", "PATH", "/api/credits/purchase")
    ] = None
    purchase_body: Annotated[
        str | None,
        _text("--purchase-body", "The JSON it wants; {number}, {slug}, {amount}, {user} are filled in.", "JSON"),
    ] = None
    session_pointer: Annotated[
        str | None,
        _text(
            "--session-pointer", "JSON pointer to the session's URL or id in its answer.", "POINTER", "found by itself"
        ),
    ] = None
    session_path: Annotated[
        str | None,
        _text("--session-path", "Its success page or session endpoint.", "PATH", "/api/credits/session/{session}"),
    ] = None
    headers: Annotated[
        list[str] | None,
        _text("--header", "A header that signs a buyer in; may be repeated.", "HEADER", "X-User-Id: {user}"),
    ] = None
    users: Annotated[
        str | None,
        _text("--users", "Users that exist: one id a line, or CSV or JSON with `user` and fields for headers.", "FILE"),
    ] = None
    login_command: Annotated[
        str | None, _text("--login-command", "Prints a token (or JSON of fields) for {user}, for headers.", "CMD")
    ] = None
    balance_path: Annotated[
        str | None, _text("--balance-path", "Where it tells a balance.", "PATH", "/api/credits/balance?user_id={user}")
    ] = None
    balance_pointer: Annotated[
        str | None, _text("--balance-pointer", "JSON pointer to the number in it.", "POINTER", "/balance")
    ] = None
    balance_sql: Annotated[str | None, _text("--balance-sql", "Query that answers the balance of :user.", "SQL")] = None
    balance_database_env: Annotated[
        str | None,
        _text("--balance-database-env", "Variable that holds the database's URL for it.", "NAME", "DATABASE_URL"),
    ] = None
    balance_command: Annotated[
        str | None, _text("--balance-command", "Command that prints the balance of {user}.", "CMD")
    ] = None
    spend_path: Annotated[str | None, _text("--spend-path", "Where credits are spent (POST).", "PATH")] = None
    spend_body: Annotated[
        str | None, _text("--spend-body", "The JSON it wants; {user} and {credits} are filled in.", "JSON")
    ] = None
    spend_command: Annotated[
        str | None, _text("--spend-command", "Command that spends {credits} of {user}; exit 0 where granted.", "CMD")
    ] = None
    recover_command: Annotated[
        str | None, _text("--recover-command", "Command of the job that finds paid sessions no event told of.", "CMD")
    ] = None
    policy: Annotated[
        list[str] | None,
        _text(
            "--policy",
            "What the owner decided, such as negative=clamped or disputes=at_loss; may be repeated.",
            "NAME=WORD",
        ),
    ] = None
    scenario_file: Annotated[
        str | None,
        _run("--scenarios", "A file of scenarios of your own, played beside the others.", metavar="FILE"),
    ] = None
    inspect: Annotated[
        bool, _run("--inspect", "Look at the backend, propose its [simulate] section with reasons, and stop.")
    ] = False
    write: Annotated[bool, _run("--write", "With --inspect: add the proposal to creditctl.toml.")] = False
    list_them: Annotated[bool, _run("--list", "Show the scenarios and stop.")] = False
    only: Annotated[
        list[str] | None,
        _run("--only", "Run this scenario, or a history such as random-3-14; may be repeated.", metavar="SCENARIO"),
    ] = None
    group: Annotated[
        list[str] | None, _run("--group", "Run the scenarios of this group; may be repeated.", metavar="GROUP")
    ] = None
    random: Annotated[
        int,
        _run(
            "--random", "Play so many random histories of --seed besides; one that fails is shrunk.", metavar="N", min=0
        ),
    ] = 0
    jobs: Annotated[int, _run("--jobs", "How many scenarios run at once.", min=1, max=64)] = 4
    seed: Annotated[int, _run("--seed", "The order in which scenarios begin, and what --random makes.")] = 0
    timeout: Annotated[float, _run("--timeout", "The longest wait for one balance, in seconds.", min=0.5)] = 30.0
    fail_fast: Annotated[bool, _run("--fail-fast", "Begin nothing more after the first failure.")] = False
    strict: Annotated[bool, _run("--strict", "What could not be tried is a failure too.")] = False
    junit: Annotated[Path | None, _report("--junit", "Write a JUnit XML report.")] = None
    html: Annotated[Path | None, _report("--html", "Write a page.")] = None
    github: Annotated[
        bool,
        typer.Option(
            "--github", help="Print annotations of GitHub Actions, and write its job summary.", rich_help_panel=REPORT
        ),
    ] = False
    catalog: CatalogOption = None

    @property
    def names(self) -> tuple[str, ...]:
        """The scenarios that were named."""
        return (*(self.scenarios or ()), *(self.only or ()))

    def own_scenarios(self, folder: Path) -> tuple[Scenario, ...]:
        """The scenarios of the user's own file. Errors: ConfigurationError for one that cannot be read."""
        from creditctl.cli.wiring import read_text
        from creditctl.simulation.histories.kept import read_scenarios

        if self.scenario_file is None:
            return ()
        path = folder / Path(self.scenario_file).expanduser()
        return read_scenarios(read_text(path, "the scenarios"), self.scenario_file)

    @property
    def histories(self) -> tuple[str, ...]:
        """The random histories among them, such as `random-3-14`: number 14 of seed 3."""
        from creditctl.simulation.histories.generate import number_in

        return tuple(name for name in self.names if number_in(name) is not None)

    def beside(self, section: SimulateSection, said: PolicySection | None = None) -> SimulateOptions:
        """These options, and what the project file says where none was given: `[policy]` for whoever asks."""
        texts = {name: getattr(self, name) or getattr(section, name) for name in SECTION_KEYS}
        headers = self.headers or list(section.headers) or None
        policy = {**({} if said is None else said.words), **section.policy, **read_words(self.policy or ())}
        return replace(self, **texts, headers=headers, policy=[f"{name}={word}" for name, word in policy.items()])


SECTION_KEYS = tuple(each.name for each in fields(SimulateSection) if each.name not in ("headers", "policy"))
"""The texts that `[simulate]` of creditctl.toml can say too."""


def read_words(texts: Sequence[str]) -> dict[str, str]:
    """Policies as they were typed, `disputes=at_loss`. Errors: UsageError."""
    pairs = [text.partition("=") for text in texts]
    for name, equals, _ in pairs:
        if not equals:
            raise UsageError(f"{name} is no policy.", code="simulate.policy", fix="Write --policy NAME=WORD.")
    return {name: word for name, _, word in pairs}


def make_target(session: Session, choices: SimulateOptions, url: str, webhook_url: str) -> Target:
    """The target that choices describe. Errors: UsageError, ConfigurationError for what cannot be read."""
    from creditctl.cli.wiring import read_text
    from creditctl.simulation.policy import parse_policy
    from creditctl.simulation.target.buyers import parse_users
    from creditctl.simulation.target.declaration import BalanceSource, Spending, Target

    balance = {
        "path": choices.balance_path,
        "pointer": choices.balance_pointer,
        "sql": choices.balance_sql,
        "command": choices.balance_command,
        "database_url": _database_url(session, choices),
        "folder": session.wiring.folder,
    }
    spending = {"path": choices.spend_path, "body": choices.spend_body, "command": choices.spend_command}
    names = ("purchase_path", "purchase_body", "session_pointer", "session_path", "headers", "login_command")
    plain = {name: getattr(choices, name) for name in (*names, "recover_command")}
    users = () if choices.users is None else parse_users(read_text(_path(session, choices.users), "the users file"))
    return Target(
        url=url.rstrip("/"),
        webhook_url=webhook_url,
        balance=BalanceSource(**_given(balance)),
        spending=Spending(**_given(spending)),
        users=users,
        policy=parse_policy(read_words(choices.policy or ())),
        **_given(plain),
    )


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}


def _path(session: Session, name: str) -> Path:
    return session.wiring.folder / Path(name).expanduser()


def _database_url(session: Session, choices: SimulateOptions) -> str:
    if choices.balance_sql is None:
        return ""
    from creditctl.sources.databases.url import parse_url

    name = choices.balance_database_env or "DATABASE_URL"
    url = session.wiring.environ.get(name, "")
    if not url:
        raise UsageError(
            f"{name} is not set, so no balance can be read by SQL.",
            code="simulate.database",
            fix=f"Export {name} with the database's URL, or name another variable with --balance-database-env.",
        )
    parse_url(url)
    return url
