"""The decorator: shared options by declaration, one session, one answer; nothing behind it "never returns"."""

from __future__ import annotations

import inspect
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TextIO

import pytest
import typer

from creditctl.cli.command import Answer, FileUse, ModeCheck, Session, StripeUse, Writes, command
from creditctl.cli.output import ReaderLeft
from creditctl.cli.wiring import Wiring
from creditctl.core.errors import ExitCode, GuardRefused
from tests.support.keys import TEST_KEY

CountOption = Annotated[int, typer.Option("--count")]
AgainOption = Annotated[int, typer.Option("--again")]


def text_of(stream: TextIO) -> str:
    """What was written to a stream of the test's wiring."""
    assert isinstance(stream, io.StringIO)
    return stream.getvalue()


@pytest.fixture
def wiring(tmp_path: Path) -> Wiring:
    stdin, stdout, stderr = io.StringIO(), io.StringIO(), io.StringIO()
    return Wiring(environ={"NO_COLOR": "1"}, folder=tmp_path, stdin=stdin, stdout=stdout, stderr=stderr)


def call(function: Callable[..., int], wiring: Wiring, *arguments: str) -> int:
    app = typer.Typer()
    app.callback()(lambda: None)
    app.command("counted")(function)
    root: Any = typer.main.get_command(app)
    with root.make_context("creditctl", ["counted", *arguments], obj=wiring) as ctx:
        code: int = root.invoke(ctx)
    return code


def options(function: Callable[..., int]) -> list[str]:
    return [name for name in inspect.signature(function).parameters if name != "ctx"]


@command(settings=False)
def counted(session: Session, count: CountOption = 1) -> Answer:
    """Count."""
    session.say(f"counting to {count}")
    return Answer.lines({"count": count}, f"{count} counted", exit_code=ExitCode.FINDINGS)


def test_the_answer_is_printed_and_its_exit_code_returned(wiring: Wiring) -> None:
    assert call(counted, wiring, "--count", "3") == ExitCode.FINDINGS
    assert text_of(wiring.stdout) == "3 counted\n"
    assert text_of(wiring.stderr) == "counting to 3\n"


@dataclass(frozen=True)
class CountingOptions:
    count: CountOption = 1
    upwards: Annotated[bool, typer.Option("--upwards")] = False


def test_a_class_of_options_stands_for_its_fields(wiring: Wiring) -> None:
    @command(settings=False)
    def grouped(session: Session, chosen: CountingOptions, again: AgainOption = 0) -> Answer:
        """Count."""
        return Answer.lines({}, f"{chosen} {again}")

    assert options(grouped)[:3] == ["count", "upwards", "again"]
    assert call(grouped, wiring, "--upwards") == ExitCode.OK
    assert text_of(wiring.stdout) == "CountingOptions(count=1, upwards=True) 0\n"


def test_with_json_the_answer_is_one_document_named_after_the_command(wiring: Wiring) -> None:
    assert call(counted, wiring, "--json") == ExitCode.FINDINGS
    document = json.loads(text_of(wiring.stdout))
    assert (document["schema"], document["ok"], document["report"]) == ("creditctl.counted.v1", False, {"count": 1})


def test_a_streamed_answer_prints_nothing_more(wiring: Wiring) -> None:
    @command(settings=False)
    def streaming(session: Session) -> Answer:
        session.wiring.stdout.write("{}\n")
        return Answer.streamed(ExitCode.UNREACHABLE)

    assert call(streaming, wiring, "--json") == ExitCode.UNREACHABLE
    assert text_of(wiring.stdout) == "{}\n"


@pytest.mark.parametrize(
    ("declared", "shown"),
    [
        ({"settings": False}, ["as_json"]),
        ({"mode": ModeCheck.ABSENT}, ["env_file", "as_json"]),
        ({}, ["mode", "env_file", "as_json"]),
        ({"asks": True}, ["yes", "mode", "env_file", "as_json"]),
        ({"writes": Writes.STRIPE, "dry_run": True}, ["dry_run", "yes", "confirm", "mode", "env_file", "as_json"]),
        ({"writes": Writes.FILES}, ["mode", "env_file", "as_json"]),
        ({"ledger": FileUse.REQUIRED}, ["ledger", "mode", "env_file", "deployment", "as_json"]),
        ({"ledger": FileUse.IF_THERE}, ["mode", "env_file", "as_json"]),
        ({"stripe": StripeUse.REQUIRED}, ["mode", "env_file", "deployment", "as_json"]),
        ({"webhook": True}, ["mode", "env_file", "webhook_path", "as_json"]),
    ],
)
def test_the_declaration_says_which_options_there_are(declared: dict[str, Any], shown: list[str]) -> None:
    @command(**declared)
    def declaring(session: Session, count: CountOption = 1) -> Answer:
        return Answer()

    assert options(declaring) == ["count", *shown]


def test_what_was_not_declared_cannot_be_opened(wiring: Wiring) -> None:
    @command()
    def overreaching(session: Session) -> Answer:
        return Answer({"requests": session.stripe.request_count})

    with pytest.raises(RuntimeError, match="stripe"):
        call(overreaching, wiring)


def test_an_expected_mode_is_checked_even_where_nothing_else_reads_the_settings(wiring: Wiring) -> None:
    @command()
    def indifferent(session: Session) -> Answer:
        return Answer()

    wiring.environ = {"STRIPE_SECRET_KEY": TEST_KEY}
    assert call(indifferent, wiring, "--mode", "test") == ExitCode.OK
    with pytest.raises(GuardRefused):
        call(indifferent, wiring, "--mode", "live")


def test_an_expected_mode_is_checked_at_the_first_use_of_the_settings_where_a_command_may_not_need_them(
    wiring: Wiring,
) -> None:
    @command(mode=ModeCheck.AT_FIRST_USE)
    def seldom(session: Session, count: CountOption = 0) -> Answer:
        return Answer({"mode": str(session.settings.mode)} if count else {})

    assert call(seldom, wiring, "--mode", "test") == ExitCode.OK
    wiring.environ = {"STRIPE_SECRET_KEY": TEST_KEY}
    with pytest.raises(GuardRefused):
        call(seldom, wiring, "--mode", "live", "--count", "1")


def test_what_a_session_opened_is_closed_with_it(wiring: Wiring) -> None:
    closed: list[str] = []

    @command(stripe=StripeUse.OPTIONAL)
    def opening(session: Session) -> Answer:
        session.stack.callback(lambda: closed.append("closed"))
        return Answer(human=lambda _console: closed.append("printed"))

    assert call(opening, wiring) == ExitCode.OK
    assert closed == ["printed", "closed"]


@pytest.mark.parametrize(("writes", "code"), [(Writes.FILES, ExitCode.STOPPED), (Writes.STRIPE, ExitCode.STOPPED)])
def test_what_changes_something_and_loses_its_reader_on_the_way_was_stopped(
    wiring: Wiring, writes: Writes, code: ExitCode
) -> None:
    @command(writes=writes, settings=False)
    def interrupted(session: Session) -> Answer:
        raise BrokenPipeError

    with pytest.raises(ReaderLeft) as left:
        call(interrupted, wiring)
    assert left.value.exit_code == code


def test_what_only_shows_something_may_lose_its_reader(wiring: Wiring) -> None:
    @command(settings=False)
    def interrupted(session: Session) -> Answer:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError) as left:
        call(interrupted, wiring)
    assert not isinstance(left.value, ReaderLeft)
