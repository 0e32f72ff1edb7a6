"""The newcomer's two minutes: `creditctl demo`, as a real process in an empty folder."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.waiting import Deadline, finish

DEMO = [sys.executable, "-m", "creditctl", "demo"]


def environment(tmp_path: Path, **more: str) -> dict[str, str]:
    temporary = tmp_path / "tmp"
    temporary.mkdir(exist_ok=True)
    keep = {key: os.environ[key] for key in ("PATH", "VIRTUAL_ENV") if key in os.environ}
    return {**keep, "HOME": str(tmp_path), "TMPDIR": str(temporary), "LANG": "C", **more}


def leftovers(tmp_path: Path) -> list[str]:
    return [path.name for path in (tmp_path / "tmp").iterdir()]


def test_the_demo_tells_the_whole_story(tmp_path: Path) -> None:
    done = subprocess.run(
        [*DEMO, "--json"], cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads(done.stdout)
    report = document["report"]
    assert (document["ok"], document["mode"], document["findings"]) == (True, "emulator", [])
    assert report["credits_bought"] == 175_000
    assert report["balance"] == 55_000
    kinds = [(row["kind"], row["package"], row["credits"]) for row in report["ledger"]]
    assert kinds == [
        ("purchase", "starter", 1_000),
        ("purchase", "basic", 5_500),
        ("purchase", "pro", 13_500),
        ("purchase", "business", 35_000),
        ("purchase", "enterprise", 120_000),
        ("refund", "enterprise", -120_000),
    ]
    assert leftovers(tmp_path) == []


def test_for_people_each_step_is_told_and_the_table_and_next_steps_follow(tmp_path: Path) -> None:
    done = subprocess.run(DEMO, cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    for told in (
        "signing secret",
        "4242 4242 4242 4242",
        "twice more",
        "declined",
        "refunded",
        "agree",
        "nothing to do",
    ):
        assert told in done.stderr
    assert "175,000 credits bought" in done.stdout
    assert "Try next" in done.stdout
    assert "creditctl simulate" in done.stdout


def test_keep_leaves_env_file_and_ledger_and_shows_no_secret(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    done = subprocess.run(
        [*DEMO, "--keep", str(kept)],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    settings = dict(line.split("=", 1) for line in (kept / ".env").read_text().splitlines() if "=" in line)
    assert settings["STRIPE_WEBHOOK_SECRET"].startswith("whsec_")
    assert (kept / ".env").stat().st_mode & 0o777 == 0o600
    ledger = sqlite3.connect(kept / "creditctl-emulator.db")
    assert ledger.execute("SELECT sum(credits) FROM credit_transactions").fetchone() == (55_000,)
    ledger.close()
    written = "".join(path.read_text(errors="ignore") for path in kept.iterdir() if path.suffix in (".log", ".jsonl"))
    for name in ("STRIPE_WEBHOOK_SECRET", "STRIPE_SECRET_KEY"):
        assert settings[name] not in done.stdout + done.stderr + written
    assert "Successfully added 1000 credits to user 1 from Stripe payment pi_" in written


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "mine").write_text("x")
    done = subprocess.run(
        [*DEMO, "--keep", "kept"], cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, check=False
    )

    assert done.returncode == 3
    assert "not empty" in done.stderr
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["mine"]


def test_two_demos_at_the_same_time_do_not_disturb_each_other(tmp_path: Path) -> None:
    running = [
        subprocess.Popen(
            [*DEMO, "--json"], cwd=tmp_path, env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    outputs = [finish(process, 60) for process in running]

    assert [process.returncode for process in running] == [0, 0], outputs
    assert all(json.loads(out)["report"]["balance"] == 55_000 for out, _ in outputs)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 130)])
def test_a_stopped_demo_cleans_up_and_says_so(tmp_path: Path, number: signal.Signals, code: int) -> None:
    process = subprocess.Popen(
        [*DEMO, "--serve"],
        cwd=tmp_path,
        env=environment(tmp_path),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    deadline = Deadline(60)
    while "storefront is at" not in process.stderr.readline():
        assert not deadline.passed
    process.send_signal(number)
    out, err = finish(process, 30)

    assert process.returncode == code
    assert "Traceback" not in out + err
    assert leftovers(tmp_path) == []
