"""ARCHITECTURE.md and CONTRIBUTING.md name nothing that is not there: files, functions, words of the code, commands."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

from tests.docs.test_readme import ALL

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "creditctl"
PAGES = ("ARCHITECTURE.md", "CONTRIBUTING.md")
PATH = re.compile(r"[\w.{},*/-]+(?:/|\.(?:py|toml|md|sql|yaml|html))")
WALK = re.compile(r"(?P<path>[\w./-]+\.py):(?P<name>\w+(?:\.\w+)*)")
THEIRS = ("creditctl.toml",)
"""Files of the reader's own project, which this one does not have."""
WORD = re.compile(r"[A-Za-z_][\w.]*(?:\(\))?")


def quoted(page: str) -> list[str]:
    """Everything in backticks, but not the examples in fenced blocks: those show what is not there any more."""
    text = re.sub(r"^```.*?^```$", "", (ROOT / page).read_text(), flags=re.M | re.S)
    return sorted(set(re.findall(r"`([^`\n]+)`", text)))


NAMED = [(page, name) for page in PAGES for name in quoted(page)]


def found_path(name: str) -> bool:
    """Whether a path exists, from the root or from the package; `NAME` and the like stand for a name of one's own."""
    pattern = re.sub(r"\b[A-Z]{2,}(?=[_./]|$)", "*", name).rstrip("/") if not (ROOT / name).exists() else name
    return any(base.glob(pattern) and any(True for _ in base.glob(pattern)) for base in (ROOT, PACKAGE))


def is_path(name: str) -> bool:
    return PATH.fullmatch(name) is not None and name not in THEIRS


def defines(path: Path, name: str) -> bool:
    """Whether a module has a function, class, method or constant of that dotted name."""
    body: list[ast.stmt] = ast.parse(path.read_text()).body
    for part in name.split("."):
        inner = next((node for node in body if part in _names(node)), None)
        if inner is None:
            return False
        body = getattr(inner, "body", [])
    return True


def _names(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return {target.id for target in targets if isinstance(target, ast.Name)}


@functools.cache
def words() -> frozenset[str]:
    """Every word of the source, of the tests and of the files that steer them."""
    files = [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.toml"), *(ROOT / "tests").rglob("*.py")]
    files += [ROOT / "Makefile", ROOT / "pyproject.toml", ROOT / ".env.example", ROOT / ".pre-commit-config.yaml"]
    return frozenset(word for file in files for word in re.findall(r"\w+", file.read_text()))


@pytest.mark.parametrize(("page", "name"), [each for each in NAMED if WALK.fullmatch(each[1])])
def test_every_function_that_a_page_names_is_in_its_file(page: str, name: str) -> None:
    match = WALK.fullmatch(name)
    assert match is not None
    path = next((base / match["path"] for base in (PACKAGE, ROOT) if (base / match["path"]).is_file()), None)

    assert path is not None, f"{page} names {name}: there is no such file"
    assert defines(path, match["name"]), f"{page} names {name}: the file has no such function, class or constant"


@pytest.mark.parametrize(("page", "name"), [each for each in NAMED if is_path(each[1])])
def test_every_path_that_a_page_names_exists(page: str, name: str) -> None:
    assert found_path(name), f"{page} names {name}"


@pytest.mark.parametrize(
    ("page", "name"), [each for each in NAMED if WORD.fullmatch(each[1]) and not PATH.fullmatch(each[1])]
)
def test_every_word_of_the_code_that_a_page_names_is_in_the_code(page: str, name: str) -> None:
    assert set(re.findall(r"\w+", name)) <= words(), f"{page} names {name}"


@pytest.mark.parametrize("page", PAGES)
def test_every_command_and_make_target_of_a_page_exists(page: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    made = {name.split()[1] for name in quoted(page) if name.startswith("make ")}
    called = {tuple(name.split()[1:2]) for name in quoted(page) if re.match(r"creditctl [a-z]", name)}

    assert made <= targets
    assert called <= {path[:1] for path in ALL}


def test_the_tree_of_the_architecture_names_every_room_as_the_readme_does() -> None:
    trees = [
        dict(re.findall(r"^  ([a-z_]+)/ +(.+)$", (ROOT / page).read_text(), re.M)) for page in ("README.md", PAGES[0])
    ]

    assert trees[0].keys() == trees[1].keys()


def test_the_layers_of_the_architecture_are_those_of_the_contracts() -> None:
    contracts = (ROOT / "pyproject.toml").read_text()
    layers = re.search(r"^layers = \[\n(.*?)^\]", contracts, re.M | re.S)
    assert layers is not None
    floors = [re.findall(r"creditctl\.(\w+)", line) for line in layers[1].splitlines()]
    drawn = re.search(r"^```layers?\n(.*?)^```", (ROOT / PAGES[0]).read_text(), re.M | re.S)
    assert drawn is not None

    assert [re.findall(r"[a-z_]+", line) for line in drawn[1].splitlines()] == floors
