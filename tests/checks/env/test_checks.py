"""The checks of `env check`: one for each group of rules, asked of the env files alone."""

from __future__ import annotations

from collections.abc import Callable

from creditctl.checks.env.checks import ENV_CHECKS, check_env
from creditctl.checks.env.model import EnvView
from creditctl.checks.env.rule_groups import RULE_GROUPS
from creditctl.core.checks import CheckStatus

Look = Callable[..., EnvView]


def test_there_is_a_check_for_every_group_under_its_id_and_title() -> None:
    assert [(check.id, check.title) for check in ENV_CHECKS] == [(group.id, group.title) for group in RULE_GROUPS]


def test_a_group_that_finds_something_fails_its_check_alone(look: Look, good: dict[str, str]) -> None:
    results = check_env(look({**good, "CREDITCTL_LEDGER": "nowhere/credit.db"}))

    assert [result.id for result in results if result.status is CheckStatus.FAIL] == ["env.paths"]
    assert {result.status for result in results if result.id != "env.paths"} == {CheckStatus.PASS}
