"""Collects what `env check` judges: files, permissions, git, process environment. Judges nothing itself."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from creditctl.checks.env.dotenv_text import parse_env
from creditctl.checks.env.git import GitRunner, is_ignored, is_in_repository, is_tracked, tracked_keys
from creditctl.checks.env.model import PATH_KEYS, EnvFile, EnvView, KeyPlace, Place, process_part
from creditctl.core.errors import ConfigurationError
from creditctl.core.modes import Mode

_EXAMPLE = re.compile(r"\.(example|sample|template|dist|defaults|schema|bak|swp|lock|tmp)\b|~\Z")
_MOST = 20
DEFAULT_BACKEND = Path(".env")
DEFAULT_FRONTEND = Path(".env.local")


def gather_env(
    folder: Path,
    environ: Mapping[str, str],
    *,
    git: GitRunner,
    backend: Path | None = None,
    frontend: Path | None = None,
    expected: Mode | None = None,
    before_setup: bool = False,
    emulator_hosts: tuple[str, ...] = (),
) -> EnvView:
    """Collects one view of the configuration; a file is *named* when the caller gave its path.

    Errors: ConfigurationError if a file is there but cannot be read.
    """
    view = EnvView(
        backend=read_env_file(folder, backend, DEFAULT_BACKEND, git, is_backend=True),
        frontend=read_env_file(folder, frontend, DEFAULT_FRONTEND, git, is_backend=False),
        process=process_part(environ),
        expected=expected,
        before_setup=before_setup,
        emulator_hosts=emulator_hosts,
        others=_other_files(folder, {str(backend or DEFAULT_BACKEND), str(frontend or DEFAULT_FRONTEND)}, git),
        leaks=_leaks(folder, git),
    )
    return replace(view, lost_paths=frozenset(name for name in PATH_KEYS if _leads_nowhere(view, name, folder)))


def _other_files(folder: Path, chosen: set[str], git: GitRunner) -> tuple[EnvFile, ...]:
    """The env files of other deployments that lie in the folder (`.env.production`); examples hold nothing real."""
    names = sorted(path.name for path in folder.glob(".env.*") if path.is_file())
    wanted = [name for name in names if name not in chosen and not _EXAMPLE.search(name)]
    return tuple(read_env_file(folder, Path(name), DEFAULT_FRONTEND, git, is_backend=False) for name in wanted[:_MOST])


def read_env_file(folder: Path, chosen: Path | None, default: Path, git: GitRunner, *, is_backend: bool) -> EnvFile:
    """Reads one env file as it lies there. Errors: ConfigurationError if it cannot be read."""
    path = folder / (chosen or default)
    name, named = str(chosen or default), chosen is not None
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return EnvFile(name, is_backend, named)
    except OSError as error:
        raise ConfigurationError(
            f"Cannot read the env file {name}: {(error.strerror or 'unreadable').lower()}.",
            code="file.unreadable",
            fix="Check the path and its permissions.",
        ) from None
    text, bad_line = decode(data)
    return EnvFile(name, is_backend, named, True, text, parse_env(text), bad_line, _place(path, git))


def decode(data: bytes) -> tuple[str, int | None]:
    """Decodes UTF-8 text with its line ends as they are; returns it and the line where it stops being text, if it does.

    Shape: a NUL is valid UTF-8 but in no text; it is what a file in UTF-16 looks like.
    """
    stops = [data.find(b"\0")] if b"\0" in data else []
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        text, stops = data.decode("utf-8", errors="replace"), [*stops, error.start]
    return text, data.count(b"\n", 0, min(stops)) + 1 if stops else None


def _place(path: Path, git: GitRunner) -> Place:
    permissions = stat.S_IMODE(path.stat().st_mode) if os.name == "posix" else None
    try:
        if not is_in_repository(path.parent, git):
            return Place(permissions)
        ignored = is_ignored(path, git)
        unclear = "" if ignored is not None else "git refuses to look at it"
        return Place(permissions, tracked=is_tracked(path, git), ignored=ignored, git_unclear=unclear)
    except OSError as error:
        return Place(permissions, git_unclear=_why(path, error))


def _why(path: Path, error: OSError) -> str:
    """Without git there is nothing to find out, unless a repository lies around the file."""
    inside = any((parent / ".git").exists() for parent in path.resolve().parents)
    reason = "git is not installed" if isinstance(error, FileNotFoundError) else str(error)
    return reason if inside else ""


def _leads_nowhere(view: EnvView, name: str, folder: Path) -> bool:
    """Whether a file that has to be there is not, or the folder of one that will be written."""
    setting = view.winning(name)
    if setting is None:
        return False
    try:
        path = folder / Path(setting.value).expanduser()
        return not (path.is_file() if name == "CREDITCTL_CATALOG" else path.parent.is_dir())
    except (OSError, RuntimeError, ValueError):
        return True  # a NUL in it, a name too long, or a `~user` whom nobody knows


def _leaks(folder: Path, git: GitRunner) -> tuple[KeyPlace, ...]:
    try:
        return tracked_keys(folder, git)
    except OSError:
        return ()
