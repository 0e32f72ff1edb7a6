"""Who ran a command, for the history: the person behind sudo, and whether anybody watched."""

from __future__ import annotations

import pytest

from creditctl.cli.reconciling.operator import operator_of
from tests.support.cli import Cli


@pytest.mark.parametrize(
    ("environ", "user"),
    [
        ({"LOGNAME": "alice"}, "alice@"),
        ({"USER": "alice"}, "alice@"),
        ({"LOGNAME": "root", "SUDO_USER": "alice"}, "alice@"),
        ({}, "uid "),
    ],
)
def test_the_user_is_named_and_the_job_too(offline_cli: Cli, environ: dict[str, str], user: str) -> None:
    offline_cli.environ = environ
    said = operator_of(offline_cli.wiring())
    assert said.startswith(user)
    assert said.endswith(" (job)"), "nobody watches"
