"""Findings are printed in one order, whatever order they were found in."""

from __future__ import annotations

from itertools import permutations

from creditctl.core.findings import Finding, Severity, sort_findings

SORTED = [
    Finding("b.code", Severity.CRITICAL, "x", "Worst."),
    Finding("a.code", Severity.HIGH, "a", "By code."),
    Finding("b.code", Severity.HIGH, "a", "By subject."),
    Finding("b.code", Severity.HIGH, "b", "Last of its kind."),
    Finding("a.code", Severity.INFO, "a", "A note."),
]


def test_any_order_is_printed_as_one() -> None:
    assert all(sort_findings(list(order)) == SORTED for order in permutations(SORTED))


def test_a_document_shows_plain_text() -> None:
    assert SORTED[0].as_dict() == {
        "code": "b.code",
        "severity": "critical",
        "subject": "x",
        "message": "Worst.",
        "fix": "",
    }
    assert {type(value) for value in SORTED[0].as_dict().values()} == {str}


def test_the_ranks_go_from_the_worst_on() -> None:
    assert [severity.rank for severity in Severity] == [0, 1, 2, 3, 4]
