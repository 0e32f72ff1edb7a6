"""The one error boundary: every ending is a sentence, a next step and an exit code, and never shows a secret."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from creditctl import __version__
from creditctl.cli.app import as_known_error, run, wants_json
from creditctl.cli.command_line.typer_app import command_name
from creditctl.cli.wiring import Wiring
from creditctl.core.errors import CreditctlError, ExitCode

if TYPE_CHECKING:
    from creditctl.core.catalog import Catalog
    from tests.support.cli import Cli


def test_the_version_is_printed() -> None:
    done = subprocess.run([sys.executable, "-m", "creditctl", "--version"], capture_output=True, text=True, check=True)

    assert done.stdout == f"creditctl {__version__}\n"


def test_a_usage_error_is_a_sentence_on_stderr_and_exit_2(offline_cli: Cli) -> None:
    outcome = offline_cli("packages", "--nope")

    assert outcome.exit_code == ExitCode.USAGE
    assert outcome.stdout == ""
    assert "No such option: --nope" in outcome.stderr
    assert "--help" in outcome.stderr


def test_a_value_that_is_no_choice_is_said_in_one_plain_sentence(offline_cli: Cli) -> None:
    outcome = offline_cli("reconcile", "--fail-on", "foo")

    assert outcome.exit_code == 2
    assert outcome.stderr.startswith("Error: Invalid value for '--fail-on': 'foo' is not one of 'critical'")


def test_a_usage_error_is_one_document_with_json(offline_cli: Cli) -> None:
    outcome = offline_cli("packages", "--nope", "--json")

    assert outcome.exit_code == ExitCode.USAGE
    assert outcome.document["schema"] == "creditctl.packages.v1"
    assert outcome.document["ok"] is False
    assert outcome.document["error"]["type"] == "usage"
    assert outcome.stderr == ""


def test_ok_is_true_exactly_when_the_exit_code_is_0(offline_cli: Cli) -> None:
    good, bad = offline_cli("packages", "--json"), offline_cli("packages", "--catalog", "absent.toml", "--json")

    assert (good.exit_code, good.document["ok"]) == (0, True)
    assert (bad.exit_code, bad.document["ok"]) == (ExitCode.CONFIGURATION, False)
    assert "absent.toml" in bad.document["error"]["message"]


def test_an_unreadable_env_file_is_named(offline_cli: Cli) -> None:
    outcome = offline_cli("packages", "--env-file", "absent.env")

    assert outcome.exit_code == ExitCode.CONFIGURATION
    assert "absent.env" in outcome.stderr


def test_an_env_file_that_is_no_text_is_no_crash(offline_cli: Cli) -> None:
    (offline_cli.folder / ".env").write_bytes(b"\xff\xfe\x00")

    outcome = offline_cli("packages")

    assert outcome.exit_code == ExitCode.CONFIGURATION
    assert "UTF-8" in outcome.stderr


class Failing(Wiring):
    """A wiring whose catalogue fails with whatever a test asks for."""

    error: BaseException = RuntimeError()

    def catalog(self, path: Path | None = None) -> Catalog:
        raise self.error


def failing(tmp_path: Path, error: BaseException, **environ: str) -> Failing:
    stdin, stdout, stderr = io.StringIO(), io.StringIO(), io.StringIO()
    environ = {"NO_COLOR": "1", **environ}
    wiring = Failing(environ=environ, folder=tmp_path, stdin=stdin, stdout=stdout, stderr=stderr)
    wiring.error = error
    return wiring


SECRET = "sk_test_" + "abcdefghijklmnop"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RuntimeError(f"broken with {SECRET}"), ExitCode.BUG),
        (KeyboardInterrupt(), ExitCode.STOPPED),
        (PermissionError(13, "Permission denied", "/some/file"), ExitCode.CONFIGURATION),
        (OSError(28, "No space left on device"), ExitCode.CONFIGURATION),
    ],
)
@pytest.mark.parametrize("arguments", [["packages"], ["packages", "--json"]])
def test_every_failure_has_its_exit_code_and_no_traceback(
    tmp_path: Path, error: BaseException, code: ExitCode, arguments: list[str]
) -> None:
    wiring = failing(tmp_path, error)

    assert run(arguments, wiring) == code
    shown = wiring.stdout.getvalue() + wiring.stderr.getvalue()  # type: ignore[attr-defined]
    assert "Traceback" not in shown
    assert SECRET not in shown
    if "--json" in arguments:
        assert json.loads(wiring.stdout.getvalue())["ok"] is False  # type: ignore[attr-defined]


def test_a_bug_shows_its_traceback_only_on_request_and_redacted(tmp_path: Path) -> None:
    wiring = failing(tmp_path, RuntimeError(f"broken with {SECRET}"), CREDITCTL_DEBUG="1")

    assert run(["packages"], wiring) == ExitCode.BUG
    shown = wiring.stderr.getvalue()  # type: ignore[attr-defined]
    assert "Traceback" in shown
    assert SECRET not in shown


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [(["setup", "--json"], True), (["setup"], False), (["stripe", "--", "get", "--json"], False)],
)
def test_a_document_is_wanted_only_for_our_own_json_option(arguments: list[str], wanted: bool) -> None:
    assert wants_json(arguments) is wanted


def test_the_document_is_named_after_the_command_path() -> None:
    class Group:
        def __init__(self, **commands: object) -> None:
            self.commands = commands

    root = Group(webhooks=Group(list=object()))

    assert command_name(root, ["webhooks", "list", "--json"]) == "webhooks.list"
    assert command_name(root, ["--nope"]) == "creditctl"


def test_known_errors_pass_and_unknown_ones_are_bugs() -> None:
    known = CreditctlError("x", code="y")

    assert as_known_error(known) is known
    assert as_known_error(ZeroDivisionError()) is None


def test_a_reader_that_leaves_early_is_no_error() -> None:
    done = subprocess.run(
        f"{sys.executable} -m creditctl packages --json | head -c 1; exit ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ("packages >&-", 0, ""),
        ("packages 2>&-", 0, ""),
        ("packages >/dev/full", 3, "No space left"),
        ("packages --json >/dev/full", 3, "No space left"),
    ],
)
def test_a_stream_that_is_closed_or_full_is_no_bug(arguments: str, code: int, said: str) -> None:
    command = f"{sys.executable} -m creditctl {arguments}"
    done = subprocess.run(command, shell=True, executable="/bin/bash", capture_output=True, text=True, check=False)

    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


class LeftAfter(io.StringIO):
    """A pipe whose reader goes away after so many characters."""

    def __init__(self, characters: int) -> None:
        super().__init__()
        self.left = characters

    def write(self, text: str) -> int:
        self.left -= len(text)
        if self.left < 0:
            raise BrokenPipeError
        return len(text)


def at_a_pipe(cli: Cli, *arguments: str, characters: int = 0, told: int = 1_000_000) -> int:
    wiring = Wiring(
        environ=cli.environ,
        folder=cli.folder,
        stdin=io.StringIO(),
        stdout=LeftAfter(characters),
        stderr=LeftAfter(told),
        clock=cli.clock,
        transport=cli.transport,
    )
    return run(arguments, wiring)


@pytest.mark.parametrize("told", [0, 1_000_000])
def test_a_set_up_that_nobody_watches_is_done_all_the_same(cli: Cli, told: int) -> None:
    assert at_a_pipe(cli, "setup", told=told) == ExitCode.OK
    assert cli("setup", "--check").exit_code == ExitCode.OK


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_findings_that_nobody_reads_to_the_end_are_findings(cli: Cli, form: tuple[str, ...]) -> None:
    assert at_a_pipe(cli, "doctor", *form, characters=40) == ExitCode.FINDINGS


@pytest.mark.parametrize("locale", ["C", "POSIX", "de_DE.ISO-8859-1"])
def test_any_locale_will_do(locale: str) -> None:
    environ = {**os.environ, "LANG": locale, "LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "creditctl", "packages"], capture_output=True, env=environ, check=False
    )

    assert done.returncode == 0
    assert b"13,500" in done.stdout


def test_no_color_and_force_color_are_honoured() -> None:
    def colours(**environ: str) -> bool:
        base = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR")}
        done = subprocess.run(
            [sys.executable, "-m", "creditctl", "nope"], capture_output=True, env={**base, **environ}, check=False
        )
        return b"\x1b[" in done.stderr

    assert colours(FORCE_COLOR="1")
    assert not colours()
    assert not colours(NO_COLOR="1")
