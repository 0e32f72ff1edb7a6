"""Limits that scale with the load: on a busy machine they last longer, and on no machine for ever."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.waiting import Deadline, busyness, exit_of, finish, patience, run_process, wait_until


class Watch:
    """A stop watch that moves when it is told to."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_no_machine_is_less_busy_than_an_idle_one() -> None:
    assert 1 <= busyness() <= 50
    assert patience(10) >= 10


def test_on_an_idle_machine_a_second_is_a_second() -> None:
    watch = Watch()
    deadline = Deadline(30, now=watch, busy=lambda: 1.0)
    watch.seconds = 29
    assert not deadline.passed
    watch.seconds = 30
    assert deadline.passed


def test_where_four_share_a_cpu_a_limit_is_four_times_as_long() -> None:
    watch = Watch()
    deadline = Deadline(30, now=watch, busy=lambda: 4.0)
    watch.seconds = 119
    assert not deadline.passed
    watch.seconds = 120
    assert deadline.passed


def test_the_load_counts_as_it_was_from_one_look_to_the_next() -> None:
    watch, load = Watch(), [10.0]
    deadline = Deadline(30, now=watch, busy=lambda: load[0])
    watch.seconds = 100
    assert not deadline.passed
    load[0] = 1.0
    watch.seconds = 119
    assert not deadline.passed
    assert deadline.left == pytest.approx(1)


def test_waiting_returns_what_the_condition_said() -> None:
    said = iter([[], None, ["there"]])

    assert wait_until(lambda: next(said), 10, every=0) == ["there"]


def test_waiting_in_vain_says_what_was_there_instead() -> None:
    with pytest.raises(AssertionError, match="nothing but rain"):
        wait_until(lambda: False, 0, otherwise=lambda: "nothing but rain")


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_process_is_run_to_its_end_with_all_that_it_said() -> None:
    done = run_process(python("import sys; print(sys.stdin.read() * 2); sys.exit('no')"), 60, stdin="ha")

    assert (done.stdout, done.stderr, done.returncode) == ("haha\n", "no\n", 1)


def test_a_process_that_does_not_end_is_killed() -> None:
    code = "import time; time.sleep(600)"
    with subprocess.Popen(python(code), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            finish(process, 0)
        assert process.returncode == -9
    with subprocess.Popen(python(code)) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            exit_of(process, 0)
        assert process.returncode == -9
