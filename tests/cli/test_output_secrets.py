"""No value of a variable that is named as a secret in any output: answer, document, bug, traceback, log."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from creditctl.cli.output import RedactedStream, plain_stream, redacted
from creditctl.core.redaction import Redactor

if TYPE_CHECKING:
    import stripe

    from tests.support.cli import Cli, Outcome

PASSWORD = "hunter22" + "Correct0Horse"
URL = f"postgresql://app:{PASSWORD}@127.0.0.1:1/shop?sslpassword={PASSWORD}x"


def assert_hidden(outcome: Outcome, *values: str) -> None:
    shown = outcome.stdout + outcome.stderr
    assert shown
    for value in values:
        assert value not in shown


def test_a_stream_hands_everything_on_but_secrets() -> None:
    plain, redactor = io.StringIO(), Redactor()
    redactor.register(PASSWORD)
    stream = redacted(plain, redactor)
    assert stream.write(f"with {PASSWORD}\n") == len(PASSWORD) + 6
    stream.flush()

    assert plain.getvalue() == "with …\n"
    assert redacted(stream, redactor) is stream
    assert plain_stream(stream) is plain
    assert plain_stream(plain) is plain
    assert isinstance(stream, RedactedStream)
    assert stream.isatty() is False
    with pytest.raises(io.UnsupportedOperation):
        stream.fileno()


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["plain", "json"])
@pytest.mark.parametrize("name", ["DATABASE_URL", "THEIR_BOOKS"], ids=["named as a secret", "named by --url-env alone"])
@pytest.mark.parametrize("place", ["process", "file"])
def test_a_database_url_of_a_variable_is_shown_by_no_failure(
    cli: Cli, options: tuple[str, ...], name: str, place: str
) -> None:
    if place == "process":
        cli.environ[name] = URL
    else:
        cli.write_env([f"{name}={URL}"])
    assert cli("ledger", "init").exit_code == 0
    outcome = cli("ledger", "import", "--url-env", name, *options)

    assert outcome.exit_code not in (0, 70)
    assert_hidden(outcome, PASSWORD, URL)


@pytest.mark.parametrize("debug", [False, True], ids=["sentence", "traceback"])
@pytest.mark.parametrize("options", [(), ("--json",)], ids=["plain", "json"])
def test_a_bug_that_carries_a_secret_shows_none_of_it(cli: Cli, debug: bool, options: tuple[str, ...]) -> None:
    def broken() -> stripe.HTTPClient:
        raise ValueError(f"connect({URL!r}) with {PASSWORD}", {"token": PASSWORD})

    cli.transport = broken
    cli.environ |= {"CREDITCTL_DEBUG": "1"} if debug else {}
    cli.write_env([f"DB_PASSWORD={PASSWORD}", f"DATABASE_URL={URL}"])
    outcome = cli("setup", *options)

    assert outcome.exit_code == 70
    assert_hidden(outcome, PASSWORD, URL)
    assert ("Traceback" in outcome.stderr) == debug


def test_a_secret_that_is_a_word_of_a_document_leaves_its_fields_whole(cli: Cli) -> None:
    cli.write_env(["APP_SECRET=findings", "OTHER_KEY=packages", "THIRD_TOKEN=creditctl"])
    document = cli("packages", "--json").document

    assert document["schema"] == "creditctl.packages.v1"
    assert document["ok"] is True
    assert document["findings"] == []


def test_the_audit_file_holds_no_value_either(cli: Cli) -> None:
    cli.environ["CREDITS_API_URL"] = "http://127.0.0.1:9/" + PASSWORD
    cli.write_env([f"DB_PASSWORD={PASSWORD}"])
    outcome = cli("setup")

    assert outcome.exit_code == 0
    assert_hidden(outcome, PASSWORD)
    audit = (cli.folder / "creditctl-emulator-audit.jsonl").read_text()
    assert "webhook_endpoint" in audit
    assert PASSWORD not in audit


def test_the_local_secret_that_was_asked_for_is_shown(cli: Cli) -> None:
    secret = "whsec_" + "aB3dE6gH9" * 4
    cli.write_env([f"STRIPE_WEBHOOK_SECRET={secret}"])

    assert cli("events", "listen", "--print-secret").stdout == f"{secret}\n"
    assert cli("events", "listen", "--print-secret", "--json").report == {"webhook_secret": secret}


def test_what_the_env_check_reads_is_not_shown(cli: Cli) -> None:
    (cli.folder / ".env.local").write_text(f"SESSION_SECRET={PASSWORD}\n")
    cli.write_env([f"DB_PASSWORD='{PASSWORD} '"])
    assert_hidden(cli("env", "check"), PASSWORD)


def test_nothing_of_a_folder_is_secret_by_chance(cli: Cli, tmp_path: Path) -> None:
    cli.write_env(
        [
            "TLS_KEY_FILE=/etc/ssl/creditctl.pem",
            "PASSWORD_PATH=packages.toml",
            f"DATABASE_URL=sqlite:///{tmp_path}/app.db",
        ]
    )
    outcome = cli("ledger", "import", "--url-env", "DATABASE_URL")

    assert "…" not in outcome.stdout + outcome.stderr
