"""Opening a ledger file: checks format and owner, upgrades an older format, makes a new ledger."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from creditctl.core.errors import ConfigurationError, LedgerError
from creditctl.ledger.owner import ANY_DEPLOYMENT, LedgerOwner, read_owner, require_owner, write_owner
from creditctl.ledger.schema import APPLICATION_ID, Migration, upgrade
from creditctl.ledger.sqlite.connections import switch_journal_mode
from creditctl.ledger.sqlite.transactions import write_transaction

_PAGE_BYTES = 2048
"""A purchase touches eight pages, each of which is written and summed in full: small ones make commits cheaper. Whoever
reads all entries reads every page by itself: large ones make that cheaper. With half as many bytes a match of a million
payments takes a quarter more; with twice as many it gains a twentieth, and commits in a large ledger lose a sixth."""

_NO_LEDGER = (
    "Run `creditctl ledger init`, or name another file with CREDITCTL_LEDGER. An application that keeps the credits in "
    "a table of its own is named by [source] in creditctl.toml (`creditctl ledger import --guess` proposes it): the "
    "first `creditctl reconcile` makes the ledger."
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a ledger is opened as. Shape: a new file needs account and livemode; else None is not checked.

    A deployment of None means the unnamed one, ANY_DEPLOYMENT that it is not checked.
    """

    account: str | None
    livemode: bool | None
    deployment: str | None
    create: bool
    migrations: Sequence[Migration]
    timeout_seconds: float

    @property
    def version(self) -> int:
        """The format that this program writes."""
        return len(self.migrations)


def require_file(path: Path, wanted: Wanted) -> None:
    """Refuses a path at which there can be no ledger.

    Errors: LedgerError.
    """
    if path.is_dir():
        raise LedgerError(
            f"{path} is a folder, not a ledger.",
            code="ledger.not_a_ledger",
            fix="Name a file with CREDITCTL_LEDGER.",
        )
    if path.exists():
        return
    if not wanted.create:
        raise LedgerError(
            f"There is no ledger at {path}.",
            code="ledger.missing",
            fix=_NO_LEDGER,
        )
    _require_owner_known(path, wanted)


def prepare(connection: sqlite3.Connection, path: Path, wanted: Wanted) -> LedgerOwner:
    """Makes a connection's file a current ledger, and gives whose it is.

    Errors: LedgerError, GuardRefused for another account, mode or deployment.
    """
    if _format(connection, path, wanted.version) != wanted.version:
        _create_or_upgrade(connection, path, wanted)
    owner = read_owner(connection, path)
    require_owner(path, owner, account=wanted.account, livemode=wanted.livemode, deployment=wanted.deployment)
    return owner


def _format(connection: sqlite3.Connection, path: Path, known: int) -> int:
    """The format version of the file: 0 for an empty one.

    Errors: LedgerError if it is another program's database, or of a newer creditctl.
    """
    # Asked first: if another process makes the ledger right now, its tables and its mark come to light together.
    empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    marker = connection.execute("PRAGMA application_id").fetchone()[0]
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if marker != APPLICATION_ID and not empty:
        raise LedgerError(
            f"{path} is a database, but not a ledger of creditctl.",
            code="ledger.not_a_ledger",
            fix="Name the ledger with CREDITCTL_LEDGER.",
        )
    if version > known:
        raise LedgerError(
            f"The ledger {path} has format {version}; this creditctl knows formats up to {known}.",
            code="ledger.newer",
            fix="Upgrade creditctl on this machine.",
        )
    return version


def _create_or_upgrade(connection: sqlite3.Connection, path: Path, wanted: Wanted) -> None:
    """Brings the file to the current format in one transaction, so that several processes may try at once."""
    if _format(connection, path, wanted.version) == 0:
        _require_owner_known(path, wanted)
        connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
    use_write_ahead_log(connection, wanted.timeout_seconds)
    with write_transaction(connection):
        version = _format(connection, path, wanted.version)
        if version < wanted.version:
            upgrade(connection, wanted.migrations)
        if version == 0:
            deployment = None if wanted.deployment == ANY_DEPLOYMENT else wanted.deployment
            write_owner(connection, LedgerOwner(str(wanted.account), bool(wanted.livemode), deployment))
    # Tables and owner go from the log into the file: a copy made of the file alone shows at least whose ledger it is.
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)")


def _require_owner_known(path: Path, wanted: Wanted) -> None:
    """Refuses to make a ledger that belongs to nobody.

    Errors: LedgerError, ConfigurationError.
    """
    if not wanted.create:
        raise LedgerError(
            f"{path} is empty, not a ledger.",
            code="ledger.missing",
            fix=_NO_LEDGER,
        )
    if not wanted.account or wanted.livemode is None:
        raise ConfigurationError(
            f"The new ledger {path} must belong to one Stripe account and mode, and they are not known.",
            code="ledger.owner_unknown",
            fix="Set STRIPE_SECRET_KEY to a key that may read the account, or STRIPE_ACCOUNT_ID.",
        )


def use_write_ahead_log(connection: sqlite3.Connection, timeout_seconds: float) -> None:
    """Switches a file to write-ahead logging (WAL), in which readers never wait for the writer."""
    switch_journal_mode(connection, "WAL", timeout_seconds)
