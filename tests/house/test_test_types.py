"""What tests and fixtures take and give has a type, so that editors complete it and mypy sees the tests."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
UNTYPED_ROOMS = {"emulator", "ledger", "sources", "trace"}
"""Rooms whose fixtures are not typed yet; the goal is none."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def is_fixture(node: Function) -> bool:
    return any("fixture" in ast.unparse(decorator) for decorator in node.decorator_list)


def untyped(path: Path) -> Iterator[str]:
    """Parameters of tests and fixtures that are `Any`, and fixtures that return it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, Function) or not (node.name.startswith("test_") or is_fixture(node)):
            continue
        for argument in [*node.args.args, *node.args.kwonlyargs]:
            if argument.annotation is not None and ast.unparse(argument.annotation) == "Any":
                yield f"{path.relative_to(TESTS)}:{argument.lineno} {node.name}({argument.arg})"
        if node.returns is not None and ast.unparse(node.returns) in ("Any", "Iterator[Any]"):
            yield f"{path.relative_to(TESTS)}:{node.lineno} {node.name} -> Any"


def typed_folders() -> list[Path]:
    folders = {path.parent for path in TESTS.rglob("*.py")}
    return sorted(folder for folder in folders if not UNTYPED_ROOMS & set(folder.relative_to(TESTS).parts[:1]))


@pytest.mark.parametrize("room", typed_folders(), ids=lambda room: room.name)
def test_no_fixture_and_no_test_says_any(room: Path) -> None:
    assert [found for path in sorted(room.glob("*.py")) for found in untyped(path)] == []


def test_mypy_leaves_out_no_room_that_is_typed() -> None:
    config = tomllib.loads((TESTS.parent / "pyproject.toml").read_text())["tool"]["mypy"]
    ignored = [module for rule in config["overrides"] if rule.get("ignore_errors") for module in rule["module"]]

    assert {module.removeprefix("tests.").removesuffix(".*") for module in ignored} <= UNTYPED_ROOMS
