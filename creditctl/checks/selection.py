"""Selection of checks by id, name, group or family: `--only`, `--skip` and `--list` of the three commands.

Without Stripe, ledger or network, so that `env check` starts fast.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from creditctl.checks.check import Check
from creditctl.core.errors import UsageError

Subject = TypeVar("Subject")


def select(
    checks: Sequence[Check[Subject]], only: Iterable[str] = (), skip: Iterable[str] = ()
) -> tuple[Check[Subject], ...]:
    """Selects checks, each once and in their order: all, or those of `only`, without those of `skip`.

    Shape:  a name is an id (`doctor.clock`), what stands behind its dot (`clock`), a group, or a family (`env`).
    Errors: UsageError for a name that no check has, and where nothing is left.
    """
    wanted, unwanted = {*only}, {*skip}
    known = {name for check in checks for name in _names(check)}
    for name in sorted(wanted | unwanted):
        if name not in known:
            raise _unknown(name, checks)
    chosen = [
        check
        for check in checks
        if (not wanted or wanted.intersection(_names(check))) and not unwanted.intersection(_names(check))
    ]
    if not chosen:
        raise UsageError(
            "Nothing is left to be looked at.", code="checks.none", fix="Leave one of --only and --skip away."
        )
    return tuple(chosen)


def listed(checks: Sequence[Check[Any]]) -> list[dict[str, Any]]:
    """The checks as data: id, title, group, and the stages that require each."""
    return [
        {"id": check.id, "title": check.title, "group": check.group, "required": sorted(map(str, check.required))}
        for check in checks
    ]


def _names(check: Check[Any]) -> set[str]:
    return {check.id, check.name, check.family, check.group} - {""}


def _unknown(name: str, checks: Sequence[Check[Any]]) -> UsageError:
    names = [known for check in checks for known in (check.id, check.name)]
    near = difflib.get_close_matches(name, names, 1)
    hint = f"Did you mean {near[0]}? " if near else ""
    return UsageError(f"There is no check {name}.", code="checks.unknown", fix=f"{hint}`--list` shows them all.")
