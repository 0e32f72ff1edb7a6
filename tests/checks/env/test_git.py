"""What git says of env files, asked of a real git in a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from creditctl.checks.env.collect import gather_env
from creditctl.checks.env.git import is_ignored, is_tracked, run_git, tracked_keys
from creditctl.checks.env.model import KeyPlace
from creditctl.checks.env.rule_groups import judge_env

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

LIVE_KEY = "sk_live_" + "51AbCdEfGhIjKlMn" * 3


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True, env={**os.environ, "HOME": str(tmp_path)})
    return tmp_path


def add(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    subprocess.run(["git", "-C", str(folder), "add", "-f", name], check=True, env={**os.environ, "HOME": str(folder)})


def codes(folder: Path, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    view = gather_env(folder, environ or {}, git=run_git)
    return {item.code: item.subject for item in judge_env(view) if item.code.startswith("env.git.")}


def test_outside_a_repository_git_has_nothing_to_say(tmp_path: Path, good: dict[str, str]) -> None:
    (tmp_path / ".env").write_text("A=1\n")

    assert codes(tmp_path) == {}


def test_a_tracked_file_is_found(repository: Path) -> None:
    add(repository, ".env", "A=1\n")

    assert is_tracked(repository / ".env", run_git)
    assert codes(repository) == {"env.git.tracked": ".env"}


def test_a_file_that_is_not_ignored_is_found(repository: Path) -> None:
    (repository / ".env").write_text("A=1\n")

    assert codes(repository) == {"env.git.not_ignored": ".env"}


def test_an_ignored_file_is_fine_also_by_a_pattern(repository: Path) -> None:
    (repository / ".gitignore").write_text(".env*\n")
    (repository / ".env").write_text("A=1\n")

    assert is_ignored(repository / ".env", run_git) is True
    assert codes(repository) == {}


def test_a_file_that_is_tracked_although_it_is_ignored_is_found(repository: Path) -> None:
    (repository / ".gitignore").write_text(".env\n")
    add(repository, ".env", "A=1\n")

    assert codes(repository) == {"env.git.tracked": ".env"}


def test_a_live_key_in_a_tracked_file_is_found_at_its_line_and_not_shown(repository: Path) -> None:
    add(repository, "settings file.py", f"# one\nKEY = '{LIVE_KEY}'\n")
    (repository / "untracked.py").write_text(LIVE_KEY)

    assert tracked_keys(repository, run_git) == (KeyPlace("settings file.py:2", livemode=True),)
    assert codes(repository) == {"env.git.live_key": "settings file.py:2"}


def test_a_test_key_in_a_tracked_file_is_found(repository: Path) -> None:
    add(repository, "config.py", "\nsk_test_" + "51AbCdEfGhIjKlMn" * 3)

    assert codes(repository) == {"env.git.test_key": "config.py:2"}


def test_a_signing_secret_in_a_tracked_file_is_found_after_live_keys(repository: Path) -> None:
    add(repository, "compose.yml", "secret: whsec_" + "aB3dE6gH9" * 4)
    add(repository, "pay.py", LIVE_KEY)

    found = tracked_keys(repository, run_git)

    assert found == (KeyPlace("pay.py:1", livemode=True), KeyPlace("compose.yml:1", livemode=None))
    assert codes(repository)["env.git.signing_secret"] == "compose.yml:1"


def test_a_tracked_env_file_is_one_fault_whatever_it_holds(repository: Path) -> None:
    add(repository, ".env", f"STRIPE_SECRET_KEY={LIVE_KEY}\n")

    assert codes(repository) == {"env.git.tracked": ".env"}


@pytest.mark.parametrize(
    "body", ["x" * 30, "emulator" * 4, "abcdefghij" * 3, "0123456789" * 3, "4eC39HqLyj" + "WDarjtT1zdp7dc"]
)
def test_the_filler_of_a_test_and_a_sample_key_are_no_leak(repository: Path, body: str) -> None:
    add(repository, "tests.py", "sk_test_" + body)

    assert tracked_keys(repository, run_git) == ()


def test_a_file_of_another_deployment_that_holds_a_secret_is_looked_at_too(repository: Path) -> None:
    add(repository, ".env.production", f"STRIPE_SECRET_KEY={LIVE_KEY}\n")
    add(repository, ".env.staging", "NEXT_PUBLIC_API_URL=https://api.acme.io\n")
    add(repository, ".env.example", "STRIPE_SECRET_KEY=sk_test_...\n")

    view = gather_env(repository, {}, git=run_git)
    found = {(item.code, item.subject) for item in judge_env(view) if item.code.startswith("env.git.")}

    assert found == {("env.git.tracked", ".env.production")}


def test_without_git_a_repository_is_a_note(repository: Path) -> None:
    def missing(folder: Path, arguments: object) -> tuple[int, str]:
        raise FileNotFoundError("git")

    (repository / ".env").write_text("A=1\n")
    found = judge_env(gather_env(repository, {}, git=missing))

    assert [item.severity for item in found if item.code == "env.git.unclear"] == ["info"]


def test_a_git_that_does_not_answer_is_a_note(repository: Path, good: dict[str, str]) -> None:
    def hangs(folder: Path, arguments: object) -> tuple[int, str]:
        raise TimeoutError("git took too long")

    (repository / ".env").write_text("A=1\n")
    found = judge_env(gather_env(repository, {}, git=hangs))

    assert ["git took too long" in item.message for item in found if item.code == "env.git.unclear"] == [True]
