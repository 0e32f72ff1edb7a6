"""Every rule of `env check`, in the groups by which they are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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


_FILES, _NAMES, _VALUES, _STRIPE, _URLS = (
    files,
    names,
    values,
    stripe_keys,
    urls,
)

RULE_GROUPS = (
    RuleGroup("env.readable", "Every line of the env files can be read", (_FILES.present, _FILES.readable)),
    RuleGroup("env.tidy", "The env files mean the same to every reader", (_FILES.tidy,)),
    RuleGroup("env.private", "The env files are private and out of git", (_FILES.private, _FILES.out_of_git)),
    RuleGroup("env.names", "Every needed setting is there, once", (_NAMES.needed, _NAMES.once, _NAMES.spelled)),
    RuleGroup("env.process", "The process environment overrides nothing", (_NAMES.overridden,)),
    RuleGroup(
        "env.values",
        "Every value is filled in, and has only characters that belong there",
        (
            _VALUES.filled_in,
            _VALUES.visible,
            _VALUES.unspaced,
            _VALUES.unquoted,
            _VALUES.literal,
            _VALUES.leading_somewhere,
        ),
    ),
    RuleGroup(
        "env.keys",
        "Every key is of the right kind",
        (_STRIPE.server_key, _STRIPE.webhook_secret, _STRIPE.publishable_key),
    ),
    RuleGroup(
        "env.mode", "Keys and base say one mode and one account", (_STRIPE.mode, _STRIPE.api_base, _STRIPE.account)
    ),
    RuleGroup(
        "env.secrets", "No secret is where it can be seen", (_STRIPE.no_secret_in_public, _STRIPE.no_stray_live_key)
    ),
    RuleGroup("env.paths", "Every path leads somewhere", (_VALUES.leading_somewhere,)),
    RuleGroup(
        "env.urls",
        "Every URL is whole, and reachable for whom it is meant",
        (_URLS.whole, _URLS.reachable, _URLS.without_path, _URLS.in_agreement),
    ),
)


def judge_env(view: EnvView) -> list[Finding]:
    """Everything that is wrong with a configuration, worst first; empty when nothing is."""
    return sort_findings([finding for group in RULE_GROUPS for finding in group.judge(view)])
