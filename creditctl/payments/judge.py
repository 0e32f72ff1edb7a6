"""From payments to findings and repairs. Pure: the same payments give the same answer in any order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from creditctl.payments.case import Case
from creditctl.payments.facts import Pulled
from creditctl.payments.finding_codes import ClassifiedFinding, classified
from creditctl.payments.judge_clawback import judge_returns
from creditctl.payments.judge_credit import JudgementContext, judge_credit
from creditctl.payments.repair import Repair


@dataclass(frozen=True, slots=True)
class Classified:
    """Everything that is wrong, and everything that can be put right."""

    found: tuple[ClassifiedFinding, ...]
    repairs: tuple[Repair, ...]


def classify(cases: Iterable[Case], terms: JudgementContext) -> Classified:
    """The findings and the repairs of many payments."""
    found: list[ClassifiedFinding] = []
    repairs: list[Repair] = []
    for case in cases:
        credit = judge_credit(case, terms)
        returns = judge_returns(case, terms) if credit.stands and case.purchases else None
        for verdict in (credit, returns) if returns else (credit,):
            found += verdict.found
            repairs += [verdict.repair] if verdict.repair is not None else []
    return Classified(tuple(found), tuple(repairs))


def about_the_pull(pulled: Pulled) -> tuple[ClassifiedFinding, ...]:
    """What is wrong with the reading itself."""
    again = "`creditctl reconcile` again; nothing is repaired from an incomplete picture"
    gaps = tuple(classified("pull_incomplete", "stripe", f"{gap}.", again) for gap in pulled.gaps)
    unreadable = tuple(
        classified(
            "unreadable_object",
            each.id,
            f"Stripe's answer to {each.path} could not be understood: {each.reason}.",
            "Please report it: this version of creditctl does not know such an object",
        )
        for each in pulled.unreadable
    )
    return (*gaps, *unreadable)
