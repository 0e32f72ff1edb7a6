"""A constant of the domain has one home: whoever needs it imports it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "creditctl"
SOURCES = [path for path in sorted(PACKAGE.rglob("*.py")) if not path.is_relative_to(PACKAGE / "emulator")]
"""Without the emulator: it shares no code with what it judges, so that it keeps its own."""

HOMES = [
    (r'"checkout\.session\.completed"', "payments/event_types.py"),
    (r'"checkout\.session\.async_payment_succeeded"', "payments/event_types.py"),
    (r'"charge\.refunded"', "payments/event_types.py"),
    (r'"charge\.dispute\.created"', "payments/event_types.py"),
    (r'"charge\.dispute\.funds_withdrawn"', "core/entitlement/dispute.py"),
    (r'"charge\.dispute\.funds_reinstated"', "core/entitlement/dispute.py"),
    (r'"managed_by"', "core/metadata.py"),
    (r"\bMANAGED_BY = ", "core/metadata.py"),
    (r"10 ?\*\* ?15\b|1_000_000_000_000_000", "core/limits.py"),
    (r"\b900\b(?!\.)", "core/limits.py"),
    (r"\bGRACE_SECONDS = \d", "core/limits.py"),
    (r"\\u2028", "core/entitlement/user_ids.py"),
    (r"\bMAX_USER_ID_CHARACTERS = \d", "core/limits.py"),
]


def test_what_a_session_is_worth_is_asked_of_the_judgement_and_nowhere_else() -> None:
    callers = [
        str(path.relative_to(PACKAGE)) for path in SOURCES if re.search(r"(?<!def )\bdecide\(", path.read_text())
    ]

    assert callers == ["payments/worth.py"]


@pytest.mark.parametrize(("pattern", "home"), HOMES, ids=[pattern for pattern, _ in HOMES])
def test_a_constant_of_the_domain_stands_once(pattern: str, home: str) -> None:
    found = [str(path.relative_to(PACKAGE)) for path in SOURCES if re.search(pattern, path.read_text())]

    assert found == [home]
