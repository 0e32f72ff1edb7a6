"""Every kind of failure has a type of its own, and the exit code that the documentation promises."""

from __future__ import annotations

from creditctl.core.errors import CreditctlError, ExitCode

CODES = {
    "configuration": ExitCode.CONFIGURATION,
    "guard": ExitCode.CONFIGURATION,
    "ledger": ExitCode.LEDGER,
    "lock": ExitCode.CONFIGURATION,
    "stopped": ExitCode.STOPPED,
    "stripe": ExitCode.STRIPE_REFUSED,
    "unreachable": ExitCode.UNREACHABLE,
    "usage": ExitCode.USAGE,
}


def test_the_kinds_and_their_exit_codes() -> None:
    kinds = [kind for kind in CreditctlError.__subclasses__() if kind.__module__ == CreditctlError.__module__]

    assert {kind.type: kind.exit_code for kind in kinds} == CODES
    assert len({kind.type for kind in kinds}) == len(kinds)


def test_an_error_says_what_is_wrong_and_what_to_do_next() -> None:
    error = CreditctlError("It is wrong.", code="a.code", fix="Do this.", request_id="req_1")

    assert (str(error), error.message, error.fix) == ("It is wrong.", "It is wrong.", "Do this.")
    assert (error.code, error.request_id) == ("a.code", "req_1")
