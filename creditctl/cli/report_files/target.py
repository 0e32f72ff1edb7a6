"""Report targets: which files a report may take the place of, and the error where it may not, or cannot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from creditctl.core.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from creditctl.cli.session import Session

_SQLITE_BEGINNING = b"SQLite format 3\0"
"""Source: SQLite documentation, "Database File Format", 1.3."""


def replace_report(folder: Path, path: Path, text: str) -> None:
    """Writes a report, readable by its owner alone. Errors: ConfigurationError naming the file."""
    from creditctl.atomic_file import replace_file

    refuse_database(folder, path)
    with naming(path):
        replace_file(folder / path, text.encode())


def require_report_files(session: Session, paths: Iterable[Path]) -> None:
    """Proves that reports can be written, before anything long begins, and that nothing is lost by that.

    Errors: UsageError where two are one file; ConfigurationError for a file that is kept, or cannot be written.
    """
    from creditctl.atomic_file import check_replaceable

    folder, seen = session.wiring.folder, set[Path]()
    kept = {each.resolve() for each in _kept_files(session)}
    for path in paths:
        with naming(path):
            target = (folder / path).resolve()
            if target in kept:
                raise _refused(path, "creditctl reads its settings or the application's rows there")
            refuse_database(folder, path)
            check_replaceable(folder / path)
        if target in seen:
            raise UsageError(f"Two reports would be written to {path}.", code="usage.form", fix="Name a file for each.")
        seen.add(target)


def refuse_database(folder: Path, path: Path) -> None:
    """Refuses to write over a database, as the ledger is one. Errors: ConfigurationError."""
    target = folder / path
    with naming(path):
        if target.is_file():
            with target.open("rb") as stream:
                if stream.read(len(_SQLITE_BEGINNING)) == _SQLITE_BEGINNING:
                    raise _refused(path, "it is a database, as the ledger is one")


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Says which file it is that the system does not let us write. Errors: ConfigurationError."""
    try:
        yield
    except (OSError, RuntimeError) as error:  # RuntimeError: links that lead in a circle, before Python 3.13
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise ConfigurationError(
            f"Cannot write {path}: {reason}.",
            code="file.unwritable",
            fix="Check that its folder is there, has room, and may be written by the user of this job.",
        ) from None


def _kept_files(session: Session) -> Iterator[Path]:
    """The files that a run reads, and that nobody wants to lose."""
    settings, folder = session.settings, session.wiring.folder
    project = settings.project
    yield folder / settings.env_file
    if settings.catalog_path is not None:
        yield folder / settings.catalog_path
    if project.path is not None:
        yield project.path
    if project.source is not None and project.source.file is not None:
        yield (project.folder or folder) / Path(project.source.file).expanduser()


def _refused(path: Path, reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"{path} would be written over: {reason}.",
        code="file.unwritable",
        fix="Name another file for the report.",
    )
