"""The rules of the house, as tests: a rule that nobody checks is a wish."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.source_codes import nodes, parsed

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "creditctl"
SOURCES = sorted(PACKAGE.rglob("*.py"))
LONGEST_FUNCTION_LINES = 45
MEDIAN_FUNCTION_LINES = 10
NINE_IN_TEN_FUNCTIONS_LINES = 20
LONGEST_FILE_LINES = 300
FEWEST_IN_A_FOLDER = 3
MOST_MODULES_IN_A_FOLDER = 22


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in nodes(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_every_module_says_in_a_docstring_what_it_is_for() -> None:
    silent = [str(path.relative_to(ROOT)) for path in SOURCES if not ast.get_docstring(parsed(path))]

    assert silent == []


def test_every_public_function_and_class_has_a_docstring() -> None:
    silent = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in SOURCES
        for node in parsed(path).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]

    assert silent == []


def test_functions_are_short() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": length(node)
        for path in SOURCES
        for node in functions(path)
    }
    lengths = sorted(found.values())

    assert statistics.median(lengths) <= MEDIAN_FUNCTION_LINES
    assert lengths[int(len(lengths) * 0.9)] <= NINE_IN_TEN_FUNCTIONS_LINES
    assert {name: lines for name, lines in found.items() if lines > LONGEST_FUNCTION_LINES} == {}


def test_files_are_short() -> None:
    long = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in SOURCES}

    assert {name: lines for name, lines in long.items() if lines > LONGEST_FILE_LINES} == {}


def test_a_folder_holds_a_family() -> None:
    """Three modules or folders make a folder, and about twenty modules are the most that somebody can survey."""
    wrong = {}
    for folder in (path.parent for path in SOURCES if path.name == "__init__.py"):
        modules = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
        inner = list(folder.glob("*/__init__.py"))
        if len(modules) + len(inner) < FEWEST_IN_A_FOLDER or len(modules) > MOST_MODULES_IN_A_FOLDER:
            wrong[str(folder.relative_to(ROOT))] = (len(modules), len(inner))

    assert wrong == {}


def test_no_two_classes_share_a_name() -> None:
    homes: dict[str, list[str]] = {}
    for path in SOURCES:
        for node in nodes(path):
            if isinstance(node, ast.ClassDef):
                homes.setdefault(node.name, []).append(f"{path.relative_to(ROOT)}:{node.lineno}")

    assert {name: places for name, places in homes.items() if len(places) > 1} == {}


@pytest.mark.parametrize("pattern", [r"mock\.patch", r"monkeypatch\.setattr\(", r"except:\s*$", r"\bTODO\b|\bFIXME\b"])
def test_banned_shortcuts_are_absent(pattern: str) -> None:
    here = Path(__file__)
    hits = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in [*SOURCES, *sorted((ROOT / "tests").rglob("*.py"))]
        if path != here
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(pattern, line)
    ]

    assert hits == []


IN_TESTS_ONCE = [
    (r"^class \w+\(.*HTTPClient\b.*\):", "support/scripted_stripe.py"),
    (r"\b1_790_000_000\b", "support/clock.py"),
    (r"sk_test_emulator0+\b", "support/keys.py"),
    (r"^class \w*Clock\b(?!\(Clock\))", "support/clock.py"),
    (r"^def free_port\b", "support/ports.py"),
    (r"^def client_at\b", "support/sdk_clients.py"),
]
"""What tests share, and where it is: the SDK's HTTP client, the test clock and its moment, the emulator's key."""


@pytest.mark.parametrize(("pattern", "home"), IN_TESTS_ONCE, ids=[home for _, home in IN_TESTS_ONCE])
def test_what_tests_share_is_written_once(pattern: str, home: str) -> None:
    tests = ROOT / "tests"
    paths = [path for path in sorted(tests.rglob("*.py")) if path != Path(__file__)]
    found = {str(path.relative_to(tests)) for path in paths if re.search(pattern, path.read_text(), re.MULTILINE)}

    assert found == {home}


def test_nothing_that_looks_like_a_live_key_is_in_the_tree() -> None:
    pattern = re.compile(r"(?:sk|rk)_live_[A-Za-z0-9]{16,}")
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    names = [name for name in tracked.stdout.split("\0") if name] or [str(path) for path in SOURCES]
    hits = [name for name in names if pattern.search((ROOT / name).read_text(errors="ignore"))]

    assert hits == []


def test_clock_and_randomness_are_read_only_where_real_things_are_built() -> None:
    allowed = {"cli/wiring.py", "cli/local/local_stack.py"}
    clock = re.compile(r"\btime\.time\(\)|datetime\.now\(|datetime\.utcnow\(|date\.today\(\)")
    hits = [
        f"{path.relative_to(PACKAGE)}:{number}"
        for path in SOURCES
        if str(path.relative_to(PACKAGE)) not in allowed and not path.is_relative_to(PACKAGE / "emulator")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if clock.search(line)
    ]

    assert hits == []


HEAVY = (
    "stripe",
    "sqlite_utils",
    "sqlite3",
    "uvicorn",
    "fastapi",
    "starlette",
    "httpx",
    "jinja2",
    "requests",
    "dotenv",
    "rich",
)
FRAME = {"app", "command_line", "console", "output", "prose", "wiring"}
"""What the root's own help may load of `creditctl.cli`: no command, and nothing that only commands need."""


@pytest.mark.parametrize("arguments", [["--help"], ["setup", "--help"], ["packages", "--help"], ["--version"]])
def test_help_loads_neither_stripe_nor_a_database_nor_a_server(arguments: list[str]) -> None:
    program = (
        "import sys; from creditctl.cli.app import run; code = run(sys.argv[1:]); "
        f"loaded = sorted(set({HEAVY!r}) & set(sys.modules)); sys.stderr.write(repr(loaded)); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)

    assert done.returncode == 0
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_the_roots_help_and_version_load_no_command(arguments: list[str]) -> None:
    assert loaded_rooms(arguments) <= FRAME


def test_the_help_of_a_group_loads_its_table_and_no_command() -> None:
    assert loaded_rooms(["ledger", "--help"]) <= FRAME | {"ledger"}
    assert loaded_modules(["ledger", "--help"], "creditctl.cli.ledger.") == {"creditctl.cli.ledger.table"}


def test_a_plain_answer_loads_no_rich() -> None:
    assert loaded_modules(["packages"], "rich") == set()


def loaded_rooms(arguments: list[str]) -> set[str]:
    return {name.split(".")[2] for name in loaded_modules(arguments, "creditctl.cli.")}


def loaded_modules(arguments: list[str], beginning: str) -> set[str]:
    program = (
        "import sys; from creditctl.cli.app import run; code = run(sys.argv[1:]); "
        "sys.stderr.write('\\n'.join(sys.modules)); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True)
    return {name for name in done.stderr.splitlines() if name.startswith(beginning)}
