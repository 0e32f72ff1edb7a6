"""Check: a question with a stable id and a title, asked of one subject (the env files alone, or the whole context).

Without Stripe, ledger or network, so that `env check` starts fast.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from creditctl.checks.answers import CheckAnswer
from creditctl.core.checks import CheckResult
from creditctl.core.keys import redact

Subject = TypeVar("Subject")


class LaunchStage(StrEnum):
    """LaunchStage of going live, by which more or less is required.

    Shape: `live` is production; `rehearsal` is live mode at an emulator; `test` is a rehearsal in test mode or at an
           emulator, which --mode says.
    """

    LIVE = "live"
    REHEARSAL = "rehearsal"
    TEST = "test"


EVERYWHERE = frozenset(LaunchStage)
WITH_LIVE_KEYS = frozenset((LaunchStage.LIVE, LaunchStage.REHEARSAL))
IN_PUBLIC = frozenset((LaunchStage.LIVE,))
"""What needs a public address, or Stripe itself."""
ADVICE: frozenset[LaunchStage] = frozenset()
"""What is shown, and required nowhere."""


@dataclass(frozen=True, slots=True)
class Check(Generic[Subject]):
    """A question with a stable id.

    Shape: `title` is the sentence that holds when the answer is `pass`; a `symptom` follows from something else, so
    what mends it comes after what mends the cause; `group` is the heading below which it is shown; `required` are the
    stages that are not ready without it.
    """

    id: str
    title: str
    ask: Callable[[Subject], CheckAnswer] = field(repr=False)
    symptom: bool = False
    group: str = ""
    required: frozenset[LaunchStage] = EVERYWHERE

    @property
    def family(self) -> str:
        """The command that shows it: what stands before the dot of its id."""
        return self.id.partition(".")[0]

    @property
    def name(self) -> str:
        """Its id within the family."""
        return self.id.partition(".")[2]

    def result(self, answer: CheckAnswer) -> CheckResult:
        """The answer under this check's id and title, secrets taken out."""
        return CheckResult(self.id, answer.status, self.title, redact(answer.evidence), redact(answer.fix))
