"""The data files say what the installed SDK's types say."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_the_data_files_agree_with_the_installed_sdk() -> None:
    done = subprocess.run([sys.executable, ROOT / ".ci" / "sdk_shapes.py", "--check"], capture_output=True, check=False)

    assert done.returncode == 0, "run `make docs`"
