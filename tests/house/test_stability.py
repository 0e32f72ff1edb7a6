"""What makes a test fail by chance, as far as its text tells: limits that a busy machine passes, examples by time."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.support.source_codes import nodes

ROOT = Path(__file__).resolve().parents[2]
TESTS = [path for path in sorted((ROOT / "tests").rglob("*.py")) if not {"bench", "parity"} & set(path.parts)]
_OF_HTTPX = re.compile(r"httpx\.(get|post|put|patch|delete|request|stream|Client|AsyncClient)")
_SPEED_JUDGED = re.compile(r"suppress_health_check=\[(?!.*too_slow)")


def test_limits_grow_with_the_load() -> None:
    """httpx gives up after five seconds where nothing is said; `tests/support/waiting.py` has the limits that grow."""
    hits = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in TESTS
        for call in nodes(path)
        if isinstance(call, ast.Call) and _is_bare(call)
    ]

    assert hits == []


def _is_bare(call: ast.Call) -> bool:
    """Whether a limit is a bare number, or there is none where httpx has one of its own."""
    words = {word.arg: word.value for word in call.keywords}
    limit = words.get("timeout")
    if isinstance(limit, ast.Constant) and limit.value:
        return True
    return limit is None and "transport" not in words and _OF_HTTPX.fullmatch(ast.unparse(call.func)) is not None


def test_examples_are_never_judged_by_their_speed() -> None:
    """A list of health checks replaces that of the profile, in which `too_slow` stands."""
    hits = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in TESTS
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if path != Path(__file__) and _SPEED_JUDGED.search(line)
    ]

    assert hits == []
