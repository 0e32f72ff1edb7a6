"""Controls over keys, options and the whole state: restricted keys, rate limit, snapshot, restore, seed."""

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

from creditctl.emulator.control.actions import control
from creditctl.emulator.protocol.errors import invalid
from creditctl.emulator.resources.core.payouts import fail_payout
from creditctl.emulator.resources.table import ROUTES

if TYPE_CHECKING:
    from creditctl.emulator.control.api import Command


@control("POST", "keys")
def restrict(command: "Command") -> Any:
    """Make a restricted key of the account: `permissions` (`rak_product_read`, …), perhaps `expires`."""
    permissions = _names(command.params.get("permissions"))
    unknown = sorted(set(permissions) - {entry.permission for entry in ROUTES})
    if unknown:
        raise invalid(f"Unknown permission: {unknown[0]}", param="permissions")
    scope, emulator = command.scope(), command.emulator
    mode = "live" if scope.livemode else "test"
    key = str(command.params.get("key") or f"rk_{mode}_emulator{emulator.services.ids.token(16)}")
    if not key.startswith(f"rk_{mode}_"):
        raise invalid(f"A restricted key of this mode starts with rk_{mode}_.", param="key")
    expires = command.params.get("expires")
    emulator.accounts.restrict(scope, key, permissions, None if expires is None else int(expires))
    return {"key": key, "account": scope.account, "permissions": permissions, "expires": expires}


def _names(given: Any) -> list[str]:
    if isinstance(given, dict):
        return [str(value) for value in given.values()]
    if isinstance(given, str):
        return [name.strip() for name in given.split(",") if name.strip()]
    return [str(name) for name in given or []]


@control("GET", "keys")
def keys(command: "Command") -> Any:
    """The restricted keys of the account, masked, and every permission there is."""
    held = command.emulator.accounts.restricted(command.scope())
    return {"object": "list", "data": held, "permissions": sorted({entry.permission for entry in ROUTES})}


@control("POST", "rate_limit")
def rate_limit(command: "Command") -> Any:
    """Allow `requests` a second and answer 429 beyond; 0 switches the limit off."""
    most = int(command.params["requests"])
    command.emulator.services.options.rate_limit = most or None
    return {"requests": most}


@control("POST", "auto_disable")
def auto_disable(command: "Command") -> Any:
    """Switch endpoints off after `days` of nothing but failures; 0 never does."""
    days = int(command.params["days"])
    command.emulator.services.options.disable_after_days = days or None
    return {"days": days}


@control("POST", "payouts/*/fail")
def payout_fails(command: "Command") -> Any:
    """Let the bank return a payout, for a `code`."""
    from creditctl.emulator.control.payments import transaction

    code = str(command.params.get("code", "no_account"))
    return transaction(command, lambda context: fail_payout(context, command.args[0], code))


@control("POST", "snapshot")
def snapshot(command: "Command") -> Any:
    """Copy the whole state into the SQLite file `path`."""
    path = Path(str(command.params["path"]))
    with_file = sqlite3.connect(path)
    try:
        command.emulator.services.store.db.backup(with_file)
    finally:
        with_file.close()
    return {"path": str(path)}


@control("POST", "restore")
def restore(command: "Command") -> Any:
    """Replace the whole state by a snapshot."""
    path = Path(str(command.params["path"]))
    if not path.is_file():
        raise invalid(f"There is no snapshot at {path}.", param="path", status=404)
    source = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        _require_snapshot(source, path)
        source.backup(command.emulator.services.store.db)
    finally:
        source.close()
    command.emulator.reload()
    return {"path": str(path)}


def _require_snapshot(source: sqlite3.Connection, path: Path) -> None:
    """Refuse a file that no emulator wrote, before it takes the place of the state."""
    try:
        names = {row[0] for row in source.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.DatabaseError:
        names = set()
    if not {"objects", "scopes", "settings", "deliveries"} <= names:
        raise invalid(f"{path} is no snapshot of this emulator.", param="path")


@control("POST", "seed")
def seed(command: "Command") -> Any:
    """Make `payments` past purchases from a `seed`; answers (or writes to `manifest`) what is true."""
    from creditctl.emulator.control.seeding import seed_payments

    return seed_payments(command)
