"""Env file fixes (`env check --fix`, `env init`): white space, permissions, starter file; written atomically."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from creditctl.atomic_file import PRIVATE, create_file, replace_file
from creditctl.checks.env.collect import decode
from creditctl.checks.env.dotenv_text import repair_env
from creditctl.checks.env.git import GitRunner, is_ignored, is_in_repository
from creditctl.checks.env.model import ALL_KEYS, EnvFile
from creditctl.checks.env.rules.files import must_be_private
from creditctl.core.errors import ConfigurationError

_OTHERS_WRITE = 0o022
_OURS = {"creditctl*.db*": "creditctl.db", "creditctl*-audit.jsonl": "creditctl-audit.jsonl"}
"""Lines of .gitignore for ledger, archive, lock and audit file, each with a file that stands for those it covers."""


@dataclass(frozen=True, slots=True)
class EnvRepair:
    """Planned repair of one file. Shape: None where that part stays as it is."""

    text: str | None
    permissions: int | None

    def __bool__(self) -> bool:
        return self.text is not None or self.permissions is not None

    @property
    def words(self) -> str:
        """What is repaired, for people."""
        parts = ("white space and line ends",) * (self.text is not None) + ("permissions",) * (
            self.permissions is not None
        )
        return " and ".join(parts)


def plan_repair(file: EnvFile) -> EnvRepair:
    """Plans the repair of a file; nothing in one that is not text, whose bytes nobody should touch."""
    if not file.exists or file.bad_utf8_line is not None:
        return EnvRepair(None, None)
    text = repair_env(file.raw, ALL_KEYS)
    return EnvRepair(text if text != file.raw else None, _private_enough(file))


def _private_enough(file: EnvFile) -> int | None:
    bits = file.place.permissions
    if bits is None:
        return None
    wanted = bits & PRIVATE if must_be_private(file) else bits & ~_OTHERS_WRITE
    return wanted if wanted != bits else None


def apply_repair(path: Path, before: EnvFile, repair: EnvRepair) -> None:
    """Writes a repair. Errors: ConfigurationError if somebody changed the file since it was read."""
    target = path.resolve()
    if decode(target.read_bytes())[0] != before.raw:
        raise ConfigurationError(
            f"{before.name} was changed by somebody else meanwhile; nothing was written.",
            code="env.changed",
            fix="Run the same command again.",
        )
    permissions = stat.S_IMODE(target.stat().st_mode) if repair.permissions is None else repair.permissions
    if repair.text is not None:
        replace_file(target, repair.text.encode(), permissions)
    elif repair.permissions is not None:
        target.chmod(permissions)


def example_text() -> str:
    """The starter file that comes with creditctl."""
    return resources.files("creditctl.checks").joinpath("env.example").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Started:
    """Result of `env init`. Shape: `ignored` are the lines that the .gitignore beside the file got."""

    env_file: Path
    ignored: tuple[str, ...]


def starter_text(values: Mapping[str, str | None]) -> str:
    """The starter file with values in it. Shape: None comments a setting out, because another place says it."""
    lines = []
    for line in example_text().splitlines():
        name = line.removeprefix("#").partition("=")[0]
        if name in values:
            line = f"#{name}=" if values[name] is None else f"{name}={values[name]}"
        lines.append(line)
    return "\n".join(lines) + "\n"


def start_env(folder: Path, name: Path, git: GitRunner, values: Mapping[str, str | None] | None = None) -> Started:
    """Writes the starter file, private; .gitignore knows it, the ledger and what lies beside that before they exist.

    Shape:  `values` are those that are known already.
    Errors: ConfigurationError if the file is there already: it is never overwritten.
    """
    path = folder / name
    if path.exists() or path.is_symlink():
        raise _exists(name)
    ignore = path.parent / ".gitignore"
    wanted = {path.name: path.name, **_OURS}
    lines = [line for line, file in wanted.items() if not _is_ignored_already(path.with_name(file), line, ignore, git)]
    if lines:
        _add_lines(ignore, lines)
    try:
        create_file(path, starter_text(values or {}).encode())
    except FileExistsError:
        raise _exists(name) from None
    return Started(path, tuple(lines))


def _exists(name: Path) -> ConfigurationError:
    return ConfigurationError(
        f"{name} is there already; it is never overwritten.",
        code="env.exists",
        fix="Run `creditctl env check` to see what it lacks, or write another file with --env-file.",
    )


def _is_ignored_already(path: Path, line: str, ignore: Path, git: GitRunner) -> bool:
    try:
        if is_in_repository(path.parent, git):
            return is_ignored(path, git) is True
    except OSError:
        pass  # without git only the plain lines of the file can be judged
    lines = decode(ignore.read_bytes())[0].split() if ignore.exists() else []
    return any(known in (line, f"/{line}") for known in lines)


def _add_lines(ignore: Path, lines: list[str]) -> None:
    target = ignore.resolve()
    old = target.read_text(encoding="utf-8") if target.exists() else ""
    permissions = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o644
    gap = "" if not old or old.endswith("\n") else "\n"
    text = "\n".join(lines)
    replace_file(target, f"{old}{gap}{text}\n".encode(), permissions)
