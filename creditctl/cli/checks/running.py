"""A run of `checklist` or `doctor`: context and answers within one time limit, whatever hangs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from creditctl.checks.check import Check
    from creditctl.checks.context import Context
    from creditctl.core.checks import CheckResult

LIMIT_SECONDS = 6.5
"""How long a run may take, from the command's first line to the last answer; what the machine takes to load it, too."""

_LEAST_SECONDS = 5.5
"""How long it may take from when the first was asked, on a machine that took long to load the command."""


def run_in_time(checks: Sequence[Check[Context]], context: Context, begun: float, opened: float) -> list[CheckResult]:
    """The answers of the checks, in what is left of the time limit.

    Units: `begun`, when the command began, and `opened`, when the first was asked, as time.monotonic() tells them.
    """
    from creditctl.checks.registry import run_checks

    until = max(begun + LIMIT_SECONDS, opened + _LEAST_SECONDS)
    return run_checks(checks, context, seconds=max(until - time.monotonic(), 1.0))
