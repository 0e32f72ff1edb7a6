"""Report targets: which files a report may take the place of, and the error where it may not, or cannot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from creditctl.core.errors import ConfigurationError, CreditctlError, UsageError

if TYPE_CHECKING:
    from creditctl.cli.session import Session

_SQLITE_BEGINNING = b"SQLite format 3\0"
"""Source: SQLite documentation, "Database File Format", 1.3."""
_SQLITE_ENDINGS = ("-wal", "-shm", "-journal")


def replace_report(session: Session, path: Path, text: str) -> None:
    """Writes a report without secrets, readable by its owner alone. Errors: ConfigurationError naming the file."""
    from creditctl.atomic_file import replace_file

    _refuse_database(session, path)
    with _naming(path):
        replace_file(session.wiring.folder / path, session.wiring.redactor.redact(text).encode())


def require_report_files(session: Session, paths: Iterable[Path], kept: Iterable[Path] = ()) -> None:
    """Proves that reports can be written, before anything long begins, and that nothing is lost by that.

    Shape:  `kept` are files that the command reads or adds to, beside its settings.
    Errors: UsageError where two are one file; ConfigurationError for a file that is kept, or cannot be written.
    """
    from creditctl.atomic_file import check_replaceable

    folder, seen = session.wiring.folder, set[Path]()
    needed = {each.resolve() for each in (*_kept_files(session), *kept)}
    for path in paths:
        with _naming(path):
            target = (folder / path).resolve()
            if target in needed:
                raise _refused(path, "creditctl reads its settings, anchors or the application's rows there")
            _refuse_database(session, path)
            check_replaceable(folder / path)
        if target in seen:
            raise UsageError(f"Two reports would be written to {path}.", code="usage.form", fix="Name a file for each.")
        seen.add(target)


def _refuse_database(session: Session, path: Path) -> None:
    """Refuses to write over a database, as the ledger is one, or what belongs to it. Errors: ConfigurationError.

    Shape: what may be open here is told by its name: to close it once more would drop SQLite's locks (StandingFile).
    """
    target = session.wiring.folder / path
    with _naming(path):
        if _is_beside_database(target) or any(_is_same(target, each) for each in _own_databases(session)):
            raise _refused(path, "it is a database, as the ledger is one, or belongs to it")
        if target.is_file():
            with target.open("rb") as stream:
                if stream.read(len(_SQLITE_BEGINNING)) == _SQLITE_BEGINNING:
                    raise _refused(path, "it is a database, as the ledger is one")


def _is_beside_database(target: Path) -> bool:
    """Whether it is named as SQLite names what belongs to a database that is there."""
    return any(
        target.name.endswith(ending) and target.with_name(target.name.removesuffix(ending)).is_file()
        for ending in _SQLITE_ENDINGS
    )


def _is_same(target: Path, other: Path) -> bool:
    return target.exists() and other.exists() and target.samefile(other)


def _own_databases(session: Session) -> tuple[Path, ...]:
    from creditctl.ledger.archive.location import archive_path

    with suppress(CreditctlError):  # settings that are not usable say so elsewhere
        return session.ledger_path, archive_path(session.ledger_path)
    return ()


@contextmanager
def _naming(path: Path) -> Iterator[None]:
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
