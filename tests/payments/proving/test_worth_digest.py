"""Digest of the terms: a rule that is written otherwise has all payments judged anew."""

import sys
from pathlib import Path

import pytest

from creditctl.payments.proving.worth_digest import RULES, rules_digest


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package on the path, with a rule in a room inside."""
    rules = tmp_path / "some_rules" / "inner"
    rules.mkdir(parents=True)
    (rules.parent / "__init__.py").write_text("")
    (rules / "rule.py").write_text("MOST = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "some_rules", raising=False)
    return rules


def digest(*rooms: str) -> str:
    return rules_digest.__wrapped__(rooms)


def test_a_rule_that_is_written_otherwise_is_another_digest(room: Path) -> None:
    before = digest("some_rules")
    assert digest("some_rules") == before
    (room / "__pycache__").mkdir()
    (room / "__pycache__" / "rule.py").write_text("compiled")
    assert digest("some_rules") == before
    (room / "rule.py").write_text("MOST = 2\n")
    assert digest("some_rules") != before


def test_the_rooms_of_the_rules_are_there() -> None:
    assert len({digest(room) for room in RULES}) == len(RULES)
