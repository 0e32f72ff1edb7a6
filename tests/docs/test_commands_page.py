"""docs/commands.md is what the program says of itself today."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_of_commands_is_up_to_date() -> None:
    done = subprocess.run([sys.executable, ROOT / ".ci" / "docs.py", "--check"], capture_output=True, check=False)

    assert done.returncode == 0, "run `make docs`"
