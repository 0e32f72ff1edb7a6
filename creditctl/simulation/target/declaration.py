"""Declaration of the backend under test: paths, bodies, how a balance is read, who buys, and its policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from creditctl.simulation.policy import BackendPolicy

PURCHASE_PATH = "/api/credits/purchase"
PURCHASE_BODY = '{"package_id": {number}, "payment_method": "stripe"}'
SESSION_PATH = "/api/credits/session/{session}"
BALANCE_PATH = "/api/credits/balance?user_id={user}"
BALANCE_POINTER = "/balance"
USER_HEADER = "X-User-Id: {user}"


@dataclass(frozen=True, slots=True)
class BalanceSource:
    """Where a user's credits are read: a path of the backend with a JSON pointer, an SQL query, or a command.

    Shape: `sql` has one parameter `:user` and runs on the database whose URL is in `database_url`, a relative SQLite
           file of which lies in `folder`; a command is split into words and prints the number. The first of sql,
           command, path that is set is used.
    """

    path: str = BALANCE_PATH
    pointer: str = BALANCE_POINTER
    sql: str = ""
    database_url: str = field(default="", repr=False)
    folder: Path = field(default_factory=Path)
    command: str = ""


@dataclass(frozen=True, slots=True)
class Spending:
    """How credits are spent: a path with a body, or a command; neither where it was not declared."""

    path: str = ""
    body: str = '{"user_id": "{user}", "credits": {credits}}'
    command: str = ""

    @property
    def declared(self) -> bool:
        """Whether there is a way."""
        return bool(self.path or self.command)


@dataclass(frozen=True, slots=True)
class Target:
    """The backend under test.

    Shape: `url` without a slash at its end; texts with braces are filled in: {user}, {session}, {credits}, {number},
           {slug}, {amount}, {currency}, and every field of a user of the users file or the login command.
    """

    url: str
    webhook_url: str
    purchase_path: str = PURCHASE_PATH
    purchase_body: str = PURCHASE_BODY
    session_pointer: str = ""
    session_path: str = SESSION_PATH
    headers: tuple[str, ...] = (USER_HEADER,)
    balance: BalanceSource = field(default_factory=BalanceSource)
    spending: Spending = field(default_factory=Spending)
    users: tuple[Mapping[str, str], ...] = ()
    login_command: str = ""
    recover_command: str = ""
    policy: BackendPolicy = field(default_factory=BackendPolicy)


def fill(template: str, values: Mapping[str, object]) -> str:
    """Puts values into the braces of a template; other braces, such as those of JSON, stay."""
    for name, value in values.items():
        template = template.replace("{" + name + "}", str(value))
    return template
