"""How a command speaks: the conversation on stderr is free of secrets and of markup."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TextIO

import pytest

from creditctl.cli.output import Answer, Conversation, document, print_answer
from creditctl.cli.wiring import Wiring
from creditctl.core.errors import ConfigurationError, ExitCode

SECRET = "whsec_" + "abcdefghijklmnop"


def text_of(stream: TextIO) -> str:
    """What was written to a stream of the test's wiring."""
    assert isinstance(stream, io.StringIO)
    return stream.getvalue()


@pytest.fixture
def wiring(tmp_path: Path) -> Wiring:
    stdin, stdout, stderr = io.StringIO(), io.StringIO(), io.StringIO()
    return Wiring(environ={"NO_COLOR": "1"}, folder=tmp_path, stdin=stdin, stdout=stdout, stderr=stderr)


def test_what_is_said_goes_to_stderr_without_secrets_and_as_it_stands(wiring: Wiring) -> None:
    Conversation("x", wiring, as_json=False).say(f"captured {SECRET} of [bold]user[/bold]")

    assert text_of(wiring.stdout) == ""
    assert text_of(wiring.stderr) == "captured whsec_…mnop of [bold]user[/bold]\n"


def test_the_answer_is_one_document_or_the_human_text_never_both(wiring: Wiring) -> None:
    answer = Answer({"a": 1}, lambda console: console.print("hello"))

    assert print_answer(Conversation("x", wiring, as_json=True), answer) == ExitCode.OK
    assert '"schema": "creditctl.x.v1"' in text_of(wiring.stdout)
    assert "hello" not in text_of(wiring.stdout)


@pytest.mark.parametrize("code", list(ExitCode))
def test_a_document_is_ok_exactly_when_the_exit_code_is_0(code: ExitCode) -> None:
    assert document("x", mode=None, exit_code=code)["ok"] is (code == 0)


def test_an_error_in_a_document_is_free_of_secrets() -> None:
    error = ConfigurationError(f"bad {SECRET}", code="c", fix=f"use another than {SECRET}")

    assert SECRET not in str(document("x", mode=None, exit_code=3, error=error))
