"""Finds, in the source, every place that gives an error, a finding or a check its code."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from creditctl.core import errors
from creditctl.core.errors import CreditctlError, ExitCode
from creditctl.core.findings import Severity

PACKAGE = Path(__file__).resolve().parents[2] / "creditctl"
DOTTED = re.compile(r"[a-z][a-z_]*(?:\.[a-z0-9_]+)+")
_FILE_NAME = re.compile(r"\.(?:db|html|css|log|toml|json|jsonl|py|csv|example)$")
_EXTENDED_ATTRIBUTE = re.compile(r"system\.posix_acl_\w+")
"""Names of Linux for what a file carries besides its text: dotted, and no codes."""

_BELOW = {"finding": "env.", "classified": "reconcile.", "for_person": "reconcile.", "Violation": "ledger."}
"""Functions that put a prefix before the code that they are given."""
_FINDINGS = {"Finding", "Violation", "finding", "classified", "for_person"}
_CHECKS = {"Check", "RuleGroup", "CheckResult", "_must_refuse", "_no_answer"}


@dataclass(frozen=True)
class Place:
    """One place of a code.

    Shape: `kind` is error, finding, check or name (a text that is a code, used in a way that says no more);
           `exits` and `severities` are what the place gives it, empty where the place alone does not say.
    """

    code: str
    kind: str
    where: str
    exits: frozenset[ExitCode] = frozenset()
    severities: frozenset[Severity] = frozenset()


def sources() -> dict[Path, ast.Module]:
    """Every module but the emulator's, whose errors are Stripe's own."""
    paths = (path for path in sorted(PACKAGE.rglob("*.py")) if not path.is_relative_to(PACKAGE / "emulator"))
    return {path: parsed(path) for path in paths}


@functools.cache
def parsed(path: Path) -> ast.Module:
    """A module of the source or of the tests as a syntax tree: parsed once for all who ask in one process."""
    return ast.parse(path.read_text())


@functools.cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """All nodes of a module, as `ast.walk` gives them."""
    return tuple(ast.walk(parsed(path)))


@functools.cache
def places(groups: frozenset[str]) -> tuple[Place, ...]:
    """Every place of every code. Shape: `groups` are the first parts by which a bare text is known to be a code."""
    modules = sources()
    exits = _exit_codes(modules)
    read = (_Reader(path, groups, exits).read(module) for path, module in modules.items())
    return tuple(place for found in read for place in found)


def families() -> set[str]:
    """The prefixes of error codes that are composed when the error happens: `stripe.` in `code=f"stripe.{…}"`."""
    return {
        str(first.value)
        for path in sources()
        for node in nodes(path)
        if isinstance(node, ast.keyword) and node.arg == "code" and isinstance(node.value, ast.JoinedStr)
        if isinstance(first := node.value.values[0], ast.Constant)
    }


class _Reader:
    """Reads one module; knows the class and the function in which a call stands."""

    def __init__(self, path: Path, groups: frozenset[str], exits: dict[str, ExitCode]) -> None:
        self.path, self.groups, self.exits = path, groups, exits
        self.in_env = path.is_relative_to(PACKAGE / "checks" / "env")

    def read(self, module: ast.Module) -> Iterator[Place]:
        yield from self._below(module, "", module)

    def _below(self, node: ast.AST, owner: str, function: ast.AST) -> Iterator[Place]:
        for child in ast.iter_child_nodes(node):
            inner_owner = child.name if isinstance(child, ast.ClassDef) else owner
            inner = child if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) else function
            if isinstance(child, ast.Call):
                yield from self._call(child, owner, function)
            elif isinstance(child, ast.Dict):
                yield from self._table(child)
            elif isinstance(child, ast.Constant):
                yield from self._text(child)
            yield from self._below(child, inner_owner, inner)

    def _call(self, call: ast.Call, owner: str, function: ast.AST) -> Iterator[Place]:
        name = _name(call.func)
        for keyword in call.keywords:
            if keyword.arg == "code":
                known = self.exits.get(owner if name == "__init__" else name)
                for code in _texts(keyword.value):
                    yield self._place(code, "error", call, exits=frozenset({known} if known is not None else ()))
        codes = _texts(call.args[0]) if call.args else []
        if call.args and isinstance(call.args[0], ast.Name) and call.args[0].id == "code":
            codes = [text for value in _assigned("code", call, function) for text in _texts(value)]
        severities = _severities(call, function)
        for code in codes:
            if name in _FINDINGS or severities:
                yield self._place(self._prefix(name, code) + code, "finding", call, severities=severities)
            elif name in _CHECKS and DOTTED.fullmatch(code):
                yield self._place(code, "check", call)

    def _prefix(self, name: str, code: str) -> str:
        if self.path.name == "online.py" and name == "add":
            return "env.online."
        return "" if name == "finding" and not self.in_env else _BELOW.get(name, "")

    def _table(self, table: ast.Dict) -> Iterator[Place]:
        """A table of severities by the short names of reconciliation."""
        for key, value in zip(table.keys, table.values, strict=True):
            found = _severity(value)
            if isinstance(key, ast.Constant) and isinstance(key.value, str) and found:
                yield self._place(f"reconcile.{key.value}", "finding", value, severities=frozenset(found))

    def _text(self, text: ast.Constant) -> Iterator[Place]:
        value = text.value
        if not isinstance(value, str) or not DOTTED.fullmatch(value) or _FILE_NAME.search(value):
            return
        if value.partition(".")[0] in self.groups and not _EXTENDED_ATTRIBUTE.fullmatch(value):
            yield self._place(value, "name", text)

    def _place(
        self,
        code: str,
        kind: str,
        node: ast.expr,
        *,
        exits: frozenset[ExitCode] = frozenset(),
        severities: frozenset[Severity] = frozenset(),
    ) -> Place:
        where = f"{self.path.relative_to(PACKAGE.parent)}:{node.lineno}"
        if kind == "name" and self.in_env and not code.startswith(("env.", "file.unreadable")):
            code = f"env.{code}"
        return Place(code, kind, where, exits, severities)


def _exit_codes(paths: Iterable[Path]) -> dict[str, ExitCode]:
    """The exit code of each error class by its name, those that rooms derive for themselves included."""
    found = {
        name: each.exit_code
        for name, each in vars(errors).items()
        if isinstance(each, type) and issubclass(each, CreditctlError)
    }
    for path in paths:
        for node in nodes(path):
            if isinstance(node, ast.ClassDef) and node.bases and _name(node.bases[0]) in found:
                own = [
                    each for each in node.body if isinstance(each, ast.Assign) and _name(each.targets[0]) == "exit_code"
                ]
                found[node.name] = ExitCode[_name(own[0].value)] if own else found[_name(node.bases[0])]
    return found


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _texts(node: ast.expr) -> list[str]:
    """The texts that an expression may be: one, or the two of a condition."""
    if isinstance(node, ast.IfExp):
        return [*_texts(node.body), *_texts(node.orelse)]
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def _severities(call: ast.Call, function: ast.AST) -> frozenset[Severity]:
    """The severities that a call gives: said in it, or assigned before to the variable that it names."""
    found: set[Severity] = set()
    for argument in [*call.args[1:], *(keyword.value for keyword in call.keywords)]:
        found |= set(_severity(argument))
        if isinstance(argument, ast.Name) and argument.id == "severity":
            found |= {each for value in _assigned("severity", call, function) for each in _severity(value)}
    return frozenset(found)


def _assigned(name: str, call: ast.Call, function: ast.AST) -> list[ast.expr]:
    """What a variable may hold at a call: the assignments of the innermost block around it that has some."""
    for block in reversed(list(_blocks(function, call))):
        before = [statement for statement in block if not _holds(statement, call)]
        nodes = [node for statement in before for node in ast.walk(statement) if isinstance(node, ast.Assign)]
        values = [node.value for node in nodes if any(_name(target) == name for target in node.targets)]
        if values:
            return values
    return []


def _blocks(node: ast.AST, call: ast.Call) -> Iterator[list[ast.stmt]]:
    """The lists of statements around a call, outermost first."""
    for field in ("body", "orelse", "finalbody", "handlers"):
        block = getattr(node, field, [])
        for statement in block if isinstance(block, list) else []:
            if _holds(statement, call):
                yield block
                yield from _blocks(statement, call)


def _holds(node: ast.AST, call: ast.Call) -> bool:
    return any(inner is call for inner in ast.walk(node))


def _severity(node: ast.expr) -> list[Severity]:
    if isinstance(node, ast.IfExp):
        return [*_severity(node.body), *_severity(node.orelse)]
    if isinstance(node, ast.Attribute) and _name(node.value) == "Severity":
        return [Severity[node.attr]]
    return []
