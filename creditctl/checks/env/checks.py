"""The checks of `env check`: one for each group of rules, asked of the env files alone."""

from __future__ import annotations

from collections.abc import Sequence

from creditctl.checks.answers import CheckAnswer, findings_to_answer
from creditctl.checks.check import Check
from creditctl.checks.env.model import EnvView
from creditctl.checks.env.rule_groups import RULE_GROUPS, RuleGroup
from creditctl.core.checks import CheckResult

ENV_FILES = "Env files"


def _check(group: RuleGroup) -> Check[EnvView]:
    def ask(view: EnvView) -> CheckAnswer:
        return findings_to_answer(group.judge(view), "nothing found")

    return Check(group.id, group.title, ask, group=ENV_FILES)


ENV_CHECKS: tuple[Check[EnvView], ...] = tuple(_check(group) for group in RULE_GROUPS)
"""The selection of `creditctl env check`, in the order in which it is shown."""


def check_env(view: EnvView, checks: Sequence[Check[EnvView]] = ENV_CHECKS) -> list[CheckResult]:
    """Runs checks of `env check` on a configuration."""
    return [check.result(check.ask(view)) for check in checks]
