"""Rule groups of `env check`: every rule once, in the groups by which they are shown."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from creditctl.checks.env.model import EnvView
from creditctl.checks.env.rules import files, names, stripe_keys, urls, values
from creditctl.core.findings import Finding, sort_findings

Rule = Callable[[EnvView], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """Rules that answer one question. Shape: `title` is the sentence that holds when none of them finds anything."""

    id: str
    title: str
    rules: tuple[Rule, ...]

    def judge(self, view: EnvView) -> list[Finding]:
        """What the rules find, worst first."""
        return sort_findings(list({finding for rule in self.rules for finding in rule(view)}))


RULE_GROUPS = (
    RuleGroup("env.readable", "Every line of the env files can be read", (files.present, files.readable)),
    RuleGroup("env.tidy", "The env files mean the same to every reader", (files.tidy,)),
    RuleGroup(
        "env.private", "The env files are private and out of git", (files.private, files.out_of_git, files.of_one_mode)
    ),
    RuleGroup(
        "env.names",
        "Every needed setting is there, once",
        (names.needed, names.under_its_name, names.once, names.spelled),
    ),
    RuleGroup("env.process", "The process environment overrides nothing", (names.overridden,)),
    RuleGroup(
        "env.values",
        "Every value is filled in, and has only characters that belong there",
        (values.filled_in, values.visible, values.unspaced, values.unquoted, values.literal),
    ),
    RuleGroup(
        "env.keys",
        "Every key is of the right kind",
        (stripe_keys.server_key, stripe_keys.webhook_secret, stripe_keys.publishable_key, stripe_keys.pasted_once),
    ),
    RuleGroup(
        "env.mode",
        "Keys and base say one mode and one account",
        (stripe_keys.mode, stripe_keys.api_base, stripe_keys.account),
    ),
    RuleGroup(
        "env.secrets",
        "No secret is where it can be seen",
        (stripe_keys.no_secret_in_public, stripe_keys.no_stray_live_key),
    ),
    RuleGroup("env.paths", "Every path leads somewhere", (values.leading_somewhere,)),
    RuleGroup(
        "env.urls",
        "Every URL is whole, and reachable for whom it is meant",
        (urls.whole, urls.reachable, urls.lasting, urls.without_path, urls.in_agreement),
    ),
)


def judge_env(view: EnvView) -> list[Finding]:
    """Judges a configuration by every rule; findings worst first, empty when nothing is wrong."""
    return judge_groups(view, {group.id for group in RULE_GROUPS})


def judge_groups(view: EnvView, ids: Collection[str]) -> list[Finding]:
    """Judges a configuration by the rules of some groups; findings worst first."""
    return sort_findings([finding for group in RULE_GROUPS if group.id in ids for finding in group.judge(view)])
