"""Repairs and starter files are written whole, private, and never over somebody else's work."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from creditctl.checks.env.collect import gather_env, read_env_file
from creditctl.checks.env.dotenv_text import parse_env
from creditctl.checks.env.fixes import apply_repair, example_text, plan_repair, start_env
from creditctl.checks.env.git import run_git
from creditctl.checks.env.model import ALL_KEYS, EnvFile
from creditctl.checks.env.placeholders import is_placeholder
from creditctl.checks.env.rule_groups import judge_env
from creditctl.core.errors import ConfigurationError

ROOT = Path(__file__).resolve().parents[3]


def no_git(folder: Path, arguments: object) -> tuple[int, str]:
    raise FileNotFoundError("git")


def read(folder: Path, name: str = ".env", *, is_backend: bool = True) -> EnvFile:
    return read_env_file(folder, Path(name), Path(name), no_git, is_backend=is_backend)


def bits(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_repair_writes_text_and_permissions_and_leaves_no_draft(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(b"A = 1\r\n")
    path.chmod(0o644)
    file = read(tmp_path)

    apply_repair(path, file, plan_repair(file))

    assert (path.read_bytes(), bits(path), os.listdir(tmp_path)) == (b"A=1\n", 0o600, [".env"])
    assert not plan_repair(read(tmp_path))


def test_permissions_alone_leave_the_file_itself_in_place(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("A=1\n")
    path.chmod(0o640)
    inode = path.stat().st_ino
    file = read(tmp_path)

    apply_repair(path, file, plan_repair(file))

    assert (bits(path), path.stat().st_ino) == (0o600, inode)


@pytest.mark.parametrize(("before", "after"), [(0o644, 0o644), (0o666, 0o644), (0o600, 0o600)])
def test_a_frontends_file_without_secrets_stays_readable(tmp_path: Path, before: int, after: int) -> None:
    path = tmp_path / ".env.local"
    path.write_text("A=1\n")
    path.chmod(before)
    file = read(tmp_path, ".env.local", is_backend=False)

    apply_repair(path, file, plan_repair(file))

    assert bits(path) == after


def test_a_repair_follows_a_symbolic_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"A=1\r\n")
    (tmp_path / ".env").symlink_to("real")
    file = read(tmp_path)

    apply_repair(tmp_path / ".env", file, plan_repair(file))

    assert (tmp_path / ".env").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"A=1\n"


def test_a_file_that_is_no_text_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"A=\xff \r\n")

    assert not plan_repair(read(tmp_path))


def test_a_repair_refuses_when_somebody_wrote_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(b"A=1\r\n")
    file = read(tmp_path)
    path.write_bytes(b"A=2\r\n")

    with pytest.raises(ConfigurationError, match="changed by somebody else"):
        apply_repair(path, file, plan_repair(file))
    assert path.read_bytes() == b"A=2\r\n"


def test_the_example_in_the_package_is_the_one_in_the_root() -> None:
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == example_text()


def test_the_example_names_every_setting() -> None:
    missing = [name for name in ALL_KEYS if f"{name}=" not in example_text()]

    assert missing == []


def test_the_example_is_judged_as_what_it_is_a_form_to_fill_in(tmp_path: Path) -> None:
    start_env(tmp_path, Path(".env"), no_git)
    found = {item.code: item.subject for item in judge_env(gather_env(tmp_path, {}, git=no_git))}

    values = parse_env(example_text()).values
    assert is_placeholder(values["STRIPE_SECRET_KEY"] or "")
    assert set(found) == {"env.value.placeholder", "env.key.empty"}


def test_the_starter_file_is_private_and_ignored(tmp_path: Path) -> None:
    started = start_env(tmp_path, Path(".env"), no_git)

    assert bits(started.env_file) == 0o600
    assert (tmp_path / ".gitignore").read_text() == ".env\ncreditctl*.db*\ncreditctl*-audit.jsonl\n"
    assert sorted(os.listdir(tmp_path)) == [".env", ".gitignore"]


def test_a_gitignore_that_is_there_keeps_its_lines(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.db")

    start_env(tmp_path, Path(".env"), no_git)

    assert (tmp_path / ".gitignore").read_text() == "*.db\n.env\ncreditctl*.db*\ncreditctl*-audit.jsonl\n"


def test_a_gitignore_that_covers_it_by_a_pattern_stays_as_it_is(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True, env={**os.environ, "HOME": str(tmp_path)})
    (tmp_path / ".gitignore").write_text(".env*\n*.db\n*.jsonl\n")

    started = start_env(tmp_path, Path(".env"), run_git)

    assert started.ignored == ()
    assert (tmp_path / ".gitignore").read_text() == ".env*\n*.db\n*.jsonl\n"


@pytest.mark.parametrize("kind", ["file", "dangling link"])
def test_an_existing_file_is_never_overwritten(tmp_path: Path, kind: str) -> None:
    if kind == "file":
        (tmp_path / ".env").write_text("A=1\n")
    else:
        (tmp_path / ".env").symlink_to("nowhere")

    with pytest.raises(ConfigurationError, match="never overwritten"):
        start_env(tmp_path, Path(".env"), no_git)
    assert os.listdir(tmp_path) == [".env"]
