"""Buyers of a simulation: made up for one scenario, taken from a users file, or logged in by a command."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from creditctl.core.errors import ConfigurationError
from creditctl.simulation.results import ScenarioNotTried
from creditctl.simulation.target.commands import run_words
from creditctl.simulation.target.declaration import Target, fill

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


@dataclass(frozen=True)
class Buyer:
    """One buyer: the user id, and the request headers that say so."""

    user_id: str
    headers: Mapping[str, str]
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def email(self) -> str:
        """The first e-mail by which a request or the users file names the buyer; empty where there is none."""
        texts = (self.user_id, *self.fields.values(), *self.headers.values())
        return next((found[0] for text in texts if (found := _EMAIL.search(text))), "")


class Buyers:
    """Hands out buyers, each to one scenario at a time.

    Errors: ScenarioNotTried where a scenario needs more than the users file has.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._free = [dict(user) for user in target.users]
        self._given = threading.Condition()

    @contextmanager
    def lend(self, names: tuple[str, ...]) -> Iterator[tuple[Buyer, ...]]:
        """Buyers for the length of a scenario; `names` are what made-up ones are called."""
        if not self._target.users:
            yield tuple(self._buyer({"user": name}) for name in names)
            return
        taken = self._take(len(names))
        try:
            yield tuple(self._buyer(fields) for fields in taken)
        finally:
            with self._given:
                self._free += taken
                self._given.notify_all()

    def _take(self, count: int) -> list[dict[str, str]]:
        if count > len(self._target.users):
            raise ScenarioNotTried(f"it needs {count} users, the users file has {len(self._target.users)}")
        with self._given:
            self._given.wait_for(lambda: len(self._free) >= count)
            taken, self._free = self._free[:count], self._free[count:]
        return taken

    def _buyer(self, fields: dict[str, str]) -> Buyer:
        if self._target.login_command:
            fields = {**fields, **login(self._target.login_command, fields)}
        headers = dict(parse_header(fill(line, fields)) for line in self._target.headers)
        return Buyer(fields["user"], headers, fields)


def login(command: str, fields: Mapping[str, str]) -> dict[str, str]:
    """Logs a user in. Shape: the command prints a JSON object of texts, or a token alone, which becomes {token}.

    Errors: ConfigurationError where it fails.
    """
    answer = run_words(command, fields)
    if not answer.ok or not answer.stdout.strip():
        raise ConfigurationError(
            f"The login command failed: {answer.problem or 'it printed nothing'}.",
            code="simulate.login",
            fix="Run it by hand for one user; it prints a token, or a JSON object whose fields headers may name.",
        )
    text = answer.stdout.strip()
    try:
        found = json.loads(text)
    except ValueError:
        return {"token": text}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {"token": text}


def parse_header(line: str) -> tuple[str, str]:
    """A header as `Name: value`. Errors: ConfigurationError for a line without a colon."""
    name, colon, value = line.partition(":")
    if not colon or not name.strip():
        raise ConfigurationError(
            f"{line!r} is no header.",
            code="simulate.header",
            fix='Write it as "Name: value", such as "X-User-Id: {user}".',
        )
    return name.strip(), value.strip()


def parse_users(text: str) -> tuple[Mapping[str, str], ...]:
    """Parses a users file: a JSON list, or lines `user,token,…` below a heading, or one user id a line.

    Errors: ConfigurationError where a user has no `user`.
    """
    users = _json_users(text) if text.lstrip().startswith("[") else _line_users(text)
    if not users or any(not user.get("user") for user in users):
        raise ConfigurationError(
            "The users file names no users.",
            code="simulate.users",
            fix='Write one user id a line, or a heading such as "user,token", or a JSON list of objects with "user".',
        )
    return tuple(users)


def _json_users(text: str) -> list[dict[str, str]]:
    try:
        found = json.loads(text)
    except ValueError:
        return []
    rows = [row if isinstance(row, dict) else {"user": row} for row in found]
    return [{str(key): str(value) for key, value in row.items()} for row in rows]


def _line_users(text: str) -> list[dict[str, str]]:
    import csv

    rows = [row for row in csv.reader(text.splitlines()) if row and row[0].strip()]
    if rows and "user" in rows[0]:
        return [dict(zip(rows[0], row, strict=False)) for row in rows[1:]]
    return [{"user": row[0].strip()} for row in rows]
