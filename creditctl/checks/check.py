"""Check: a question with a stable id and a title, asked of one subject (the env files alone, or the whole context).

Without Stripe, ledger or network, so that `env check` starts fast.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from creditctl.checks.answers import CheckAnswer
from creditctl.core.checks import CheckResult
from creditctl.core.keys import redact

Subject = TypeVar("Subject")


@dataclass(frozen=True, slots=True)
class Check(Generic[Subject]):
    """A question with a stable id.

    Shape: `title` is the sentence that holds when the answer is `pass`; a `symptom` follows from something else, so
    what mends it comes after what mends the cause.
    """

    id: str
    title: str
    ask: Callable[[Subject], CheckAnswer] = field(repr=False)
    symptom: bool = False

    def result(self, answer: CheckAnswer) -> CheckResult:
        """The answer under this check's id and title, secrets taken out."""
        return CheckResult(self.id, answer.status, self.title, redact(answer.evidence), redact(answer.fix))
