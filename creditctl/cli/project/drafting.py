"""Drafts of `creditctl init`: the two files as they would be written, from options, answers and what Stripe shows."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from creditctl.cli.project.questions import asked, asked_secret, until_usable
from creditctl.cli.project_file import CONFIG_SETTING, find_project_file, load_project_file
from creditctl.core.errors import ConfigurationError
from creditctl.core.keys import Secret, parse_server_key
from creditctl.core.project_file.project import PROJECT_FILE
from creditctl.core.text import plural

if TYPE_CHECKING:
    from creditctl.cli.project.source import SourceLook
    from creditctl.cli.session import Session
    from creditctl.core.settings import Settings

_KEY, _FRONTEND, _API = "STRIPE_SECRET_KEY", "FRONTEND_URL", "CREDITS_API_URL"
_DEFAULTS = {_FRONTEND: "http://localhost:3000", _API: "http://localhost:8000"}


@dataclass(frozen=True, slots=True)
class InitOptions:
    """What the options said. Shape: `credits` by price."""

    credits: Mapping[str, int] = field(default_factory=dict)
    frontend_url: str | None = None
    api_url: str | None = None
    offline: bool = False


@dataclass(frozen=True, slots=True)
class Drafts:
    """What would be written, and what is to be said of it.

    Shape: `env_values` is None for an env file that is there already; a value None leaves a setting to the process
           environment. `project` is None where the file is there, or where there is nothing to write into it yet.
           `first` is what a person has to complete in it before the next command is of use; empty for nothing.
    """

    env_file: Path
    env_values: Mapping[str, str | None] | None
    project_file: Path
    project_name: str
    project: str | None
    notes: tuple[str, ...] = ()
    project_there: bool = False
    first: str = ""

    @property
    def shown_values(self) -> dict[str, str]:
        """The settings of a new env file for people: a key is cut down."""
        values = self.env_values or {}
        return {name: str(Secret(value)) if name == _KEY else value for name, value in values.items() if value}


def draft(session: Session, options: InitOptions) -> Drafts:
    """Asks what has to be asked, and drafts both files.

    Errors: ConfigurationError where both are there already, or an answer is not usable.
    """
    folder = session.wiring.folder
    named = session.options.env_file
    settings = session.wiring.settings_alone(named if named and (folder / named).exists() else None)
    settings = replace(settings, env_file=named or settings.env_file)
    env_there = (folder / settings.env_file).exists()
    target, there = _project_file(settings, folder)
    if env_there and there and not session.dry_run:
        raise _both_there(settings.env_file, os.path.relpath(target, folder))
    drafts = Drafts(settings.env_file, None, target, os.path.relpath(target, folder), None, project_there=there)
    if not env_there:
        values = _env_values(session, settings, options)
        drafts = replace(drafts, env_values=values)
        settings = replace(settings, values={**settings.values, **{k: v for k, v in values.items() if v}})
    if there and not session.dry_run:
        return drafts
    if there:
        redactor = session.wiring.redactor
        project = load_project_file(settings.env_file, folder, settings.text(CONFIG_SETTING), redactor)
        settings = replace(settings, project=project)
    return _with_project(session, drafts, settings, options)


def _with_project(session: Session, drafts: Drafts, settings: Settings, options: InitOptions) -> Drafts:
    from creditctl.cli.project.proposing import propose
    from creditctl.cli.project.source import look_at_source
    from creditctl.provisioning.scaffold.project_text import open_prices, project_sections, project_text

    looked = look_at_source(session, settings)
    answers, notes, looked = propose(session, settings, options.credits, looked, offline=options.offline)
    if answers.unseen and not project_sections(answers):
        # A file without a word would keep the next run, which can look at Stripe, from writing one.
        return replace(drafts, notes=tuple(notes))
    source, more = looked.told()
    first = _to_complete(drafts.project_name, open_prices(answers), looked, unseen=answers.unseen)
    text = f"{project_text(answers).rstrip()}\n{source}"
    return replace(drafts, project=text, notes=(*notes, *more), first=first)


def _to_complete(name: str, prices: int, looked: SourceLook, *, unseen: bool) -> str:
    """What only a person can say of a first project file."""
    steps = [f"complete the remarks about {plural(prices, 'price')} in {name}"] if prices else []
    if looked.unsure:
        steps.append(f"write [source] into {name}, as far as `creditctl ledger import --guess` proposes it")
    if unseen:
        steps.append("once Stripe can be asked, add what `creditctl init --dry-run` shows of what was sold")
    return ", and ".join(steps)


def _project_file(settings: Settings, folder: Path) -> tuple[Path, bool]:
    """Where the project file is, or would be: the one that was named, the one that is found, or beside the env file."""
    named = settings.text(CONFIG_SETTING)
    if named is not None:
        path = folder / Path(named).expanduser()
        return path, path.exists()
    beside = (folder / settings.env_file).parent
    found = find_project_file(beside)
    return (beside / PROJECT_FILE, False) if found is None else (found, True)


def _both_there(env_file: Path, project: str) -> ConfigurationError:
    return ConfigurationError(
        f"{env_file} and {project} are there already; neither is ever overwritten.",
        code="init.exists",
        fix="`creditctl status` says what comes next; `creditctl init --dry-run` shows what would be proposed now.",
    )


def _env_values(session: Session, settings: Settings, options: InitOptions) -> dict[str, str | None]:
    """The values of a new env file: what the process environment says already stays there.

    Errors: ConfigurationError for a key or a URL that is none.
    """
    values: dict[str, str | None] = {}
    for name, said in ((_FRONTEND, options.frontend_url), (_API, options.api_url)):
        value = _usable(name, said) if said else _address(session, name, settings.text(name) or _DEFAULTS[name])
        values[name] = None if said is None and name in settings.from_process else value
    if _KEY in settings.from_process:
        return {_KEY: None, **values}
    key = until_usable(session, lambda: _key(session))
    return values if key is None else {_KEY: key, **values}


def _address(session: Session, name: str, default: str) -> str:
    return until_usable(session, lambda: _usable(name, asked(session, name, default)))


def _key(session: Session) -> str | None:
    """The key that a person types, None for none. Errors: ConfigurationError for what is no key."""
    key = asked_secret(session, f"{_KEY} (sk_test_… or rk_test_…; Enter: later)")
    if key is None:
        return None
    session.wiring.redactor.register(key, whole=True)
    return parse_server_key(key).secret.reveal()


def _usable(name: str, value: str) -> str:
    if value.startswith(("http://", "https://")) and not any(each.isspace() for each in value):
        return value
    raise ConfigurationError(
        f"{name} is no http:// or https:// address.",
        code="init.url",
        fix="Write it as https://example.com: scheme, host, perhaps a port.",
    )
