"""What is handed on as a source package is what the repository holds."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOT_HANDED_ON = {".gitignore", ".github", "pyproject.toml"}
"""Of git alone; the build always adds pyproject.toml itself. The changelog below .github is named on its own."""


def test_every_file_at_the_top_goes_into_the_source_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    included = set(project["tool"]["hatch"]["build"]["targets"]["sdist"]["include"])
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    at_the_top = {name.partition("/")[0] for name in tracked.splitlines()}

    assert at_the_top - NOT_HANDED_ON - included == set()
    assert (ROOT / ".github" / "CHANGELOG.md").exists()
    assert ".github/CHANGELOG.md" in included
