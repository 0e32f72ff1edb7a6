"""The rules of `env check` as checks of the registry, so that the doctor can ask them too."""

from __future__ import annotations

from creditctl.checks.answers import CheckAnswer, answer_to_findings
from creditctl.checks.context import Context
from creditctl.checks.env.rule_groups import RULE_GROUPS, RuleGroup
from creditctl.checks.registry import Check


def _check(group: RuleGroup) -> Check:
    def ask(context: Context) -> CheckAnswer:
        return answer_to_findings(group.judge(context.env), "nothing found")

    return Check(group.id, group.title, ask)


ENV_CHECKS = tuple(_check(group) for group in RULE_GROUPS)
"""The selection of `creditctl env check`."""
