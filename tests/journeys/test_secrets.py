"""No secret in any output, log, traceback, JSON document or file but the env file: every command is run and grepped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from creditctl.cli.command_line.typer_app import build_app
from creditctl.core.keys import Secret, redact
from tests.support.cli import Cli

SERVERS = {("demo",), ("simulate",), ("serve",), ("emulator",), ("stripe",)}
"""They run until stopped, as `events listen` does, or have a world and a test of their own."""

ARGUMENTS: dict[tuple[str, ...], list[str]] = {
    ("env", "init"): ["--env-file", "fresh.env"],
    ("setup",): ["--yes"],
    ("trace",): ["user:1"],
    ("ledger", "adjust"): ["--user", "1", "--credits", "5", "--reason", "a gift", "--yes"],
    ("ledger", "backup"): ["copy.db"],
    ("ledger", "import"): ["rows.csv", "--yes"],
    ("ledger", "resolve"): ["1", "--dismiss", "--reason", "x"],
    ("events", "show"): ["evt_1"],
    ("events", "replay"): ["--dry-run"],
    ("events", "trigger"): ["checkout.session.completed"],
}


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    inner = getattr(command, "commands", {})
    if not inner or getattr(command, "invoke_without_command", False):
        yield path
    for name, child in inner.items():
        yield from leaves(child, (*path, name))


LEAVES = sorted(
    path
    for path in leaves(typer.main.get_command(build_app()))
    if path[:1] not in SERVERS and path != ("events", "listen")
)


@pytest.fixture
def set_up(cli: Cli) -> Cli:
    """A folder in which the set-up has just captured its signing secret."""
    key = cli.environ.pop("STRIPE_SECRET_KEY")
    cli.write_env(
        [
            f"STRIPE_SECRET_KEY={key}",
            "CREDITS_API_URL=http://127.0.0.1:8000",
            "FRONTEND_URL=http://127.0.0.1:3000",
        ]
    )
    outcome = cli("setup", "--yes")
    assert outcome.exit_code == 0, outcome.stderr
    return cli


def secrets_of(cli: Cli) -> list[str]:
    found: list[str] = re.findall(r"(?:sk_test_|whsec_)\w+", (cli.folder / ".env").read_text())
    assert len(found) >= 2  # the key and the signing secret; two of those during a rotation
    return found


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_no_command_shows_a_secret(set_up: Cli, path: tuple[str, ...]) -> None:
    for extra in ([], ["--json"], ["--nope"]):
        outcome = set_up(*path, *ARGUMENTS.get(path, []), *extra)

        shown = outcome.stdout + outcome.stderr
        assert shown or outcome.exit_code == 0
        for secret in secrets_of(set_up):
            assert secret not in shown
            assert secret[-20:] not in shown


def test_nothing_but_the_env_file_holds_a_secret(set_up: Cli) -> None:
    for arguments in (
        ["setup", "--yes"],
        ["reconcile"],
        ["env", "check"],
        ["setup", "--plan-out", "plan.json", "--dry-run"],
    ):
        set_up(*arguments)
    secrets = [secret.encode() for secret in secrets_of(set_up)]

    holders = {
        path.name
        for path in set_up.folder.rglob("*")
        if path.is_file() and any(secret in path.read_bytes() for secret in secrets)
    }
    assert holders == {".env"}


def test_a_bug_with_a_secret_in_it_is_redacted_in_its_traceback(set_up: Cli) -> None:
    secret = secrets_of(set_up)[1]

    assert redact(f"Traceback: ValueError({secret!r})") == f"Traceback: ValueError('{Secret(secret)}')"
