"""Writes what the emulator knows of Stripe's API from the types of the installed stripe-python.

Usage: python .ci/sdk_shapes.py [--check]
Four data files in `creditctl/emulator/documented/`: which fields can be expanded, which endpoints there are, which
parameters the emulated ones have, and which API versions there were. With --check nothing is written, and the exit
code is 1 when a file is out of date.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import stripe

from creditctl.emulator.resources.table import ROUTES

SDK = Path(stripe.__file__).parent
FOLDER = Path(__file__).resolve().parent.parent / "creditctl" / "emulator" / "documented"
HEADING = "# Made by .ci/sdk_shapes.py from the types of stripe-python; edit nothing here.\n"
PAGING = frozenset({"ending_before", "expand", "limit", "starting_after", "page"})
Shape = dict[str, Any]


def main(arguments: list[str]) -> int:
    """Writes the files, or compares them."""
    services = list(service_calls())
    texts = {
        FOLDER / "expandable_fields.txt": HEADING + "".join(expandable_lines()),
        FOLDER / "endpoints.txt": HEADING + "".join(endpoint_lines(services)),
        FOLDER / "parameters.json": parameters_text(services),
        FOLDER / "api_versions.txt": HEADING + "".join(version_lines()),
    }
    if "--check" in arguments:
        return 0 if all(path.exists() and path.read_text() == text for path, text in texts.items()) else 1
    FOLDER.mkdir(exist_ok=True)
    for path, text in texts.items():
        path.write_text(text)
    return 0


def sources(folder: Path, pattern: str) -> Iterator[tuple[Path, ast.Module]]:
    """The modules of the SDK that match, parsed."""
    for path in sorted(folder.rglob(pattern)):
        yield path, ast.parse(path.read_text())


def classes(body: Iterable[ast.stmt]) -> Iterator[ast.ClassDef]:
    """The classes among statements."""
    return (node for node in body if isinstance(node, ast.ClassDef))


def annotations(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr]]:
    """The annotated fields of a class, a field that had to be renamed for Python under its name on the wire."""
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            yield statement.target.id.removesuffix("_"), statement.annotation


def words(node: ast.expr) -> Iterator[str]:
    """Every name in an annotation, those inside its strings included, literal values not."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield from words(ast.parse(node.value, mode="eval").body)
    elif isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute):
        yield node.attr
    elif not (isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Literal"):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                yield from words(child)


# which versions there were


def version_lines() -> Iterator[str]:
    """The API versions that an endpoint may be pinned to, oldest first."""
    text = (SDK / "params" / "_webhook_endpoint_create_params.py").read_text()
    found = re.findall(r'"(20[0-9]{2}-[01][0-9]-[0-3][0-9](?:\.[a-z]+)?)"', text)
    yield from (f"{version}\n" for version in sorted(set(found)))


# what can be expanded


def expandable_lines() -> Iterator[str]:
    """One line an object: its `object` value, then each expandable field by its path in that object."""
    found: dict[str, set[str]] = {}
    for _, module in sources(SDK, "_*.py"):
        objects = imported_objects(module) | {"ExpandableField"}
        for node in classes(module.body):
            name = object_name(node)
            if name and not name.startswith("v2."):
                found.setdefault(name, set()).update(expandable_paths(node, objects))
    return (f"{name} {' '.join(sorted(paths))}\n" for name, paths in sorted(found.items()) if paths)


def object_name(node: ast.ClassDef) -> str | None:
    """The value of OBJECT_NAME."""
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and ast.unparse(statement.target) == "OBJECT_NAME":
            return str(ast.literal_eval(statement.value)) if statement.value else None
    return None


def imported_objects(module: ast.Module) -> set[str]:
    """The classes of other objects that a module refers to: fields of their types hold a whole object, or null."""
    imports = (node for node in ast.walk(module) if isinstance(node, ast.ImportFrom) and node.col_offset > 0)
    named = {name.asname or name.name for node in imports for name in node.names}
    return {name for name in named if not name.endswith("Params")} - {"ListObject"}


def expandable_paths(node: ast.ClassDef, objects: set[str]) -> Iterator[str]:
    """The expandable fields of a class and of the classes inside it, which are plain parts of its object."""
    inner = {child.name: child for child in classes(node.body)}
    for name, annotation in annotations(node):
        found = list(words(annotation))
        if objects.intersection(found) - set(inner):
            yield name
            continue
        for part in found:
            if part in inner:
                yield from (f"{name}.{path}" for path in expandable_paths(inner[part], objects))


# which calls there are


class Call:
    """One call of the SDK: method, path, the module and class of its parameters, what it returns."""

    def __init__(self, function: ast.FunctionDef, module: Path, imported: dict[str, Path]) -> None:
        request = next(node for node in ast.walk(function) if is_request(node))
        self.method = str(ast.literal_eval(request.args[0])).upper()
        self.path = path_of(request.args[1])
        self.returns = ast.unparse(function.returns) if function.returns else ""
        arguments = [*function.args.args, *function.args.posonlyargs]
        annotation = next((item.annotation for item in arguments if item.arg == "params"), None)
        named = [word for word in words(annotation) if word.endswith("Params")] if annotation else []
        self.params = named[0] if named else None
        self.module = imported.get(named[0], module) if named else module


def is_request(node: ast.AST) -> bool:
    """Whether this is the call that sends a request."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "_request"


def path_of(node: ast.expr) -> str:
    """The path of a request, with its placeholders."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        node = node.func.value
    return str(ast.literal_eval(node))


def service_calls() -> Iterator[Call]:
    """Every call of every service, of v1 and of v2."""
    for path, module in sources(SDK, "*_service.py"):
        imported = dict(parameter_modules(module))
        for service in classes(module.body):
            for function in service.body:
                if isinstance(function, ast.FunctionDef) and any(map(is_request, ast.walk(function))):
                    yield Call(function, path, imported)


def parameter_modules(module: ast.Module) -> Iterator[tuple[str, Path]]:
    """Where the parameter classes that a service imports stand."""
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("stripe.params."):
            path = SDK.joinpath(*node.module.split(".")[1:]).with_suffix(".py")
            yield from ((name.name, path) for name in node.names)


def endpoint_lines(calls: list[Call]) -> Iterator[str]:
    """One line an endpoint: method, path, what it answers (list, search or one), the filters of a list."""
    lines = set()
    for call in calls:
        if not call.path.startswith(("/v1/", "/v2/")):
            continue
        answers = "list" if "ListObject" in call.returns else "search" if "SearchResult" in call.returns else "one"
        filters = sorted(set(parameter_shape(call)) - PAGING) if answers != "one" else []
        lines.add(" ".join([call.method, call.path, answers, *filters]) + "\n")
    return iter(sorted(lines))


# which parameters they have


def parameter_shape(call: Call) -> Shape:
    """The parameters of a call as nested hashes; `*` is any key of a map, items of lists stand for their list."""
    if call.params is None:
        return {}
    known = parameter_classes(call.module)
    return class_shape(known, call.params)


_CLASSES: dict[Path, dict[str, ast.ClassDef]] = {}


def parameter_classes(path: Path) -> dict[str, ast.ClassDef]:
    """The classes of a module of parameters."""
    if path not in _CLASSES:
        _CLASSES[path] = {node.name: node for node in classes(ast.parse(path.read_text()).body)}
    return _CLASSES[path]


def class_shape(known: dict[str, ast.ClassDef], name: str) -> Shape:
    """The fields of one class of parameters."""
    return {field: field_shape(known, annotation) for field, annotation in annotations(known[name])}


def field_shape(known: dict[str, ast.ClassDef], annotation: ast.expr) -> Shape:
    """What one field holds: nothing further for a plain value."""
    found = list(words(annotation))
    shape: Shape = {}
    for word in found:
        if word in known:
            shape |= class_shape(known, word)
    return {"*": shape} if "Dict" in found else shape


def parameters_text(calls: list[Call]) -> str:
    """The parameters of the emulated endpoints, one line each, by method and path with ids as `*`."""
    emulated = {(route.method, star(route.pattern)) for route in ROUTES}
    shapes: dict[str, Shape] = {}
    for call in calls:
        if (call.method, star(call.path)) in emulated:
            shapes.setdefault(f"{call.method} {star(call.path)}", {}).update(parameter_shape(call))
    lines = (f"{json.dumps(name)}: {json.dumps(shape, sort_keys=True)}" for name, shape in sorted(shapes.items()))
    return "{\n" + ",\n".join(lines) + "\n}\n"


def star(path: str) -> str:
    """A path whose ids are `*`."""
    return "/".join("*" if part.startswith("{") else part for part in path.split("/"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
