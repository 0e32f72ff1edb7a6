"""What tests and fixtures take and give has a type, so that editors complete it and mypy sees the tests."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.source_codes import nodes, parsed

TESTS = Path(__file__).resolve().parents[1]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def is_fixture(node: Function) -> bool:
    return any("fixture" in ast.unparse(decorator) for decorator in node.decorator_list)


def untyped(path: Path) -> Iterator[str]:
    """Parameters of tests and fixtures that are `Any`, and fixtures that return it."""
    for node in nodes(path):
        if not isinstance(node, Function) or not (node.name.startswith("test_") or is_fixture(node)):
            continue
        for argument in [*node.args.args, *node.args.kwonlyargs]:
            if argument.annotation is not None and ast.unparse(argument.annotation) == "Any":
                yield f"{path.relative_to(TESTS)}:{argument.lineno} {node.name}({argument.arg})"
        if node.returns is not None and ast.unparse(node.returns) in ("Any", "Iterator[Any]"):
            yield f"{path.relative_to(TESTS)}:{node.lineno} {node.name} -> Any"


def stands_for_any(path: Path) -> Iterator[str]:
    """Names of a module that are another word for `Any`, under which no rule would see it."""
    for node in parsed(path).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.value) == "Any":
            yield f"{path.relative_to(TESTS)}:{node.lineno} {ast.unparse(node)}"


def folders() -> list[Path]:
    return sorted({path.parent for path in TESTS.rglob("*.py")})


@pytest.mark.parametrize("room", folders(), ids=lambda room: room.name)
def test_no_fixture_and_no_test_says_any(room: Path) -> None:
    assert [found for path in sorted(room.glob("*.py")) for found in [*untyped(path), *stands_for_any(path)]] == []


def test_mypy_reads_every_room() -> None:
    config = tomllib.loads((TESTS.parent / "pyproject.toml").read_text())["tool"]["mypy"]

    assert config["files"] == ["creditctl", "tests"]
    assert [rule["module"] for rule in config["overrides"] if rule.keys() & {"ignore_errors", "follow_imports"}] == []
    assert not config.keys() & {"exclude", "ignore_errors"}
