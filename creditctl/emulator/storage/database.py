"""SQLite connections of the emulator: a private file with a write-ahead log, or a file that lies in memory."""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

_MEMORY = "file:creditctl-emulator?vfs=memdb"
_OWN_TABLES = frozenset({"objects", "scopes", "settings", "deliveries"})


def in_file(path: Path) -> sqlite3.Connection:
    """The database in a file, its owner's alone.

    Errors: sqlite3.Error, also for the database of another program: it would get our tables, and lose its own rows to a
    reset.
    """
    _create(path)
    db = _connected(str(path))
    try:
        names = table_names(db)
        if names and not written_here(names):
            raise sqlite3.DatabaseError("it is the database of another program")
        _make_private(path)
        db.execute("PRAGMA journal_mode = WAL")
    except BaseException:
        db.close()
        raise
    # With WAL a killed process loses nothing; only a power cut may take the last commits, which an emulator can bear.
    db.execute("PRAGMA synchronous = NORMAL")
    return db


def table_names(db: sqlite3.Connection) -> set[str]:
    """The tables of a database. Errors: sqlite3.DatabaseError where it is none."""
    return {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def written_here(names: set[str]) -> bool:
    """Whether a database with these tables was written by an emulator, of this version or an older one."""
    return names >= _OWN_TABLES


def in_memory() -> sqlite3.Connection:
    """A database in memory that is as quick when it is full as when it is empty.

    A commit to `:memory:` walks over all that SQLite has cached, which is the whole database: after a few thousand
    payments it takes longer than all the rest of a request. In a file that lies in memory the cache is bounded.
    """
    db = _connected(_MEMORY)
    _tune_memory(db)
    return db


def in_temporary_file() -> sqlite3.Connection:
    """A database in a file without a name, which is gone when it is closed, for what is too much for memory.

    Source: SQLite, "In-Memory Databases", "Temporary Databases".
    """
    db = _connected("")
    for setting in ("journal_mode = MEMORY", "synchronous = OFF", "cache_size = -32000"):
        db.execute(f"PRAGMA {setting}")
    return db


def size_of(db: sqlite3.Connection) -> int:
    """How large a database is. Units: bytes."""
    pages, page_bytes = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    size: int = pages * page_bytes
    return size


def replace_memory(db: sqlite3.Connection, source: sqlite3.Connection) -> None:
    """Let a database in memory hold what another one holds. Errors: sqlite3.Error.

    Source: SQLite, "Database File Format", offsets 18 and 19: 2 means a write-ahead log, for which there is no place in
    memory, 1 a rollback journal.
    """
    with closing(sqlite3.connect(":memory:")) as copy:
        source.backup(copy)
        image = bytearray(copy.serialize())
    image[18:20] = b"\x01\x01"
    db.deserialize(bytes(image))
    _tune_memory(db)


def _tune_memory(db: sqlite3.Connection) -> None:
    for setting in ("journal_mode = MEMORY", "synchronous = OFF", "cache_size = -500"):
        db.execute(f"PRAGMA {setting}")


def _connected(name: str) -> sqlite3.Connection:
    return sqlite3.connect(
        name, uri=name == _MEMORY, isolation_level=None, check_same_thread=False, cached_statements=256
    )


def _create(path: Path) -> None:
    """Make the file where there is none, its owner's alone from the start."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _make_private(path: Path) -> None:
    """Let nobody else read a file that was there already: it holds signing secrets, and its log gets its mode."""
    for each in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        with suppress(OSError):
            if each.is_file() and each.stat().st_uid == os.geteuid() and each.stat().st_mode & 0o077:
                each.chmod(each.stat().st_mode & 0o700)
