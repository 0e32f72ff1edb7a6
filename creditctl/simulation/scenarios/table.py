"""Table of all scenarios, in the order in which they are listed and played."""

from __future__ import annotations

from creditctl.simulation.scenarios.hazards import DURABILITY, ROBUSTNESS, SECURITY, SPENDING
from creditctl.simulation.scenarios.purchases import BRANDS, DECLINES, PACKAGES, PURCHASES
from creditctl.simulation.scenarios.returns import DISPUTES, REFUNDS
from creditctl.simulation.scenarios.steps import Scenario
from creditctl.simulation.scenarios.variants import VARIANTS
from creditctl.simulation.scenarios.webhooks import DELIVERIES, OUTAGES

SCENARIOS: tuple[Scenario, ...] = (
    *PURCHASES,
    *PACKAGES,
    *BRANDS,
    *DECLINES,
    *VARIANTS,
    *REFUNDS,
    *DISPUTES,
    *DELIVERIES,
    *OUTAGES,
    *SECURITY,
    *SPENDING,
    *ROBUSTNESS,
    *DURABILITY,
)

FIRST = "success"
"""The basic purchase: what fails without it is not tried."""

SMOKE = (
    "success",
    "decline",
    "duplicate",
    "refund",
    "partial-refund",
    "dispute-lost",
    "intent-first",
    "signature-unsigned",
    "signature-forged",
    "signature-stale",
    "page-before-payment",
    "stripe-down-during-webhook",
)
"""A look at everything that costs money, in seconds: `--group smoke`."""

GROUPS = ("smoke", *dict.fromkeys(scenario.group for scenario in SCENARIOS))


def find_scenarios(
    names: tuple[str, ...], groups: tuple[str, ...] = (), own: tuple[Scenario, ...] = ()
) -> tuple[tuple[Scenario, ...], tuple[str, ...]]:
    """Finds scenarios by name and group (all where neither is given), those of the user's `own` behind ours.

    Shape: returns them in order, and the unknown names; a name that only a group has stands for the group.
    """
    table = (*SCENARIOS, *own)
    known, kinds = {each.name for each in table}, {*GROUPS, *(each.group for each in own)}
    groups = (*groups, *(name for name in names if name in kinds - known))
    names = tuple(name for name in names if name in known or name not in kinds)
    unknown = [*(name for name in names if name not in known), *(group for group in groups if group not in kinds)]
    if not names and not groups:
        return table, ()
    wanted = {*names, *(SMOKE if "smoke" in groups else ())}
    chosen = [each for each in table if each.name in wanted or each.group in groups]
    return tuple(chosen), tuple(unknown)
