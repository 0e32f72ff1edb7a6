"""Generality of causes: where the plain story fails, the special ones fail for the same reason and say so (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from creditctl.simulation.results import ScenarioResult

_ABSORBS: tuple[tuple[str, str, frozenset[str]], ...] = (
    (
        "signature-forged",
        "signature_not_checked",
        frozenset({"signature_prefix", "signature_scheme", "stale_accepted", "livemode_mixed"}),
    ),
    ("refund", "refund_ignored", frozenset({"refund_lost_before_purchase", "refund_after_spending"})),
    ("two-buyers", "wrong_user", frozenset({"credits_never", "credits_unpaid", "credits_wrong_amount"})),
    ("success", "wrong_user", frozenset({"credits_never", "refuses_events"})),
    ("dispute-won", "dispute_not_returned", frozenset({"order_dependent"})),
    ("duplicate-after-restart", "lost_on_restart", frozenset({"doubled_on_restart"})),
    ("restart", "lost_on_restart", frozenset({"acknowledged_before_saved", "marked_before_saved"})),
    ("duplicate", "credits_twice", frozenset({"lost_on_restart", "doubled_on_restart", "order_dependent"})),
)
"""A scenario, the cause that it named, and the special causes that are then only another face of it."""


def with_general_causes(results: Sequence[ScenarioResult]) -> list[ScenarioResult]:
    """The results, each special cause replaced by the general one that was proven."""
    named = {result.name: result.cause for result in results}
    general = {special: cause for name, cause, specials in _ABSORBS if named.get(name) == cause for special in specials}
    return [replace(each, cause=general.get(each.cause, each.cause)) for each in results]
