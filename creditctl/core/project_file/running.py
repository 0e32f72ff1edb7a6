"""How the tool runs, as the project file says: policy, emulator hosts, reconcile, archive, alert."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from creditctl.core.project_file.faults import shown
from creditctl.core.project_file.tables import TomlTable

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?(:[0-9]{1,5})?")
_MOST_GRACE_SECONDS = 30 * 86_400
_MOST_REQUESTS_PER_SECOND = 1000
_MOST_KEEP_DAYS = 36_500


class Rounding(StrEnum):
    """Which way the credits of a partial clawback are rounded."""

    DOWN = "down"
    UP = "up"
    NEAREST = "nearest"


class DisputePolicy(StrEnum):
    """When a dispute takes credits: with the funds, when it is lost, or never."""

    AT_OPENING = "at_opening"
    AT_LOSS = "at_loss"
    NEVER = "never"


class NegativeBalances(StrEnum):
    """What becomes of a balance from which more is taken back than there is: it goes below zero, or ends there."""

    ALLOWED = "allowed"
    CLAMPED = "clamped"


@dataclass(frozen=True, slots=True)
class PolicySection:
    """`[policy]`: what the owner of an application decided about clawbacks; None where nothing is said."""

    rounding: Rounding | None = None
    disputes: DisputePolicy | None = None
    negative: NegativeBalances | None = None

    @property
    def words(self) -> dict[str, str]:
        """What is said, by its words."""
        said = {"rounding": self.rounding, "disputes": self.disputes, "negative": self.negative}
        return {name: str(word) for name, word in said.items() if word is not None}


@dataclass(frozen=True, slots=True)
class EmulatorSection:
    """`[emulator]`: hosts other than this machine at which an emulator may be spoken to, as HOST or HOST:PORT."""

    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReconcileSection:
    """`[reconcile]`. Units: seconds; `rate` in requests a second. What is None was not written."""

    grace_seconds: int | None = None
    rate: int | None = None
    anchor: str | None = None


@dataclass(frozen=True, slots=True)
class ArchiveSection:
    """`[archive]`: how long what is kept of Stripe and of a source stays; None keeps it."""

    keep_days: int | None = None


@dataclass(frozen=True, slots=True)
class AlertSection:
    """`[alert]`: where word of findings goes. Shape: exactly one of the two."""

    url_env: str | None = None
    command: str | None = None


def read_policy(table: TomlTable | None) -> PolicySection:
    """`[policy]`."""
    if table is None:
        return PolicySection()
    table.refuse_unknown(("rounding", "disputes", "negative"))
    return PolicySection(
        table.choice("rounding", Rounding),
        table.choice("disputes", DisputePolicy),
        table.choice("negative", NegativeBalances),
    )


def read_emulator(table: TomlTable | None) -> EmulatorSection:
    """`[emulator]`."""
    if table is None:
        return EmulatorSection()
    table.refuse_unknown(("hosts",))
    hosts = table.texts("hosts")
    for host in hosts:
        if _HOST.fullmatch(host) is None:
            table.fault("hosts", f'must be hosts such as "emulator:12111", not {shown(host)}')
    return EmulatorSection(hosts)


def read_reconcile(table: TomlTable | None) -> ReconcileSection:
    """`[reconcile]`."""
    if table is None:
        return ReconcileSection()
    table.refuse_unknown(("grace_seconds", "rate", "anchor"))
    return ReconcileSection(
        table.whole("grace_seconds", least=0, most=_MOST_GRACE_SECONDS),
        table.whole("rate", least=1, most=_MOST_REQUESTS_PER_SECOND),
        table.text("anchor"),
    )


def read_archive(table: TomlTable | None) -> ArchiveSection:
    """`[archive]`."""
    if table is None:
        return ArchiveSection()
    table.refuse_unknown(("keep_days",))
    return ArchiveSection(table.whole("keep_days", least=1, most=_MOST_KEEP_DAYS))


def read_alert(table: TomlTable | None) -> AlertSection:
    """`[alert]`."""
    if table is None:
        return AlertSection()
    keys = ("url_env", "command")
    table.refuse_unknown(keys)
    if len([key for key in keys if key in table.values]) != 1:
        table.faults.add(table.path, "alert must have exactly one of url_env and command")
    return AlertSection(table.env_name("url_env"), table.text("command"))
