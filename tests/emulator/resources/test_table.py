"""The tables of routes, jobs and includable parts: complete, without a name twice."""

import re
from collections import Counter
from pathlib import Path

from creditctl.emulator.resources.table import INCLUDABLE, JOBS, ROUTES
from creditctl.emulator.storage.object_types import KINDS

PACKAGE = Path(__file__).resolve().parents[3] / "creditctl" / "emulator"
SCHEDULED = re.compile(r'\bschedule\(.*?, "(\w+)",')
CANCELLED = re.compile(r'\bcancel_job\("(\w+)"')


def test_every_job_that_is_scheduled_has_a_function_and_the_other_way_round() -> None:
    source = "".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    scheduled = set(SCHEDULED.findall(source))

    assert scheduled == set(JOBS)
    assert set(CANCELLED.findall(source)) <= scheduled


def test_no_route_is_there_twice() -> None:
    routes = Counter((route.method, re.sub(r"{\w+}", "*", route.pattern)) for route in ROUTES)

    assert [route for route, times in routes.items() if times > 1] == []


def test_includable_parts_belong_to_kinds_that_exist() -> None:
    assert {kind for kind, _ in INCLUDABLE} <= {*KINDS, "item"}
