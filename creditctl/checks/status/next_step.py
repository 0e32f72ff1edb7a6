"""Next command of a status: the first thing that stands in the way, in the order in which one goes. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from creditctl.checks.status.items import StatusItem, StatusState
from creditctl.core.modes import Mode

_ABSENT, _UNKNOWN, _UNSETTLED = StatusState.ABSENT, StatusState.UNKNOWN, StatusState.UNSETTLED


@dataclass(frozen=True, slots=True)
class NextStep:
    """What to run next, and why."""

    command: str
    reason: str

    def as_dict(self) -> dict[str, str]:
        """The step as a JSON document shows it."""
        return asdict(self)


_SAME_NAME = (
    "once `deployment` in creditctl.toml is the ledger's; a ledger without a name gets one by `creditctl ledger init "
    "--deployment NAME --since TIME`"
)
_SAME_ACCOUNT = "once STRIPE_SECRET_KEY is of the ledger's account, or CREDITCTL_LEDGER names this account's own ledger"
_STEPS: tuple[tuple[str, frozenset[StatusState], str, str], ...] = (
    ("project", frozenset((_UNKNOWN,)), "status", "once the project file is corrected"),
    ("settings", frozenset((_ABSENT,)), "init", "it writes the first settings"),
    ("mode", frozenset((_UNKNOWN,)), "env check", "it says what is wrong with the settings"),
    ("account", frozenset((_UNKNOWN,)), "env check --online", "Stripe did not say whose the key is"),
    ("account", frozenset((_UNSETTLED,)), "status", _SAME_ACCOUNT),
    ("settings", frozenset((_UNSETTLED,)), "env check", "a setting is missing"),
    ("catalog", frozenset((_UNKNOWN,)), "packages", "once the catalogue is corrected"),
    ("source", frozenset((_ABSENT,)), "status", "once the application's rows can be reached"),
    ("deployment", frozenset((_UNSETTLED,)), "status", _SAME_NAME),
    ("prices", frozenset((_ABSENT, _UNSETTLED)), "setup --dry-run", "packages have no price on Stripe yet"),
    ("endpoint", frozenset((_ABSENT, _UNSETTLED)), "setup --dry-run", "the webhook endpoint is not in order"),
    ("ledger", frozenset((_UNKNOWN,)), "ledger verify", "the ledger could not be opened"),
    ("ledger", frozenset((_ABSENT,)), "ledger init", "there is no ledger yet"),
    ("reconcile", frozenset((_ABSENT,)), "reconcile", "it was never compared with Stripe"),
    ("ledger", frozenset((_UNSETTLED,)), "ledger findings", "findings wait for a person"),
    ("reconcile", frozenset((_UNSETTLED,)), "reconcile", "the last comparison is old, or something disagreed"),
)
"""Item, the states in which it comes first, what to run and why."""

_SOURCE_SKIPS = frozenset(("prices", "endpoint", "ledger"))
"""What an application that keeps its own entries, and sells by itself, need not have of ours."""


def next_step(items: Sequence[StatusItem], env_file: Path | None = None) -> NextStep:
    """The next command, with the env file in use where one was named; the checklist where nothing stands in the way."""
    step = _first({item.id: item for item in items})
    if env_file is None:
        return step
    return replace(step, command=f"{step.command} --env-file {shlex.quote(str(env_file))}")


def _first(by_id: Mapping[str, StatusItem]) -> NextStep:
    for item, states, command, reason in _STEPS:
        found = by_id.get(item)
        if found is None or found.state not in states:
            continue
        if "source" in by_id and item in _SOURCE_SKIPS and found.state is _ABSENT:
            continue
        mode = by_id.get("mode")
        if item == "account" and found.state is _UNKNOWN and mode is not None and mode.text == Mode.EMULATOR:
            return NextStep("creditctl emulator", "nothing answers as Stripe at STRIPE_API_BASE")
        return NextStep(f"creditctl {command}", reason)
    return NextStep("creditctl checklist", "nothing stands in the way")
