"""Owner of a ledger file: account, livemode and deployment, read from it and held against what is expected."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from creditctl.core.deployment import deployment_words
from creditctl.core.errors import GuardRefused, LedgerError
from creditctl.core.when import iso_time
from creditctl.ledger.sqlite.statements import insert

ANY_DEPLOYMENT = "*"
"""Stands for a deployment that is not checked; no name of one has this character."""

OTHER_ACCOUNT = "ledger.other_account"
OTHER_ACCOUNT_FIX = "Use a key of the ledger's account, or name this account's own ledger with CREDITCTL_LEDGER."

_KEYS = ("account", "livemode", "deployment", "named_since")


@dataclass(frozen=True, slots=True)
class LedgerOwner:
    """Whose a ledger is. Shape: `named_since` is when a ledger that had no deployment got one. Units: Unix seconds."""

    account: str
    livemode: bool
    deployment: str | None = None
    named_since: int | None = None


def read_owner(connection: sqlite3.Connection, path: Path) -> LedgerOwner:
    """Reads whose a ledger is. Errors: LedgerError where it does not say."""
    meta = dict(connection.execute("SELECT key, value FROM ledger_meta").fetchall())
    since = meta.get("named_since", "")
    if not meta.get("account") or meta.get("livemode") not in ("0", "1") or not (since == "" or since.isdecimal()):
        raise LedgerError(
            f"The ledger {path} does not say which account it belongs to.",
            code="ledger.corrupt",
            fix="Restore it from a backup.",
        )
    return LedgerOwner(
        meta["account"], meta["livemode"] == "1", meta.get("deployment") or None, int(since) if since else None
    )


def write_owner(connection: sqlite3.Connection, owner: LedgerOwner) -> None:
    """Writes whose a ledger is, inside the caller's transaction. Shape: what is there already stays as it is."""
    values = (
        owner.account,
        str(int(owner.livemode)),
        owner.deployment,
        None if owner.named_since is None else str(owner.named_since),
    )
    rows = [(key, value) for key, value in zip(_KEYS, values, strict=True) if value is not None]
    connection.executemany(insert("ledger_meta", ("key", "value"), otherwise="IGNORE"), rows)


def require_owner(
    path: Path, owner: LedgerOwner, *, account: str | None, livemode: bool | None, deployment: str | None
) -> None:
    """Holds the owner against what is expected. Shape: None is not checked, but for a deployment: there it means none.

    Errors: GuardRefused naming the one that differs.
    """
    words = {True: "live", False: "test"}
    if livemode is not None and livemode != owner.livemode:
        raise GuardRefused(
            f"The ledger {path} belongs to {words[owner.livemode]} mode, and this is {words[livemode]} mode.",
            code="ledger.other_livemode",
            fix="Name the ledger of this mode with CREDITCTL_LEDGER; each mode has its own.",
        )
    if account is not None and account != owner.account:
        raise GuardRefused(
            f"The ledger {path} belongs to account {owner.account}, and the key is of account {account}.",
            code=OTHER_ACCOUNT,
            fix=OTHER_ACCOUNT_FIX,
        )
    if deployment not in (ANY_DEPLOYMENT, owner.deployment):
        raise _other_deployment(path, owner.deployment, deployment)


def already_named(path: Path, owner: LedgerOwner) -> GuardRefused:
    """The refusal to name a ledger anew."""
    since = "" if owner.named_since is None else f" since {iso_time(owner.named_since)}"
    return GuardRefused(
        f"The ledger {path} belongs to {deployment_words(owner.deployment)}{since} already; that is for good.",
        code="ledger.named",
        fix="Use that name in creditctl.toml, or name another ledger with --ledger or CREDITCTL_LEDGER.",
    )


def _other_deployment(path: Path, own: str | None, wanted: str | None) -> GuardRefused:
    naming = f", or give this one its name: `creditctl ledger init --deployment {wanted} --since TIME`"
    return GuardRefused(
        f"The ledger {path} belongs to {deployment_words(own)}, and the settings name {deployment_words(wanted)}.",
        code="ledger.other_deployment",
        fix="Name the ledger of this deployment with CREDITCTL_LEDGER; each deployment has its own"
        + (naming if own is None else ", or correct `deployment` in creditctl.toml")
        + ".",
    )
