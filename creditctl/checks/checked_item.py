"""Checked item: a check, its answer, and whether the stage at hand requires it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from creditctl.checks.check import Check, LaunchStage
from creditctl.core.checks import CheckResult, CheckStatus

_WORDS = {CheckStatus.FAIL: "fails", CheckStatus.UNKNOWN: "unknown", CheckStatus.PERSON: "needs a person"}


@dataclass(frozen=True, slots=True)
class CheckedItem:
    """An item of the checklist with its answer. Shape: `required` says whether this stage is not ready without it."""

    check: Check[Any]
    result: CheckResult
    required: bool

    @property
    def holds(self) -> bool:
        """Whether it stands in nobody's way."""
        return self.result.status.holds or not self.required

    @property
    def words(self) -> str:
        """Its status in words."""
        status = self.result.status
        said = _WORDS.get(status, "holds, with a remark" if status is CheckStatus.WARN else "holds")
        return said if self.required or status.holds else f"{said}, not required here"

    def as_dict(self) -> dict[str, object]:
        """The item as it appears in the JSON document."""
        return {**self.result.as_dict(), "group": self.check.group, "required": self.required}


def stage_words(stage: LaunchStage) -> str:
    """What a stage is called in reports."""
    return {
        LaunchStage.LIVE: "production",
        LaunchStage.REHEARSAL: "rehearsal of live mode at an emulator",
        LaunchStage.TEST: "rehearsal in test mode",
    }[stage]
