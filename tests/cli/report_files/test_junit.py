"""JUnit XML that parsers read, with any text in it."""

from __future__ import annotations

from junitparser import JUnitXml

from creditctl.cli.report_files.junit import JUnitCase, junit_xml
from tests.support.keys import TEST_KEY


def test_cases_stand_in_their_suites_with_what_came_of_them() -> None:
    cases = [
        JUnitCase("a", "one", "x"),
        JUnitCase("b", "two", "x", failure="it is <5>", kind="wrong", story="why"),
        JUnitCase("a", "three", "x", skipped="no way"),
        JUnitCase("a", "four", "x", error="not tried", kind="could_not_run"),
    ]
    document = JUnitXml.fromstring(junit_xml("t", cases).encode())
    assert [suite.name for suite in document] == ["a", "b"]
    assert (document.tests, document.failures, document.skipped, document.errors) == (4, 1, 1, 1)


def test_what_does_not_print_is_spelled_out_and_no_secret_stands_in_it() -> None:
    text = junit_xml("t", [JUnitCase("a", "one", "x", failure="\x00\x1b[31m\u202e é \N{PILE OF POO}", story=TEST_KEY)])
    JUnitXml.fromstring(text.encode())
    assert "\\x00\\x1b[31m\\u202e é \N{PILE OF POO}" in text
    assert TEST_KEY not in text
