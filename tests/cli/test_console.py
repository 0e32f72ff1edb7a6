"""The console: a pipe has no width, a terminal wraps prose only, and nothing outside steers the terminal."""

from __future__ import annotations

import io

import pytest

from creditctl.cli.console import Console
from creditctl.cli.prose import wrap_prose


def printed(text: str, **environ: str) -> str:
    stream = io.StringIO()
    Console(stream, environ).print(text)
    return stream.getvalue()


def test_a_pipe_has_no_width() -> None:
    text = "word " * 100

    assert printed(text) == text + "\n"
    assert Console(io.StringIO(), {"COLUMNS": "20"}).width is None


def test_prose_wraps_at_words_on_a_terminal() -> None:
    lines = printed("word " * 30, FORCE_COLOR="1", NO_COLOR="1", COLUMNS="40").splitlines()

    assert len(lines) > 3
    assert max(map(len, lines)) <= 40


@pytest.mark.parametrize(
    "line",
    [
        "Next: creditctl events replay evt_1 --to http://127.0.0.1:8000/api/credits/webhook",
        "export STRIPE_API_BASE=http://127.0.0.1:12111 STRIPE_SECRET_KEY=sk_test_emulator",
    ],
)
def test_a_line_to_copy_is_never_broken(line: str) -> None:
    assert printed(line, FORCE_COLOR="1", NO_COLOR="1", COLUMNS="30") == line + "\n"


def test_a_command_in_backticks_and_a_long_word_stay_whole() -> None:
    text = "Look at https://example.com/a/very/long/path and then run `creditctl ledger verify --ledger x.db` again"
    wrapped = wrap_prose(text, 24)

    assert "`creditctl ledger verify --ledger x.db`" in wrapped
    assert "https://example.com/a/very/long/path" in wrapped
    assert wrapped.replace("\n", " ") == text


@pytest.mark.parametrize("amount", ["9,876.54 EUR", "1000 JPY", "+1,234,567 credits", "-1 credit"])
def test_an_amount_stays_on_one_line(amount: str) -> None:
    for width in range(12, 60):
        assert amount in wrap_prose(f"The session cs_1 paid {amount} for user u1, twice", width)


def test_control_characters_are_spelled_out() -> None:
    assert printed("a\x1b[31mb\rc") == "a\\x1b[31mb\\rc\n"
