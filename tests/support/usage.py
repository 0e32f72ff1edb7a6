"""What a test reaches beyond this process: found by reading the code of the test and of its fixtures.

A name counts where the code mentions it, directly or in a function or class of the tests that it uses.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

import hypothesis
import pytest


class Search:
    """Looks for things that a test or one of its fixtures may use; what leads nowhere is read once."""

    def __init__(self, *wanted: object) -> None:
        self._wanted = wanted
        self._nowhere: dict[int, object] = {}

    def finds(self, item: pytest.Item) -> bool:
        """Whether the test or one of its fixtures leads to what is looked for."""
        if not isinstance(item, pytest.Function):
            return False
        fixtures = [fixture.func for named in item._fixtureinfo.name2fixturedefs.values() for fixture in named]
        return any(self._leads_there(function) for function in [item.function, *fixtures])

    def _leads_there(self, thing: object) -> bool:
        seen: dict[int, object] = {}
        if self._follow(thing, seen):
            return True
        self._nowhere.update(seen)
        return False

    def _follow(self, thing: object, seen: dict[int, object]) -> bool:
        if id(thing) in self._nowhere or id(thing) in seen:
            return False
        seen[id(thing)] = thing
        return any(thing is one for one in self._wanted) or any(self._follow(used, seen) for used in _used_by(thing))


PROCESSES = Search(subprocess, subprocess.Popen, subprocess.run, multiprocessing, os.fork, os.posix_spawn)
EXAMPLES = Search(hypothesis.given)


def starts_processes(item: pytest.Item) -> bool:
    """Whether it may start a process: databases and the official CLI are some, and a browser is one of its library."""
    return "browser" in getattr(item, "fixturenames", ()) or PROCESSES.finds(item)


def tries_examples(item: pytest.Item) -> bool:
    """Whether it is run with many examples, or runs something with many."""
    return hypothesis.is_hypothesis_test(getattr(item, "function", None)) or EXAMPLES.finds(item)


WIDE_ROOMS = {"docs", "house", "journeys"}
"""Rooms whose tests judge the whole house at once."""


def is_wide(item: pytest.Item) -> bool:
    """Whether it judges the whole house, or repeats on a port what is also tried in process."""
    room = item.path.relative_to(Path(__file__).parents[1]).parts[0]
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    return room in WIDE_ROOMS or "loopback" in parameters.values()


def _used_by(thing: object) -> Iterator[object]:
    """What a function or a class of the tests mentions."""
    inner = getattr(thing, "__wrapped__", None)
    if inner is not None:
        yield inner
    if not str(getattr(thing, "__module__", "")).startswith("tests."):
        return
    if isinstance(thing, FunctionType):
        for name in _names(thing.__code__):
            found = thing.__globals__.get(name)
            if isinstance(found, (FunctionType, ModuleType, type)):
                yield found
    elif isinstance(thing, type):
        for member in vars(thing).values():
            yield from _functions_of(member)


def _functions_of(member: object) -> Iterator[Callable[..., object]]:
    if isinstance(member, FunctionType):
        yield member
    elif isinstance(member, property) and member.fget is not None:
        yield member.fget
    elif isinstance(member, (staticmethod, classmethod)):
        yield member.__func__


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
