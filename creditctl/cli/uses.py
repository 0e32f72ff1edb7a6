"""Declaration of what a command uses and writes; `cli/command.py` derives options and openings from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class StripeUse(Enum):
    """Whether a command talks to Stripe."""

    NONE = ""
    OPTIONAL = "optional"
    REQUIRED = "required"

    def __bool__(self) -> bool:
        return bool(self.value)


class FileUse(Enum):
    """Whether a command uses a file of ours, the ledger or the archive. Shape: CREATE makes it where there is none."""

    NONE = ""
    IF_THERE = "if there"
    REQUIRED = "required"
    CREATE = "create"

    def __bool__(self) -> bool:
        return bool(self.value)


class Writes(Enum):
    """What a command changes: STRIPE and ENTRIES stand behind the live guard, so they bring --yes and --confirm."""

    NOTHING = "nothing"
    STRIPE = "stripe"
    STRIPE_IN_TEST = "stripe, never with a live key"
    ENTRIES = "entries"
    FILES = "local files"

    @property
    def guarded(self) -> bool:
        """Whether the live guard stands before it."""
        return self in (Writes.STRIPE, Writes.ENTRIES)

    @property
    def audited(self) -> bool:
        """Whether each change to Stripe is written into the audit file."""
        return self in (Writes.STRIPE, Writes.STRIPE_IN_TEST)


class ModeCheck(Enum):
    """When --mode is held against the settings; ABSENT where a command only ever meets the emulator."""

    ABSENT = "absent"
    AT_START = "at start"
    AT_FIRST_USE = "at first use of the settings"


@dataclass(frozen=True, slots=True)
class Uses:
    """What one command declares.

    Shape: `settings` brings --env-file and, unless its check is ABSENT, --mode; `asks` brings --yes to a command that
           the guard does not cover; `webhook`, that the webhook's URL matters, brings --webhook-path.
    """

    stripe: StripeUse = StripeUse.NONE
    ledger: FileUse = FileUse.NONE
    archive: FileUse = FileUse.NONE
    writes: Writes = Writes.NOTHING
    settings: bool = True
    asks: bool = False
    dry_run: bool = False
    mode: ModeCheck = ModeCheck.AT_START
    webhook: bool = False
