"""Files are written whole or not at all, and only where files belong."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from creditctl.atomic_file import FileCalls, check_replaceable, create_file, real_path, replace_file, sync_folder


@dataclass
class CallRecorder:
    """The real system calls, written down in their order."""

    seen: list[str] = field(default_factory=list)

    @property
    def calls(self) -> FileCalls:
        return FileCalls(self.fsync, self.named("rename", os.replace), self.named("link", os.link))

    def fsync(self, descriptor: int) -> None:
        status = os.fstat(descriptor)
        what = "folder" if stat.S_ISDIR(status.st_mode) else f"file of {status.st_size} bytes"
        self.seen.append(f"fsync {what}")
        os.fsync(descriptor)

    def named(self, name: str, call: Callable[[Path, Path], None]) -> Callable[[Path, Path], None]:
        def recorded(draft: Path, target: Path) -> None:
            self.seen.append(name)
            call(draft, target)

        return recorded


def test_the_content_is_on_the_disk_before_its_name_and_the_name_before_the_end(tmp_path: Path) -> None:
    recorder = CallRecorder()
    replace_file(tmp_path / "file", b"twelve bytes", calls=recorder.calls)

    assert recorder.seen == ["fsync file of 12 bytes", "rename", "fsync folder"]
    assert (tmp_path / "file").read_bytes() == b"twelve bytes"


def test_a_new_file_is_on_the_disk_before_its_name_too(tmp_path: Path) -> None:
    recorder = CallRecorder()
    create_file(tmp_path / "file", b"four", calls=recorder.calls)

    assert recorder.seen == ["fsync file of 4 bytes", "link", "fsync folder"]


def test_a_file_that_cannot_be_brought_to_the_disk_is_not_published(tmp_path: Path) -> None:
    path = tmp_path / "file"
    replace_file(path, b"one")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        replace_file(path, b"two", calls=FileCalls(fsync=full))

    assert path.read_bytes() == b"one"
    assert os.listdir(tmp_path) == ["file"]


def test_a_folder_is_synced_by_itself(tmp_path: Path) -> None:
    recorder = CallRecorder()
    sync_folder(tmp_path, calls=recorder.calls)

    assert recorder.seen == ["fsync folder"]


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
