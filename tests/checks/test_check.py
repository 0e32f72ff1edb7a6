"""A check gives its id and title to its answer, and lets no secret through."""

from __future__ import annotations

from creditctl.checks.answers import failed, passed
from creditctl.checks.check import Check
from creditctl.core.checks import CheckStatus


def test_a_result_carries_id_title_and_answer() -> None:
    check: Check[str] = Check("env.mode", "One mode", passed)
    result = check.result(check.ask("looked at"))

    assert (result.id, result.title) == ("env.mode", "One mode")
    assert (result.status, result.evidence) == (CheckStatus.PASS, "looked at")


def test_a_secret_in_an_answer_is_never_shown() -> None:
    secret = "sk_test_" + "aB3" * 10
    check: Check[str] = Check("env.mode", "One mode", passed)
    result = check.result(failed(f"it is {secret}", f"remove {secret}"))

    assert secret not in repr(result)
