"""Stakes: the credits and the money of all findings together, each payment counted once. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from creditctl.core.findings import Finding, Severity
from creditctl.core.money import format_amount
from creditctl.core.text import plural


@dataclass(frozen=True, slots=True)
class Stakes:
    """What is at stake in all. Units: `amounts` in minor units, by currency."""

    credits: int
    amounts: tuple[tuple[str, int], ...]

    @property
    def words(self) -> str:
        """The stakes in a sentence's words; empty where there are none."""
        parts = [plural(self.credits, "credit")] if self.credits else []
        return ", ".join([*parts, *(format_amount(amount, currency) for currency, amount in self.amounts)])

    def as_dict(self) -> dict[str, Any]:
        """The stakes as a JSON document shows them."""
        return {"credits": self.credits, "amounts": dict(self.amounts)}


def stakes_of(findings: Iterable[Finding]) -> Stakes:
    """The totals of findings; what is only information has nothing at stake.

    Shape: two findings about one payment are about the same credits and the same money: the larger number counts.
    """
    credits: dict[str, int] = defaultdict(int)
    amounts: dict[tuple[str, str], int] = defaultdict(int)
    for finding in findings:
        stake = finding.stake
        if stake is None or finding.severity is Severity.INFO:
            continue
        about = finding.evidence[0] if finding.evidence else finding.subject
        # Several refunds of one payment add up; several faults of one payment are about the same credits.
        about = about if about == finding.subject else f"{about} {finding.subject}"
        credits[about] = max(credits[about], stake.credits)
        if stake.currency is not None:
            amounts[about, stake.currency] = max(amounts[about, stake.currency], stake.amount)
    totals: dict[str, int] = defaultdict(int)
    for (_about, currency), amount in amounts.items():
        totals[currency] += amount
    return Stakes(sum(credits.values()), tuple(sorted((each, amount) for each, amount in totals.items() if amount)))
