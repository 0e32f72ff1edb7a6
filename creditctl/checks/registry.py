"""The one registry of checks; `env check`, `checklist` and `doctor` are three selections of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import stripe

from creditctl.checks.context import Context
from creditctl.core.checks import CheckResult, Status
from creditctl.core.errors import CreditctlError
from creditctl.core.findings import Finding, Severity
from creditctl.stripe_api.errors import translate


@dataclass(frozen=True, slots=True)
class Answer:
    """What a check says: a status, what was seen, and what to do when it does not hold."""

    status: Status
    evidence: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A question with a stable id. Shape: `title` is the sentence that holds when the answer is `pass`."""

    id: str
    title: str
    ask: Callable[[Context], Answer] = field(repr=False)

    def run(self, context: Context) -> CheckResult:
        """The answer; where Stripe, the network or the ledger refuse to answer, `unknown` and the reason."""
        try:
            answer = self.ask(context)
        except CreditctlError as error:
            answer = _could_not_look(error)
        except stripe.StripeError as error:
            known = translate(error)
            answer = _could_not_look(known) if known else Answer(Status.UNKNOWN, "Stripe gave an answer we don't know.")
        return CheckResult(self.id, answer.status, self.title, answer.evidence, answer.fix)


def run_checks(checks: Iterable[Check], context: Context) -> list[CheckResult]:
    """The answers to a selection, in its order."""
    return [check.run(context) for check in checks]


def passed(evidence: str) -> Answer:
    """It holds."""
    return Answer(Status.PASS, evidence)


def warned(evidence: str, fix: str) -> Answer:
    """It holds, but somebody should look at something."""
    return Answer(Status.WARN, evidence, fix)


def failed(evidence: str, fix: str) -> Answer:
    """It does not hold."""
    return Answer(Status.FAIL, evidence, fix)


def unknown(evidence: str, fix: str) -> Answer:
    """It could not be looked at."""
    return Answer(Status.UNKNOWN, evidence, fix)


def person(evidence: str, fix: str) -> Answer:
    """No call can prove it."""
    return Answer(Status.PERSON, evidence, fix)


def answer_to_findings(findings: list[Finding], nothing: str) -> Answer:
    """Findings as one answer: critical and high fail, medium and low warn, notes pass."""
    worst = min((finding.severity.rank for finding in findings), default=None)
    if worst is None:
        return passed(nothing)
    evidence = "; ".join(f"{finding.subject}: {finding.message}" for finding in findings)
    if worst == Severity.INFO.rank:
        return passed(evidence)
    status = Status.FAIL if worst <= Severity.HIGH.rank else Status.WARN
    return Answer(status, evidence, findings[0].fix)


def _could_not_look(error: CreditctlError) -> Answer:
    return unknown(error.message, error.fix)
