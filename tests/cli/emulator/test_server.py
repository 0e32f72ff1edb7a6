"""`creditctl emulator` as a process: what it says when it is ready can be copied and run."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from creditctl.core.errors import ExitCode
from tests.support.keys import TEST_KEY
from tests.support.waiting import finish, patience

if TYPE_CHECKING:
    from tests.support.cli import Cli

DEADLINE_SECONDS = 20


@contextmanager
def started(folder: Path, *arguments: str, **environ: str) -> Iterator[subprocess.Popen[str]]:
    """The emulator's process on a free port; stopped afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", "creditctl", "emulator", "--port", "0", *arguments],
        cwd=folder,
        env={"NO_COLOR": "1", **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        yield process
        process.send_signal(signal.SIGINT)
        finish(process, DEADLINE_SECONDS)


def lines_until(process: subprocess.Popen[str], last: str) -> Sequence[str]:
    """What it says to people, up to a line that begins so."""
    lines: list[str] = []
    assert process.stderr is not None
    while not lines or not lines[-1].startswith(last):
        lines.append(process.stderr.readline())
        assert lines[-1], "it ended before it was ready"
    return [line.removesuffix("\n") for line in lines]


def test_the_export_line_is_one_line_that_can_be_copied_at_80_columns(tmp_path: Path) -> None:
    with started(tmp_path, FORCE_COLOR="1", COLUMNS="80") as process:
        said = lines_until(process, "Ctrl-C")

    (line,) = [line for line in said if "export" in line]
    assert len(line) > 80
    assert re.fullmatch(
        r" *export STRIPE_API_BASE=http://127\.0\.0\.1:\d+ STRIPE_SECRET_KEY=sk_test_\$\(openssl rand -hex 12\)", line
    )


def test_a_rehearsal_of_live_mode_names_the_keys_that_it_takes(tmp_path: Path) -> None:
    with started(tmp_path, "--livemode") as process:
        said = lines_until(process, "Ctrl-C")

    assert any("rehearses live mode" in line for line in said)
    assert any("STRIPE_SECRET_KEY=sk_live_emulator$(openssl rand -hex 12)" in line for line in said)


def test_with_json_one_document_says_where_it_is(tmp_path: Path) -> None:
    with started(tmp_path, "--json") as process:
        lines: list[str] = []
        assert process.stdout is not None
        while not lines or lines[-1] not in ("}\n", ""):
            lines.append(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        after = process.stdout.read()

    assert (after, process.returncode) == ("", ExitCode.STOPPED)
    document = json.loads("".join(lines))
    assert (document["schema"], document["ok"], document["mode"]) == ("creditctl.emulator.v1", True, "emulator")
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", document["report"]["url"])
    assert document["report"]["example_key"].startswith("sk_test_")


def test_a_host_that_others_can_reach_warns_and_files_stay_where_it_was_told(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    with started(tmp_path, "--host", "0.0.0.0", "--allow-host", "emulator", "--files", "files") as process:
        said = lines_until(process, "Ctrl-C")
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        name, here = {"Host": "emulator:12111"}, str(tmp_path / "here.db")
        with httpx.Client(base_url=url, timeout=patience(20)) as http:
            answers = [
                http.get("/_emulator", headers=name).status_code,
                http.get("/_emulator", headers={"Host": "other:12111"}).status_code,
                http.post("/_emulator/snapshot", json={"path": here}).status_code,
                http.post("/_emulator/snapshot", json={"path": "there.db"}).status_code,
            ]

    assert said[0].startswith("Warning: --host 0.0.0.0 lets other machines reach it")
    assert url.startswith("http://127.0.0.1:")
    assert answers == [200, 403, 403, 200]
    assert [path.name for path in tmp_path.rglob("*.db")] == ["there.db"]


def test_a_public_url_that_is_none_is_refused_before_it_starts(offline_cli: Cli) -> None:
    for url in ("localhost:12111", "http://localhost:12111/pay", "ftp://localhost"):
        refused = offline_cli("emulator", "--public-url", url)
        assert (refused.exit_code, "without a path" in refused.stderr) == (2, True)


def test_the_version_of_the_account_is_for_requests_that_name_none(tmp_path: Path) -> None:
    with started(tmp_path, "--api-version", "2020-08-27") as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        form = {"amount": "1000", "currency": "usd", "confirm": "true", "payment_method": "pm_card_visa"}
        with httpx.Client(base_url=url, auth=(TEST_KEY, ""), timeout=patience(20)) as http:
            intent = http.post("/v1/payment_intents", data=form)
            events = http.get("/v1/events", params={"type": "charge.succeeded"}).json()["data"]

    assert intent.headers["stripe-version"] == "2020-08-27"
    assert [charge["paid"] for charge in intent.json()["charges"]["data"]] == [True]
    assert [event["api_version"] for event in events] == ["2020-08-27"]


def test_a_version_that_stripe_never_had_is_refused_before_it_starts(offline_cli: Cli) -> None:
    for version in ("2020-08-28", "basil", "2025-03-31"):
        refused = offline_cli("emulator", "--api-version", version, "--json")
        assert (refused.exit_code, refused.document["error"]["code"]) == (2, "usage.api_version")


@pytest.mark.parametrize("state", ["missing/state.db", "."])
def test_a_state_that_cannot_be_kept_is_said_with_what_to_do(offline_cli: Cli, state: str) -> None:
    outcome = offline_cli("emulator", "--port", "0", "--state", state, "--json")

    assert (outcome.exit_code, outcome.document["error"]["code"]) == (3, "emulator.state")
    assert "--state" in outcome.document["error"]["fix"]


def test_a_state_belongs_to_one_emulator_that_runs(tmp_path: Path, offline_cli: Cli) -> None:
    state = tmp_path / "state.db"
    with started(tmp_path, "--state", str(state)) as process:
        lines_until(process, "Ctrl-C")
        refused = offline_cli("emulator", "--port", "0", "--state", str(state), "--json")

    assert (refused.exit_code, refused.document["error"]["code"]) == (3, "emulator.state")
    assert "Another emulator that runs" in refused.document["error"]["message"]


def test_the_database_of_another_program_is_left_as_it_is(tmp_path: Path, offline_cli: Cli) -> None:
    with closing(sqlite3.connect(tmp_path / "app.db")) as db, db:
        db.execute("CREATE TABLE users (id)")
    before, mode = (tmp_path / "app.db").read_bytes(), (tmp_path / "app.db").stat().st_mode
    refused = offline_cli("emulator", "--port", "0", "--state", str(tmp_path / "app.db"), "--json")

    assert (refused.exit_code, refused.document["error"]["code"]) == (3, "emulator.state")
    assert "another program" in refused.document["error"]["message"]
    assert ((tmp_path / "app.db").read_bytes(), (tmp_path / "app.db").stat().st_mode) == (before, mode)
