"""Finds and reads `creditctl.toml`: beside the env file, or in a parent folder inside the repository."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from creditctl.core.errors import ConfigurationError
from creditctl.core.project_file.project import PROJECT_FILE, ProjectFile, parse_project_file

if TYPE_CHECKING:
    from creditctl.core.redaction import Redactor

_REPOSITORY = ".git"
CONFIG_SETTING = "CREDITCTL_CONFIG"
NEW_FILE_MODE = 0o644
"""It holds no secret, and is for git."""
_BETWEEN_WORDS = re.compile(r"[\s\"']+")


def load_project_file(env_file: Path, folder: Path, named: str | None, redactor: Redactor) -> ProjectFile:
    """The project file of one run; an empty value where there is none.

    What its URLs and paths carry (a query's values, a token before the host) is registered with `redactor` before
    anything is judged, so that neither a fault nor a later failure shows it.

    Shape:  `named` is what CREDITCTL_CONFIG says; relative paths are relative to `folder`.
    Errors: ConfigurationError if the file is not valid, cannot be read, or is missing although it was named.
    """
    path = folder / Path(named).expanduser() if named else find_project_file((folder / env_file).parent)
    if path is None:
        return ProjectFile()
    text = _text(path, named)
    redactor.register_typed(_BETWEEN_WORDS.split(text))
    return parse_project_file(text, path=path, source=os.path.relpath(path, folder))


def find_project_file(folder: Path) -> Path | None:
    """The project file nearest to a folder: its own, else a parent's up to the root of the repository around it.

    Shape: outside a repository no parent is asked: what lies above a project by chance must not steer it.
    """
    own = folder / PROJECT_FILE
    if own.is_file():
        return own
    folders = [folder.resolve(), *folder.resolve().parents]
    root = next((place for place, each in enumerate(folders) if (each / _REPOSITORY).exists()), 0)
    above = (each / PROJECT_FILE for each in folders[1 : root + 1])
    return next((path for path in above if path.is_file()), None)


def replace_project_file(path: Path, text: str) -> None:
    """Replaces a project file, or creates one; who may read one that is there stays as it is. Errors: OSError."""
    from creditctl.atomic_file import replace_file

    permissions = stat.S_IMODE(path.stat().st_mode) if path.exists() else NEW_FILE_MODE
    replace_file(path, text.encode(), permissions)


def _text(path: Path, named: str | None) -> str:
    """Errors: ConfigurationError naming the file and the reason."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        reason = "it is not UTF-8 text"
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
    where, way_out = (f", which {CONFIG_SETTING} names", f", or take {CONFIG_SETTING} away") if named else ("", "")
    raise ConfigurationError(
        f"Cannot read {path}{where}: {reason}.",
        code="project.unreadable",
        fix=f"Check the path and its permissions{way_out}.",
    )
