"""Every finding and check that prints a command which writes is obeyed by a test, or says here why not."""

from __future__ import annotations

import re
from pathlib import Path

from creditctl.checks.registry import ALL_CHECKS
from creditctl.core.codes import all_codes
from tests.journeys.one_story import test_obeying_everybody as payments
from tests.journeys.one_story import test_obeying_settings as settings
from tests.support.printed_commands import writing_codes

ROOT = Path(__file__).resolve().parents[2]
OBEYED_ELSEWHERE = {
    "checklist.undelivered": "tests/journeys/one_story/test_obeying_everybody.py::checklist_advises",
    "doctor.credited": "tests/journeys/one_story/test_obeying_everybody.py::doctor_advises",
    "doctor.open_findings": "tests/journeys/one_story/test_obeying_everybody.py::doctor_advises",
    "doctor.undelivered": "tests/journeys/one_story/test_obeying_everybody.py::doctor_advises",
}
"""Checks that everybody's advice about payments is made of: each plant is followed by what doctor and checklist say."""

_BESIDE = "prints no command itself, what stands beside it does: tests/checks/env/test_fixes.py"
_ROWS = "is about rows that are imported, not about what is due: tests/cli/ledger/test_import_rows.py"
_PROOF = "needs a backend that answers a probe: tests/cli/webhooks/test_rotate.py"
NOT_OBEYED = {
    "checklist.prices": "needs settings of another program that name prices: tests/provisioning/planning",
    "doctor.payload": "needs thin events, which the emulator does not send: tests/cli/checks/test_doctor.py",
    "doctor.prices": "needs settings of another program that name prices: tests/provisioning/planning",
    "endpoint.rotation_alone": _PROOF,
    "endpoint.rotation_secret": _PROOF,
    "endpoint.version_release": "needs an endpoint of an older SDK: tests/provisioning/planning/test_endpoint.py",
    "env.file.comment": _BESIDE,
    "env.file.encoding": _BESIDE,
    "env.file.missing": "writes a starter file, which only a person can fill: tests/cli/checks/test_env.py",
    "env.file.quotes": _BESIDE,
    "env.file.syntax": _BESIDE,
    "env.git.live_key": _BESIDE,
    "env.git.not_ignored": _BESIDE,
    "env.git.signing_secret": "needs files that git tracks: tests/checks/env/test_git.py",
    "env.git.test_key": _BESIDE,
    "env.git.tracked": _BESIDE,
    "env.git.unclear": _BESIDE,
    "env.value.white_space": _BESIDE,
    "env.webhook_secret.cli": "needs `stripe listen`'s secret in live settings: tests/checks/env/test_rule_groups.py",
    "env.webhook_secret.twice": _BESIDE,
    "fulfilment.currency": "needs another currency than the emulator takes: tests/payments/judgement/test_clawback.py",
    "import.changed": _ROWS,
    "import.known": _ROWS,
    "import.repeated": _ROWS,
    "rotation.unproven": _PROOF,
    "rotation.waiting": _PROOF,
    "setup.default_elsewhere": "needs a product whose default price stands elsewhere: tests/provisioning/planning",
}
"""Why nothing plants these, and the test that comes nearest."""
POSTING = re.compile("creditctl (ledger (adjust|resolve|import)|events (replay|trigger)|reconcile --repair)")
UNSAID = {
    "fulfilment.currency": "the credits are -N, which only a person can work out; what follows is tested there",
    "import.changed": "the command is named without a user or a number, and so posts nothing as it stands",
    "import.known": "stands in the class of import.changed, and names an option of the import",
    "import.repeated": "stands in the class of import.changed, and names no command",
}
"""What nothing plants although a command that posts is named near it, and why nothing is posted by obeying it."""


def test_what_prints_a_command_that_writes_is_obeyed() -> None:
    obeyed = planted_payments() | planted_settings() | OBEYED_ELSEWHERE.keys()

    assert sorted(writing_codes().keys() - obeyed - NOT_OBEYED.keys()) == [], "plant it where advice is obeyed"


def test_what_nothing_plants_prints_nothing_that_posts() -> None:
    near = writing_codes()
    posting = {code for code in NOT_OBEYED if any(POSTING.match(each) for each in near.get(code, ()))}

    assert posting == UNSAID.keys()


def test_every_exception_is_one() -> None:
    obeyed = planted_payments() | planted_settings() | OBEYED_ELSEWHERE.keys()
    printed = writing_codes().keys()

    assert sorted(NOT_OBEYED.keys() - printed) == [], "these print no command that writes"
    assert sorted(NOT_OBEYED.keys() & obeyed) == [], "these are obeyed"
    files = {place.partition("::")[0] for place in (*OBEYED_ELSEWHERE.values(), *NOT_OBEYED.values())}
    assert [name for name in sorted(files) if not (ROOT / name.rpartition(" ")[2]).exists()] == []


def planted_payments() -> set[str]:
    """The findings that a plant about payments leads to; a test beside the plants proves that it does."""
    known = {code for code, info in all_codes().items() if info.severities}
    left_out = payments.NOT_PLANTED
    return {code for code in known if code not in left_out and payments.family(code) not in left_out}


def planted_settings() -> set[str]:
    """The checks and findings that a plant about settings makes print a command; a test there proves that it does."""
    known = {check.id for check in ALL_CHECKS} | {code for code in writing_codes() if code.startswith("env.")}
    known |= {code for code, info in all_codes().items() if info.severities and code.startswith(settings.OURS)}
    return known - settings.NOT_PLANTED.keys()
