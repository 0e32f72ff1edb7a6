"""Files are written whole or not at all, and only where files belong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from creditctl.provisioning.atomic_file import check_replaceable, create_file, real_path, replace_file


def test_a_file_is_replaced_with_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "file"
    replace_file(path, b"one")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"one", 0o600)
    replace_file(path, b"two", 0o640)

    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"two", 0o640)
    assert os.listdir(tmp_path) == ["file"]


def test_a_file_that_is_there_is_not_created_again(tmp_path: Path) -> None:
    path = tmp_path / "file"
    create_file(path, b"one")
    with pytest.raises(FileExistsError):
        create_file(path, b"two")

    assert path.read_bytes() == b"one"
    assert os.listdir(tmp_path) == ["file"]


def test_a_link_leads_to_its_file_even_before_that_exists(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("file")
    replace_file(tmp_path / "link", b"one")

    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"one"


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), os.mkfifo], ids=["folder", "pipe"])
def test_what_is_no_file_is_never_replaced(tmp_path: Path, make: object) -> None:
    path = tmp_path / "thing"
    make(path)  # type: ignore[operator]
    before = path.stat().st_mode
    for attempt in (real_path, check_replaceable, lambda given: replace_file(given, b"x")):
        with pytest.raises(OSError, match=r"folder|no ordinary file"):
            attempt(path)

    assert path.stat().st_mode == before
    assert os.listdir(tmp_path) == ["thing"]


def test_a_replacement_that_fails_leaves_the_old_file_and_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "file"
    replace_file(path, b"one")
    with pytest.raises(TypeError):
        replace_file(path, None)  # type: ignore[arg-type]

    assert path.read_bytes() == b"one"
    assert os.listdir(tmp_path) == ["file"]
