"""Who runs a command: user and host, and whether a person sits there; for the history of runs."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from creditctl.cli.wiring import Wiring


def operator_of(wiring: Wiring) -> str:
    """User and host, such as `alice@db1`, and `(job)` where no terminal is there: cron, a timer, CI."""
    watched = wiring.stderr.isatty() or wiring.stdin.isatty()
    return f"{_user(wiring.environ)}@{socket.gethostname()}{'' if watched else ' (job)'}"


def _user(environ: Mapping[str, str]) -> str:
    """Whoever became root is named by their own name. Source: sudo(8), SUDO_USER."""
    return environ.get("SUDO_USER") or environ.get("LOGNAME") or environ.get("USER") or f"uid {os.getuid()}"
