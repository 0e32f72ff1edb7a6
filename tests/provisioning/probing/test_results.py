"""What each delivery of a probe proves by itself."""

from __future__ import annotations

import httpx
import pytest

from creditctl.core.checks import CheckStatus
from creditctl.core.keys import Secret
from creditctl.provisioning.probing.results import probe_results
from tests.support.probed_backends import OLDER, OURS, Answering, always, probed, verifying

PASS, FAIL, UNKNOWN, PERSON = CheckStatus.PASS, CheckStatus.FAIL, CheckStatus.UNKNOWN, CheckStatus.PERSON


def ask(answer: Answering, *secrets: Secret, answers_first: bool = False) -> list[CheckStatus]:
    """The statuses for unsigned, forged, stale, then one for each secret."""
    return [result.status for result in probe_results(probed(answer, *secrets), answers_first=answers_first)]


def test_a_backend_with_our_secret_passes_all() -> None:
    assert ask(verifying(OURS), OURS) == [PASS] * 4


def test_each_secret_of_a_rotation_is_tried() -> None:
    assert ask(verifying(OURS), OURS, OLDER) == [PASS, PASS, PASS, PASS, FAIL]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, [UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN]),
        (301, [UNKNOWN, UNKNOWN, UNKNOWN, FAIL]),
        (400, [PASS, PASS, PASS, FAIL]),
        (401, [UNKNOWN, UNKNOWN, UNKNOWN, FAIL]),
        (403, [UNKNOWN, UNKNOWN, UNKNOWN, FAIL]),
        (404, [UNKNOWN, UNKNOWN, UNKNOWN, FAIL]),
        (500, [UNKNOWN, UNKNOWN, UNKNOWN, FAIL]),
    ],
)
def test_a_backend_that_always_answers_the_same_is_seen_through(status: int, expected: list[CheckStatus]) -> None:
    assert ask(always(status), OURS) == expected


def test_a_queue_that_answers_first_is_for_a_person_once_declared() -> None:
    assert ask(always(200), OURS, answers_first=True) == [PERSON, PERSON, PERSON, UNKNOWN]
    assert ask(verifying(OURS), OURS, answers_first=True) == [PASS] * 4, "what is seen counts more than what is said"


def test_no_answer_and_no_secret_prove_nothing() -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    assert ask(broken, OURS) == [UNKNOWN] * 4
    assert ask(verifying(OURS)) == [PASS, PASS, UNKNOWN]
