"""docs/commands.md and docs/codes.md are what the program says of itself today."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_generated_pages_are_up_to_date() -> None:
    done = subprocess.run([sys.executable, ROOT / ".ci" / "docs.py", "--check"], capture_output=True, check=False)

    assert done.returncode == 0, "run `make docs`"


def test_the_page_of_codes_can_be_read_as_a_table() -> None:
    rows = [line for line in (ROOT / "docs" / "codes.md").read_text().splitlines() if line.startswith("| `")]

    assert len(rows) > 300
    assert [row for row in rows if row.count(" | ") != 3] == []
