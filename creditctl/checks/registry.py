"""The one registry of checks; `env check`, `checklist` and `doctor` are three selections of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import stripe

from creditctl.checks.answers import CheckAnswer, unknown
from creditctl.checks.context import Context
from creditctl.core.checks import CheckResult
from creditctl.core.errors import CreditctlError
from creditctl.core.keys import redact
from creditctl.stripe_api.errors import translate


@dataclass(frozen=True, slots=True)
class Check:
    """A question with a stable id. Shape: `title` is the sentence that holds when the answer is `pass`."""

    id: str
    title: str
    ask: Callable[[Context], CheckAnswer] = field(repr=False)

    def run(self, context: Context) -> CheckResult:
        """The answer; where Stripe, the network or the ledger refuse to answer, `unknown` and the reason."""
        try:
            answer = self.ask(context)
        except CreditctlError as error:
            answer = _could_not_look(error)
        except stripe.StripeError as error:
            known = translate(error)
            answer = _could_not_look(known) if known else unknown("Stripe gave an answer that we do not know.", "")
        return CheckResult(self.id, answer.status, self.title, redact(answer.evidence), redact(answer.fix))


def run_checks(checks: Iterable[Check], context: Context) -> list[CheckResult]:
    """The answers to a selection, in its order."""
    return [check.run(context) for check in checks]


def _could_not_look(error: CreditctlError) -> CheckAnswer:
    return unknown(error.message, error.fix)
