"""Controls over the emulator as a whole: identity, health, clock, snapshot, restore, reset."""

import os
import sqlite3
from pathlib import Path
from typing import Any

from creditctl.emulator.control.bindings import BINDING, read_binding
from creditctl.emulator.control.command import Command, control
from creditctl.emulator.control.files import allowed_file, create_file, new_file
from creditctl.emulator.protocol.errors import invalid, missing_parameter
from creditctl.emulator.protocol.fields import Integer, Text
from creditctl.emulator.protocol.schema import Fields
from creditctl.emulator.storage.database import table_names, written_here
from creditctl.emulator.storage.store import Store
from creditctl.emulator.webhooks.deliveries import USER_AGENT

_CLOCK: Fields = {"advance": Integer(), "set": Integer(), **BINDING}
_PATH: Fields = {"path": Text(required=True)}


def info(command: Command) -> Any:
    """That this is an emulator: a client proves it with this before it sends a key."""
    options = command.services.options
    return {
        "emulator": "creditctl",
        "api_version": options.api_version,
        "livemode": options.livemode,
        "now": command.now,
        "user_agent": USER_AGENT,
    }


def health(command: Command) -> Any:
    """That it answers, and how much it holds."""
    db = command.services.store.db
    objects = db.execute("SELECT count(*) FROM objects").fetchone()[0]
    states = dict(db.execute("SELECT state, count(*) FROM deliveries GROUP BY state").fetchall())
    held = states.get("held", 0) + states.get("queued", 0)
    waiting = {"pending_deliveries": states.get("pending", 0), "held_deliveries": held}
    return {"emulator": "creditctl", "status": "ok", "objects": objects, **waiting}


def read_clock(command: Command) -> Any:
    """The emulator's time and how far it is from its source."""
    return {"now": command.emulator.now(), "offset_seconds": command.emulator.offset_seconds}


def move_clock(command: Command) -> Any:
    """`advance` by seconds, or `set` to a time; jobs that fall due on the way run at their own moments. With `object`
    or `user` the clock stays, and what these seconds hold for it happens now: a bank's result, an expiry, a retry.
    """
    emulator, params = command.emulator, command.params
    if "advance" not in params and "set" not in params:
        raise missing_parameter("advance")
    binding = read_binding(command)
    step = params["advance"] if "advance" in params else params["set"] - emulator.now()
    if step < 0:
        raise invalid(f"The clock only goes forward, not {-step} seconds back.")
    if binding is not None:
        return read_clock(command) | {"jobs": emulator.bring_forward(binding, step)}
    emulator.move_clock(step)
    return read_clock(command)


def snapshot(command: Command) -> Any:
    """Copy the whole state into `path`, a new SQLite file below the folder for files."""
    path = new_file(command.services.options, command.params["path"], "path")
    try:
        os.close(create_file(path))
        _copy(command.services.store, path)
    except (OSError, sqlite3.Error) as error:
        raise invalid(f"The snapshot {path} can't be written: {error}", param="path") from error
    return {"path": str(path)}


def _copy(store: Store, path: Path) -> None:
    """Copy the state into a file that was made for it; what could not be written whole is removed."""
    target = sqlite3.connect(path)
    try:
        store.copy_to(target)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        target.close()


def restore(command: Command) -> Any:
    """Replace the whole state by a snapshot, a file below the folder for files."""
    path = allowed_file(command.services.options, command.params["path"], "path")
    if not path.is_file():
        raise invalid(f"There is no snapshot at {path}.", param="path", status=404)
    try:
        source = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            _require_snapshot(source, path)
            command.services.store.replace(source)
        finally:
            source.close()
    except (OSError, sqlite3.Error) as error:
        raise invalid(f"The snapshot {path} can't be read: {error}", param="path") from error
    command.emulator.reload()
    return {"path": str(path)}


def _require_snapshot(source: sqlite3.Connection, path: Path) -> None:
    """Refuse a file that no emulator wrote, before it takes the place of the state."""
    try:
        names = table_names(source)
    except sqlite3.DatabaseError:
        names = set()
    if not written_here(names):
        raise invalid(f"{path} is no snapshot of this emulator.", param="path")


def reset(command: Command) -> Any:
    """Forget everything: objects, keys, jobs, deliveries, faults, the clock's offset."""
    command.emulator.reset()
    return {"reset": True}


CONTROLS = (
    control("GET", "", info),
    control("GET", "health", health),
    control("GET", "clock", read_clock),
    control("POST", "clock", move_clock, _CLOCK),
    control("POST", "snapshot", snapshot, _PATH),
    control("POST", "restore", restore, _PATH),
    control("POST", "reset", reset),
)
