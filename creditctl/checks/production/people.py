"""Checklist items that no call can prove: somebody looks, and vouches for it with `creditctl checklist attest`."""

from __future__ import annotations

from collections.abc import Callable

from creditctl.checks.answers import CheckAnswer, person
from creditctl.checks.attest import attested
from creditctl.checks.context import Context
from creditctl.checks.production.operation import ledger_is_backed_up

Ask = Callable[[Context], CheckAnswer]


def attest_command(item: str) -> str:
    """The command by which somebody vouches for an item."""
    name = item.partition(".")[2]
    return f"creditctl checklist attest {name} --by NAME --evidence WHAT_YOU_SAW"


def by_a_person(item: str, what: str, where: str) -> Ask:
    """An item that only a person can answer: what nobody else sees, and where to look."""

    def ask(context: Context) -> CheckAnswer:
        return attested(context, item) or person(what, f"{where}, then: {attest_command(item)}")

    return ask


def backup_taken_or_attested(item: str) -> Ask:
    """The backup that `creditctl ledger backup` took, or one of another kind that somebody vouches for."""

    def ask(context: Context) -> CheckAnswer:
        own = ledger_is_backed_up(context)
        if own is not None:
            return own
        what = "No backup was taken with `creditctl ledger backup`; another kind of backup cannot be seen."
        where = "Run it in cron, or see that another backup works by restoring one"
        return attested(context, item) or person(what, f"{where}, then: {attest_command(item)}")

    return ask
