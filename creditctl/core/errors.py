"""Error family: every expected failure of a command, with code, fix and exit code."""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """Exit codes, the same for every command."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    CONFIGURATION = 3
    STRIPE_REFUSED = 4
    UNREACHABLE = 5
    LEDGER = 6
    BUG = 70
    STOPPED = 130


class CreditctlError(Exception):
    """An expected failure: one sentence of what is wrong, one of what to do next.

    Shape: `code` is a stable dotted slug; `request_id` is Stripe's, where a request was made.
    """

    type: ClassVar[str] = "error"
    exit_code: ClassVar[ExitCode] = ExitCode.BUG

    def __init__(self, message: str, *, code: str, fix: str = "", request_id: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.fix = fix
        self.request_id = request_id


class UsageError(CreditctlError):
    """The command was called in a way that cannot be carried out."""

    type = "usage"
    exit_code = ExitCode.USAGE


class ConfigurationError(CreditctlError):
    """A setting is missing, malformed or contradicts another one."""

    type = "configuration"
    exit_code = ExitCode.CONFIGURATION


class GuardRefused(CreditctlError):
    """A guard stopped the command before anything happened (wrong mode, account or host, no confirmation)."""

    type = "guard"
    exit_code = ExitCode.CONFIGURATION


class LockHeld(CreditctlError):
    """Somebody else holds the lock that this command needs."""

    type = "lock"
    exit_code = ExitCode.CONFIGURATION


class StripeRefused(CreditctlError):
    """Stripe answered, and said no."""

    type = "stripe"
    exit_code = ExitCode.STRIPE_REFUSED


class Unreachable(CreditctlError):
    """Stripe or a backend did not answer, or what it answered is not complete."""

    type = "unreachable"
    exit_code = ExitCode.UNREACHABLE


class LedgerError(CreditctlError):
    """The ledger cannot be read or written, is newer than this program, or was tampered with."""

    type = "ledger"
    exit_code = ExitCode.LEDGER


class Stopped(CreditctlError):
    """Somebody pressed Ctrl-C, or ended the process politely; `fix` says where to go on."""

    type = "stopped"
    exit_code = ExitCode.STOPPED
