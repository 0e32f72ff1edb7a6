"""Jobs side by side for a limited time: daemon threads, so that what hangs holds up neither the run nor its end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from typing import Any, TypeVar

Done = TypeVar("Done")


def run_side_by_side(jobs: Sequence[Callable[[], Done]], seconds: float) -> list[Done | threading.Thread]:
    """Runs jobs side by side for a time; in place of what is not done by then stands the thread that goes on.

    Shape:  nothing can stop a thread that waits for a network. A pool would wait for it at the end of the process.
    Errors: what a job raised in time, the first one's.
    """
    futures: list[Future[Done]] = [Future() for _ in jobs]
    threads = [
        threading.Thread(target=read_into, args=(future, job), daemon=True)
        for future, job in zip(futures, jobs, strict=True)
    ]
    for thread in threads:
        thread.start()
    wait(futures, timeout=seconds)
    return [future.result() if future.done() else thread for future, thread in zip(futures, threads, strict=True)]


def read_into(future: Future[Any], read: Callable[[], object]) -> None:
    """Reads something for everybody who waits for it. Whatever is raised is theirs, too: nobody may wait for ever."""
    try:
        future.set_result(read())
    except BaseException as error:  # noqa: BLE001 - raised again by result(), wherever it is waited for
        future.set_exception(error)
