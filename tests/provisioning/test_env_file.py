"""An env file gets one new value and keeps everything else."""

from __future__ import annotations

import os
from io import StringIO
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from creditctl.provisioning.env_file import check_writable, set_value, write_value

NAME, NEW = "STRIPE_WEBHOOK_SECRET", "whsec_new"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "STRIPE_WEBHOOK_SECRET=whsec_new\n"),
        ("A=1\n", "A=1\nSTRIPE_WEBHOOK_SECRET=whsec_new\n"),
        ("A=1", "A=1\nSTRIPE_WEBHOOK_SECRET=whsec_new\n"),
        ("A=1\r\n", "A=1\r\nSTRIPE_WEBHOOK_SECRET=whsec_new\r\n"),
        ("# why\nSTRIPE_WEBHOOK_SECRET=old\nB=2\n", "# why\nSTRIPE_WEBHOOK_SECRET=whsec_new\nB=2\n"),
        ("STRIPE_WEBHOOK_SECRET=\r\nB=2\r\n", "STRIPE_WEBHOOK_SECRET=whsec_new\r\nB=2\r\n"),
        ("STRIPE_WEBHOOK_SECRET='old # no'\n", "STRIPE_WEBHOOK_SECRET=whsec_new\n"),
        ("STRIPE_WEBHOOK_SECRET=old # note\n", "# note\nSTRIPE_WEBHOOK_SECRET=whsec_new\n"),
        ("export STRIPE_WEBHOOK_SECRET=old\n", "export STRIPE_WEBHOOK_SECRET=whsec_new\n"),
        ("\n\n  STRIPE_WEBHOOK_SECRET=old\n", "\n\n  STRIPE_WEBHOOK_SECRET=whsec_new\n"),
        ("# STRIPE_WEBHOOK_SECRET=x\n", "# STRIPE_WEBHOOK_SECRET=x\nSTRIPE_WEBHOOK_SECRET=whsec_new\n"),
        ("STRIPE_WEBHOOK_SECRET\nB=2\n", "STRIPE_WEBHOOK_SECRET=whsec_new\nB=2\n"),
        (
            "STRIPE_WEBHOOK_SECRET=a\nX=1\nSTRIPE_WEBHOOK_SECRET=b\n",
            "STRIPE_WEBHOOK_SECRET=whsec_new\nX=1\nSTRIPE_WEBHOOK_SECRET=whsec_new\n",
        ),
        ("MY_STRIPE_WEBHOOK_SECRET=x\n", "MY_STRIPE_WEBHOOK_SECRET=x\nSTRIPE_WEBHOOK_SECRET=whsec_new\n"),
    ],
)
def test_only_the_value_changes(before: str, after: str) -> None:
    assert set_value(before, NAME, NEW) == after
    assert set_value(after, NAME, NEW) == after


lines = st.lists(
    st.sampled_from(
        [
            "A=1\n",
            "B='two words'\n",
            'C="x # y"\n',
            "# a comment\n",
            "\n",
            "export D=4\n",
            "STRIPE_WEBHOOK_SECRET=old\n",
            "STRIPE_WEBHOOK_SECRET='quoted'\n",
            "STRIPE_WEBHOOK_SECRET=x # note\n",
            'E="two\nlines"\n',
        ]
    ),
    max_size=8,
)


@given(lines)
def test_other_settings_and_comments_survive(parts: list[str]) -> None:
    text = "".join(parts)
    changed = set_value(text, NAME, NEW)
    before = dotenv_values(stream=StringIO(text), interpolate=False)
    after = dotenv_values(stream=StringIO(changed), interpolate=False)

    assert after == {**before, NAME: NEW}
    assert changed.count("# a comment") == text.count("# a comment")
    assert changed.count("# note") == text.count("# note")
    assert set_value(changed, NAME, NEW) == changed


def test_the_file_is_private_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("A=1\n")
    path.chmod(0o644)
    write_value(path, NAME, NEW)

    assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == [".env"]


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    target, link = tmp_path / "real" / "env", tmp_path / ".env"
    target.write_text("A=1\n")
    link.symlink_to(target)
    write_value(link, NAME, NEW)

    assert link.is_symlink()
    assert target.read_text() == f"A=1\n{NAME}={NEW}\n"


def test_a_folder_or_binary_in_its_place_is_refused_before_anything_happens(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for name, kind in (("folder", OSError), ("binary", UnicodeDecodeError), ("none/there", OSError)):
        with pytest.raises(kind):
            check_writable(tmp_path / name)
    check_writable(tmp_path / "new")

    assert sorted(os.listdir(tmp_path)) == ["binary", "folder"]


def test_a_device_is_never_taken_for_a_file() -> None:
    with pytest.raises(OSError, match="no ordinary file"):
        check_writable(Path("/dev/null"))
