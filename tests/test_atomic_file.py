"""Files are written whole or not at all, and only where files belong."""

from __future__ import annotations

import errno
import os
import stat
import struct
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from creditctl.atomic_file import (
    FileCalls,
    check_replaceable,
    create_file,
    real_path,
    replace_file,
    replace_secret_file,
    sweep_drafts,
    sync_folder,
)


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


def draft_of(path: Path, ending: str = "a1b2c3_d") -> Path:
    """What a killed write leaves behind: the new content under a draft's name."""
    left = path.with_name(f"{path.name}.{ending}.tmp")
    left.write_bytes(b"half a secret")
    return left


def test_the_draft_of_a_killed_write_is_swept_by_the_next(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    replace_secret_file(path, b"A=1\n")
    draft_of(path)
    others = [draft_of(tmp_path / "other"), tmp_path / ".env.mine.tmp", tmp_path / ".env.backup"]
    for other in others[1:]:
        other.write_bytes(b"theirs")
    replace_secret_file(path, b"A=2\n")

    assert sorted(os.listdir(tmp_path)) == sorted([".env", *(other.name for other in others)])
    draft_of(path)
    sweep_drafts(path)
    assert sorted(os.listdir(tmp_path)) == sorted([".env", *(other.name for other in others)])


def test_a_draft_that_another_process_is_writing_stays(tmp_path: Path) -> None:
    path, seen = tmp_path / ".env", []

    def publish(draft: Path, target: Path) -> None:
        sweep_drafts(path)
        seen.append(draft.exists())
        os.replace(draft, target)

    replace_secret_file(path, b"A=1\n", calls=FileCalls(rename=publish))

    assert seen == [True]
    assert path.read_bytes() == b"A=1\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [(0o600, 0o600), (0o400, 0o400), (0o640, 0o640), (0o440, 0o440), (0o644, 0o600), (0o660, 0o600), (0o755, 0o600)],
    ids=oct,
)
def test_a_file_with_secrets_keeps_a_mode_that_is_strict_enough(tmp_path: Path, before: int, after: int) -> None:
    path = tmp_path / ".env"
    replace_secret_file(path, b"one")
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(before)
    replace_secret_file(path, b"two")

    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"two", after)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
def test_a_file_with_secrets_keeps_its_owner_and_group(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    replace_secret_file(path, b"one")
    os.chown(path, 1234, 2345)
    path.chmod(0o640)
    replace_secret_file(path, b"two")

    status = path.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (1234, 2345, 0o640)


def access_list(mask: int) -> bytes:
    """An access list that lets user 1234 read. Source: Linux, "posix_acl_xattr.h": version, then tag, perm, id."""
    everyone = 0xFFFFFFFF
    lines = ((0x01, 6, everyone), (0x02, 4, 1234), (0x04, 0, everyone), (0x10, mask, everyone), (0x20, 0, everyone))
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *line) for line in lines)


def marked(path: Path, name: str, value: bytes) -> None:
    if sys.platform != "linux":
        pytest.skip("extended attributes are seen on Linux only")
    try:
        os.setxattr(path, name, value)
    except OSError as error:
        pytest.skip(f"this file system has no {name}: {error}")


def marks(path: Path) -> dict[str, bytes]:
    assert sys.platform == "linux"
    return {name: os.getxattr(path, name) for name in os.listxattr(path)}


@pytest.mark.parametrize("replace", [replace_file, replace_secret_file], ids=["plain", "secret"])
def test_extended_attributes_stay(tmp_path: Path, replace: Callable[[Path, bytes], None]) -> None:
    path = tmp_path / ".env"
    replace(path, b"one")
    marked(path, "user.owner", b"team billing")
    check_replaceable(path)
    replace(path, b"two")

    assert path.read_bytes() == b"two"
    assert marks(path)["user.owner"] == b"team billing"


@pytest.mark.parametrize(
    ("mask", "after"), [(4, 0o640), (0, 0o600), (6, 0o640)], ids=["reads", "nobody", "wrote before"]
)
def test_who_may_read_a_secret_file_by_its_access_list_still_may(tmp_path: Path, mask: int, after: int) -> None:
    path = tmp_path / ".env"
    replace_secret_file(path, b"one")
    marked(path, "system.posix_acl_access", access_list(mask))
    replace_secret_file(path, b"two")

    assert path.stat().st_mode & 0o777 == after
    assert marks(path)["system.posix_acl_access"] == access_list(mask & 4)


def test_a_folder_s_default_access_list_opens_no_file_that_had_none(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    replace_secret_file(path, b"one")
    path.chmod(0o640)
    marked(tmp_path, "system.posix_acl_default", access_list(4))
    replace_secret_file(path, b"two")

    assert marks(path) == {}
    replace_secret_file(tmp_path / "new", b"one")
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600


def test_attributes_that_cannot_be_kept_are_a_refusal_before_anything_is_written(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    replace_secret_file(path, b"one")
    marked(path, "user.owner", b"team billing")

    def refused(_descriptor: int, name: str, _value: bytes) -> None:
        raise PermissionError(errno.EPERM, "not permitted", name)

    calls = FileCalls(set_attribute=refused)
    for attempt in (check_replaceable, partial(replace_secret_file, content=b"two")):
        with pytest.raises(OSError, match="could not be kept"):
            attempt(path, calls=calls)
    assert (path.read_bytes(), os.listdir(tmp_path)) == (b"one", [".env"])

    replace_file(path, b"two", calls=calls)
    assert path.read_bytes() == b"two"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_a_file_of_another_user_is_not_taken_away_from_its_program() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ".env"
        path.write_bytes(b"one")
        path.chmod(0o666)
        os.chown(path, 1234, 2345)
        os.chmod(folder, 0o777)
        os.seteuid(4321)
        try:
            for attempt in (check_replaceable, lambda given: replace_secret_file(given, b"two")):
                with pytest.raises(OSError, match="owner and group"):
                    attempt(path)
        finally:
            os.seteuid(0)

        assert (path.read_bytes(), os.listdir(folder)) == (b"one", [".env"])


def test_a_disk_without_room_is_noticed_before_anything_is_written(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    replace_secret_file(path, b"one")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        check_replaceable(path, room_bytes=100, calls=FileCalls(fsync=full))

    assert path.read_bytes() == b"one"
    assert os.listdir(tmp_path) == [".env"]
