"""Finds, in the source, which findings and checks print a command that writes, so that obeying it can be asked for."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator

from creditctl.core.codes import all_codes
from tests.support.source_codes import PACKAGE, Place, places, sources

WRITES = re.compile(
    r"creditctl (?:setup(?! --(?:dry-run|check))|webhooks (?:rotate|delete|register|enable|disable)"
    r"|ledger (?:adjust|resolve|import|forget|init)|events (?:replay|trigger)|reconcile --repair(?! --dry-run)"
    r"|env (?:check --fix|init))"
)


Scope = dict[str, tuple[str, ast.stmt]]
"""The module and the statement of each name that a module knows by itself or by an import from ours."""


@functools.cache
def writing_codes() -> dict[str, set[str]]:
    """The findings and checks near which a command that writes is printed, each with the commands.

    Shape: what the place of a code says itself, and what it calls in its module; of a check the function that answers
           it too, wherever that stands. Too much rather than too little.
    """
    known, scopes = all_codes(), _scopes()
    found: dict[str, set[str]] = {}
    for place in places(frozenset(info.group for info in known.values())):
        info = known.get(place.code)
        if info is not None and (info.is_check or (info.severities and place.kind == "finding")):
            found.setdefault(place.code, set()).update(_printed(place, scopes, is_check=info.is_check))
    return {code: commands for code, commands in found.items() if commands}


def _printed(place: Place, scopes: dict[str, tuple[ast.Module, Scope]], *, is_check: bool) -> Iterator[str]:
    path, _, line = place.where.partition(":")
    tree = scopes[path][0]
    start = _call_at(tree, int(line), place.code) if is_check else _around(tree, int(line))
    todo, seen = [(path, start)] if start is not None else [], set[int]()
    for home, node in todo:  # it grows: what a function calls is read too
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield from WRITES.findall(_text(node))
        inside = scopes[home][1]
        named = [inside[each.id] for each in ast.walk(node) if isinstance(each, ast.Name) and each.id in inside]
        todo += [each for each in named if each[0] == home or (is_check and home == path)]


def _scopes() -> dict[str, tuple[ast.Module, Scope]]:
    """The modules by path, each with the names that it knows."""
    trees = {str(path.relative_to(PACKAGE.parent)): tree for path, tree in sources().items()}
    own = {path: {name: (path, node) for name, node in _defined(tree)} for path, tree in trees.items()}
    return {path: (tree, {**_imported(tree, own), **own[path]}) for path, tree in trees.items()}


def _defined(module: ast.Module) -> Iterator[tuple[str, ast.stmt]]:
    """The functions, classes and constants of a module by name."""
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name, node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from ((target.id, node) for target in targets if isinstance(target, ast.Name))


def _imported(module: ast.Module, own: dict[str, Scope]) -> Scope:
    found: Scope = {}
    for node in module.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            there = own.get(node.module.replace(".", "/") + ".py", {})
            found |= {each.asname or each.name: there[each.name] for each in node.names if each.name in there}
    return found


def _around(module: ast.Module, line: int) -> ast.AST | None:
    return next((node for _, node in _defined(module) if node.lineno <= line <= (node.end_lineno or line)), None)


def _call_at(module: ast.Module, line: int, code: str) -> ast.AST | None:
    """The call that makes a check: the innermost one around its code."""
    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call)]
    around = [node for node in calls if any(_is(each, code, line) for each in node.args)]
    return around[-1] if around else None


def _is(node: ast.AST, code: str, line: int) -> bool:
    return isinstance(node, ast.Constant) and node.value == code and node.lineno - line in (0, 1)


def _text(node: ast.AST) -> str:
    """All texts below a node; what is filled in stands as a dot."""
    texts = []
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            texts.append(each.value)
        elif isinstance(each, ast.JoinedStr):
            texts.append("".join(str(part.value) if isinstance(part, ast.Constant) else "." for part in each.values))
    return "\n".join(texts)
