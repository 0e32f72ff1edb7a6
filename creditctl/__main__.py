"""`python -m creditctl`, and the entry point of the `creditctl` command."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

_STOPPED = 130


def main() -> None:
    """Runs the command line and leaves with its exit code, also where Ctrl-C came while it was still being loaded."""
    try:
        from creditctl.cli.app import run

        code = run()
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        code = _STOPPED
    if code == _STOPPED:
        _leave_stopped()
    sys.exit(code)


def _leave_stopped() -> None:
    """Leaves with the code for a stop.

    Python itself would die of the signal where Ctrl-C came while it evaluated text (as a class of named tuples does),
    even though the interruption was handled. Source: CPython 3.11, pythonrun.c, `_Py_UnhandledKeyboardInterrupt`.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # its reader may have left
            stream.flush()
    os._exit(_STOPPED)


if __name__ == "__main__":
    main()
