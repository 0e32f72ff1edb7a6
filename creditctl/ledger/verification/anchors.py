"""Anchors: heads of the chain noted in a file outside the ledger, which prove that nothing was rewritten or cut.

An anchor is one line of JSON: whose ledger, how many entries, the hash of the last, and when. Lines are only added, one
write each; a line that a crash tore proves nothing and takes nothing from the others.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import stat
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from creditctl.atomic_file import PRIVATE, sync_folder
from creditctl.core.deployment import deployment_words
from creditctl.core.errors import ConfigurationError, GuardRefused
from creditctl.core.when import iso_time
from creditctl.ledger.hashchain.chain import GENESIS
from creditctl.ledger.hashchain.violations import Violation
from creditctl.ledger.hashchain.walk import MAX_ID
from creditctl.ledger.models import Head
from creditctl.ledger.owner import LedgerOwner

_LATEST = 253_402_300_799
"""The last second of the year 9999: no calendar shows a later one."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """One noted head. Shape: `deployment` is None for an unnamed one. Units: `time` in Unix seconds."""

    account: str
    livemode: bool
    count: int
    head: str
    time: int
    deployment: str | None = None


@dataclass(frozen=True, slots=True)
class AnchorFile:
    """The anchors of a file in their order, and the numbers of the lines that were torn."""

    anchors: tuple[Anchor, ...]
    torn: tuple[int, ...]


def read_anchors(path: Path, *, owner: LedgerOwner, beside: Path) -> AnchorFile:
    """The anchors in a file.

    Shape:  `beside` is the ledger, which is never opened here: closing it would drop the locks on it. An anchor of no
            deployment is the ledger's, too: it may have got its name later.
    Errors: ConfigurationError where it cannot be read or holds something else; GuardRefused for another ledger's.
    """
    refuse_databases(path, beside)
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise ConfigurationError(
            f"Cannot read the anchors {path}: {(error.strerror or str(error)).lower()}.",
            code="anchor.unreadable",
            fix="Name the file that `creditctl ledger anchor` writes.",
        ) from error
    return _parsed(path, lines, owner)


def _parsed(path: Path, lines: Sequence[bytes], owner: LedgerOwner) -> AnchorFile:
    anchors, torn = list[Anchor](), list[int]()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            content = json.loads(line)
        except ValueError:
            torn.append(number)
            continue
        anchors.append(_anchor(path, number, content, owner))
    if torn and not anchors:
        raise _no_anchors(path, torn[0])
    return AnchorFile(tuple(anchors), tuple(torn))


def _anchor(path: Path, number: int, content: object, owner: LedgerOwner) -> Anchor:
    kinds = {"account": str, "livemode": bool, "count": int, "head": str, "time": int}
    if not isinstance(content, dict) or any(type(content.get(name)) is not kind for name, kind in kinds.items()):
        raise _no_anchors(path, number)
    anchor = Anchor(**{name: content[name] for name in kinds}, deployment=content.get("deployment"))
    if not (0 <= anchor.count <= MAX_ID and 0 <= anchor.time <= _LATEST):
        raise _no_anchors(path, number)
    same = (anchor.account, anchor.livemode) == (owner.account, owner.livemode)
    if not same or anchor.deployment not in (None, owner.deployment):
        raise GuardRefused(
            f"Line {number} of {path} is an anchor of another ledger: {anchor.account}, "
            f"{'live' if anchor.livemode else 'test'} mode, {deployment_words(anchor.deployment)}.",
            code="anchor.other_ledger",
            fix="Name this ledger's own anchors; each ledger has a file of its own.",
        )
    return anchor


def _no_anchors(path: Path, number: int) -> ConfigurationError:
    return ConfigurationError(
        f"Line {number} of {path} is no anchor of a ledger; nothing was written.",
        code="anchor.unreadable",
        fix="Name the file that `creditctl ledger anchor` writes, or a new one.",
    )


def refuse_databases(path: Path, ledger: Path) -> None:
    """Refuses the ledger itself, or its log, as a file of anchors. Errors: ConfigurationError."""
    own = [Path(f"{ledger}{ending}") for ending in ("", "-wal", "-shm")]
    if any(each.exists() and path.exists() and each.samefile(path) for each in own):
        raise ConfigurationError(
            f"{path} is the ledger, not a file of anchors.",
            code="anchor.unreadable",
            fix="Name another file, best on another disk or machine.",
        )


def append_anchor(path: Path, anchor: Anchor) -> None:
    """Adds one line, on the disk when it returns; a torn line before it stays as it is. Errors: OSError."""
    is_new = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        status = os.fstat(descriptor)
        if status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) & ~PRIVATE:
            os.fchmod(descriptor, PRIVATE)
        open_end = status.st_size and os.pread(descriptor, 1, status.st_size - 1) != b"\n"
        line = json.dumps(asdict(anchor), separators=(",", ":")).encode() + b"\n"
        _write_whole(descriptor, b"\n" + line if open_end else line, status.st_size)
    finally:
        os.close(descriptor)
    if is_new:
        sync_folder(path.parent)


def _write_whole(descriptor: int, line: bytes, size: int) -> None:
    """One write, so that no reader sees half of it; where the disk is full, what was written is taken back."""
    if os.write(descriptor, line) != len(line):
        os.ftruncate(descriptor, size)
        raise OSError(28, "No space left on device")
    os.fsync(descriptor)


def anchor_faults(connection: sqlite3.Connection, head: Head, anchors: Sequence[Anchor]) -> Iterator[Violation]:
    """Every anchor that the chain does not hold: entries before it were rewritten, or the end was cut."""
    for anchor in anchors:
        noted = f"{anchor.count:,} entries were anchored on {iso_time(anchor.time)}"
        if anchor.count > head.count:
            yield Violation("anchor", None, f"{noted}, and there are {head.count:,}: the end was cut")
        elif _hash_at(connection, anchor.count) != anchor.head:
            number = anchor.count or None
            yield Violation("anchor", number, f"{noted}, and the last of them is another now: history was rewritten")


def _hash_at(connection: sqlite3.Connection, count: int) -> str | None:
    if count == 0:
        return GENESIS
    row = connection.execute("SELECT hash FROM credit_transactions WHERE id = ?", (count,)).fetchone()
    return None if row is None else str(row[0])
