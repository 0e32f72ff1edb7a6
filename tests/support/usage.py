"""What a test reaches beyond this process: found by reading the code of the test and of its fixtures.

A name counts where the code mentions it, directly or in a function or class of the tests that it uses.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType, ModuleType

import pytest

OUTSIDE: tuple[object, ...] = (subprocess, subprocess.Popen, subprocess.run, multiprocessing, os.fork, os.posix_spawn)
"""What starts a process; databases and the official CLI are processes too, a browser is started by its own library."""

_HARMLESS: dict[int, object] = {}


def reaches_outside(item: pytest.Item) -> bool:
    """Whether the test or one of its fixtures may start a process."""
    if not isinstance(item, pytest.Function):
        return False
    if "browser" in item.fixturenames:
        return True
    fixtures = [fixture.func for named in item._fixtureinfo.name2fixturedefs.values() for fixture in named]
    return any(_starts_processes(function) for function in [item.function, *fixtures])


def _starts_processes(thing: object) -> bool:
    """Whether anything that it leads to starts a process; what leads nowhere is remembered, so each is read once."""
    seen: dict[int, object] = {}
    if _search(thing, seen):
        return True
    _HARMLESS.update(seen)
    return False


def _search(thing: object, seen: dict[int, object]) -> bool:
    if id(thing) in _HARMLESS or id(thing) in seen:
        return False
    seen[id(thing)] = thing
    return any(thing is one for one in OUTSIDE) or any(_search(used, seen) for used in _used_by(thing))


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
