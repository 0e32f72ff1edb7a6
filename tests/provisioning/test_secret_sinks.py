"""A signing secret is stored whole and seen by nobody else: in the env file, or on a command's standard input."""

from __future__ import annotations

from pathlib import Path

import pytest

from creditctl.atomic_file import FileCalls
from creditctl.core.errors import ConfigurationError
from creditctl.core.keys import Secret
from creditctl.provisioning.secret_sinks import CommandSink, EnvFileSink

NEW, OLD = Secret("whsec_" + "new0secret0text0"), Secret("whsec_" + "old0secret0text0")


def refusal(sink: EnvFileSink | CommandSink, act: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        sink.check() if act == "check" else sink.store([NEW])
    assert "new0secret" not in f"{caught.value.message} {caught.value.fix}"
    return caught.value


def test_the_env_file_gets_the_newest_first_and_keeps_the_rest(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("# ours\nSTRIPE_WEBHOOK_SECRET=\nFRONTEND_URL=http://localhost:3000\n")
    EnvFileSink(path).check()
    EnvFileSink(path).store([NEW, OLD])

    assert path.read_text().splitlines() == [
        "# ours",
        f"STRIPE_WEBHOOK_SECRET={NEW.reveal()},{OLD.reveal()}",
        "FRONTEND_URL=http://localhost:3000",
    ]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_secret_that_is_replaced_stays_as_a_comment_and_one_that_is_taken_out_does_not(tmp_path: Path) -> None:
    """It may be the only copy: of an account whose key stood there before, or of an endpoint made by hand."""
    path = tmp_path / ".env"
    path.write_text(f"A=1\nSTRIPE_WEBHOOK_SECRET={OLD.reveal()}\nB=2\n")
    EnvFileSink(path).store([NEW])
    kept = f"# Replaced by creditctl: STRIPE_WEBHOOK_SECRET={OLD.reveal()}"
    assert path.read_text().splitlines() == ["A=1", kept, f"STRIPE_WEBHOOK_SECRET={NEW.reveal()}", "B=2"]

    path.write_text(f"STRIPE_WEBHOOK_SECRET={NEW.reveal()},{OLD.reveal()}\n")
    EnvFileSink(path).store([NEW])
    assert path.read_text() == f"STRIPE_WEBHOOK_SECRET={NEW.reveal()}\n"

    path.write_text("STRIPE_WEBHOOK_SECRET=whsec_...\n")
    EnvFileSink(path).store([NEW])
    assert path.read_text() == f"STRIPE_WEBHOOK_SECRET={NEW.reveal()}\n"


@pytest.mark.parametrize("act", ["check", "store"])
def test_an_env_file_that_cannot_be_written_is_refused_and_stays(tmp_path: Path, act: str) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for path in (tmp_path / "missing" / ".env", tmp_path, tmp_path / "binary"):
        assert refusal(EnvFileSink(path), act).code == "setup.env_file"

    assert (tmp_path / "binary").read_bytes() == b"\xff\xfe"
    assert [path.name for path in tmp_path.iterdir()] == ["binary"]


def test_a_command_gets_the_secrets_on_standard_input_without_a_line_end(tmp_path: Path) -> None:
    sink = CommandSink("sh -c 'cat > taken'", tmp_path)
    sink.check()
    sink.store([NEW, OLD])

    assert (tmp_path / "taken").read_text() == f"{NEW.reveal()},{OLD.reveal()}"


@pytest.mark.parametrize("command", ["", "no-such-program-of-ours x", "sh -c 'unclosed"])
def test_a_command_that_cannot_be_run_is_refused_before_anything_is_made(tmp_path: Path, command: str) -> None:
    assert refusal(CommandSink(command, tmp_path), "check").code == "setup.secret_command"


@pytest.mark.parametrize(
    "echo",
    ["cat", "sed s/whsec_//", "base64", "rev", "cut -c 10-", "tr a-z A-Z"],
)
def test_what_a_failing_command_says_is_not_shown(tmp_path: Path, echo: str) -> None:
    """A command that repeats what it was given need not repeat it as it was."""
    error = refusal(CommandSink(f"sh -c '{echo} >&2; exit 3'", tmp_path), "store")

    assert error.message == (
        "The secret command did not take the secret (exit code 3); what it said is not shown, for it held the secret."
    )


def test_a_file_that_names_another_key_gets_no_secret(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    theirs, ours = Secret("sk_test_" + "theirs0000"), Secret("sk_test_" + "ours000000")
    path.write_text(f"STRIPE_SECRET_KEY='{theirs.reveal()}'\nSTRIPE_WEBHOOK_SECRET={OLD.reveal()}\n")
    before = path.read_bytes()
    for act in ("check", "store"):
        assert refusal(EnvFileSink(path, ours), act).code == "setup.env_file_key"
    assert path.read_bytes() == before

    EnvFileSink(path, theirs).store([NEW])
    assert NEW.reveal() in path.read_text()


@pytest.mark.parametrize("line", ["", "STRIPE_SECRET_KEY=\n", "STRIPE_SECRET_KEY=sk_test_...\n", "STRIPE_SECRET_KEY\n"])
def test_a_file_that_names_no_key_takes_a_secret(tmp_path: Path, line: str) -> None:
    path = tmp_path / ".env"
    path.write_text(line)
    sink = EnvFileSink(path, Secret("sk_test_" + "ours000000"))
    sink.check()
    sink.store([NEW])

    assert path.read_text() == f"{line}STRIPE_WEBHOOK_SECRET={NEW.reveal()}\n"


def test_a_full_disk_is_refused_and_the_file_stays(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("A=1\n")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    for act in ("check", "store"):
        error = refusal(EnvFileSink(path, calls=FileCalls(fsync=full)), act)
        assert (error.code, "No space left" in error.message) == ("setup.env_file", True)
    assert [(left.name, left.read_text()) for left in tmp_path.iterdir()] == [(".env", "A=1\n")]
