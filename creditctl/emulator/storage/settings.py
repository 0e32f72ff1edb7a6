"""Emulator settings that survive a restart: a small table of names and values."""

from typing import Any

from creditctl.emulator.storage.store import Store, decode, encode


def load_settings(store: Store) -> dict[str, Any]:
    """Every stored setting."""
    rows = store.tables.execute("SELECT name, value FROM settings")
    return {name: decode(value) for name, value in rows}


def save_setting(store: Store, name: str, value: Any) -> None:
    """Store one setting."""
    store.tables.execute("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", (name, encode(value)))
