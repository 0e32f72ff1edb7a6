"""A signing secret is stored whole and seen by nobody else: in the env file, or on a command's standard input."""

from __future__ import annotations

from pathlib import Path

import pytest

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


def test_what_a_failing_command_says_is_shown_without_the_secret(tmp_path: Path) -> None:
    error = refusal(CommandSink("sh -c 'echo no room for $(cat) >&2; exit 3'", tmp_path), "store")

    assert "exit code 3: no room for …" in error.message
