"""Section `[simulate]` of the project file: the backend that a simulation tests, and how it is reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from creditctl.core.project_file.tables import TomlTable

_TEXTS = (
    "backend", "start", "ready", "restart", "purchase_path", "purchase_body", "session_pointer", "session_path",
    "users", "login_command", "balance_path", "balance_pointer", "balance_sql", "balance_command", "spend_path",
    "spend_body", "spend_command", "recover_command",
)  # fmt: skip
_POLICY = ("negative", "disputes", "rounding", "discounts", "delayed", "quantity")


@dataclass(frozen=True, slots=True)
class SimulateSection:
    """`[simulate]`: each text as it was written, None where it was not; `policy` by its words."""

    backend: str | None = None
    start: str | None = None
    ready: str | None = None
    restart: str | None = None
    purchase_path: str | None = None
    purchase_body: str | None = None
    session_pointer: str | None = None
    session_path: str | None = None
    headers: tuple[str, ...] = ()
    users: str | None = None
    login_command: str | None = None
    balance_path: str | None = None
    balance_pointer: str | None = None
    balance_sql: str | None = None
    balance_database_env: str | None = None
    balance_command: str | None = None
    spend_path: str | None = None
    spend_body: str | None = None
    spend_command: str | None = None
    recover_command: str | None = None
    scenario_file: str | None = None
    policy: Mapping[str, str] = field(default_factory=dict)


def read_simulate(table: TomlTable | None) -> SimulateSection:
    """`[simulate]`; what a word of the policy may be is the simulation's to judge."""
    if table is None:
        return SimulateSection()
    table.refuse_unknown((*_TEXTS, "headers", "balance_database_env", "scenarios", "policy"))
    return SimulateSection(
        **{name: table.text(name) for name in _TEXTS},
        headers=table.texts("headers"),
        balance_database_env=table.env_name("balance_database_env"),
        scenario_file=table.text("scenarios"),
        policy=_read_policy_words(table.table("policy")),
    )


def _read_policy_words(table: TomlTable | None) -> dict[str, str]:
    if table is None:
        return {}
    table.refuse_unknown(_POLICY)
    words = {name: table.text(name) for name in _POLICY}
    return {name: word for name, word in words.items() if word is not None}
