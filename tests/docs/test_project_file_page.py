"""docs/creditctl-toml.md: its examples are taken as they stand, and every section that is acted on is in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from creditctl.core.catalog import catalog_of_project
from creditctl.core.project_file.project import PROJECT_KEYS, parse_project_file

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "creditctl-toml.md").read_text()
EXAMPLES = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.M | re.S)


@pytest.mark.parametrize("text", EXAMPLES, ids=lambda text: text.splitlines()[0])
def test_every_example_is_taken(text: str) -> None:
    catalog_of_project(parse_project_file(text, path=Path("creditctl.toml")))


def test_every_key_that_is_acted_on_is_on_the_page() -> None:
    assert {key for key in PROJECT_KEYS if not re.search(rf"\b{key}\b", "".join(EXAMPLES))} == set()
