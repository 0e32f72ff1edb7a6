"""JUnit XML of any command: cases as values, written so that CI systems read them, and free of secrets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from creditctl.core.keys import redact
from creditctl.core.text import printable

if TYPE_CHECKING:
    from junitparser import TestCase


@dataclass(frozen=True, slots=True)
class JUnitCase:
    """One case of a report.

    Shape:  at most one of `failure`, `skipped` and `error` is said, in a sentence; none means that it passed. `kind` is
            the slug of the failure or error, `story` all that helps to understand it, `log` what happened on the way.
    Source: junit.xsd as Jenkins and GitLab read it; junitparser writes it.
    """

    suite: str
    name: str
    class_name: str
    seconds: float = 0.0
    failure: str = ""
    kind: str = ""
    story: str = ""
    skipped: str = ""
    error: str = ""
    log: str = ""


def junit_xml(title: str, cases: Sequence[JUnitCase]) -> str:
    """The document: a suite for each that cases name, in the order in which they come."""
    from junitparser import JUnitXml, TestSuite

    document = JUnitXml(title)
    for name in dict.fromkeys(case.suite for case in cases):
        part = TestSuite(name)
        for case in cases:
            if case.suite == name:
                part.add_testcase(_element(case))
        document.add_testsuite(part)
    document.update_statistics()  # type: ignore[no-untyped-call]
    text = document.tostring()  # type: ignore[no-untyped-call]
    return text.decode() if isinstance(text, bytes) else str(text)


def _element(case: JUnitCase) -> TestCase:
    from junitparser import Error, Failure, Skipped, TestCase

    element = TestCase(printable(case.name, kept=""), printable(case.class_name, kept=""), round(case.seconds, 3))
    if case.failure:
        failure = Failure(_text(case.failure), case.kind)
        failure.text = _text(case.story)
        element.result = [failure]
    elif case.skipped:
        element.result = [Skipped(_text(case.skipped))]
    elif case.error:
        error = Error(_text(case.error), case.kind)
        error.text = _text(case.story)
        element.result = [error]
    element.system_out = _text(case.log)
    return element


def _text(text: str) -> str:
    """A text without secrets, and with all of it to be seen, so that it has nothing either that XML cannot hold.

    Source: XML 1.0, section 2.2, "Characters".
    """
    return printable(redact(text))
