"""Review of a whole run: payments judged one by one, then together, then beside them the books themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from creditctl.core.text import plural
from creditctl.ledger.view import LedgerView
from creditctl.payments.case import PaymentCase
from creditctl.payments.finding_codes import ClassifiedFinding, classified
from creditctl.payments.judgement.mapping_fault import mapping_fault, without_repairs
from creditctl.payments.judgement.together import found_together
from creditctl.payments.judgement.unexplained import judge_together
from creditctl.payments.proven import NOTHING_PROVEN, Proven
from creditctl.payments.source.review import Review, review
from creditctl.payments.verdict import JudgementContext

_DAY_SECONDS = 86_400


def review_all(
    cases: Sequence[PaymentCase],
    context: JudgementContext,
    view: LedgerView,
    names: Mapping[str, str],
    proven: Proven = NOTHING_PROVEN,
) -> Review:
    """The verdicts of all payments of a run, and what was found beside them.

    Shape: nothing is repaired where entries and payments pair up under different names, nor in a ledger that was
           tampered with. `names` are the payments of Stripe's other names for them; `proven` need no judgement.
    """
    reviewed = review(context.keeper, cases, judge_together(cases, context), names, proven, context.settled)
    judged = list(zip(cases, reviewed.verdicts, strict=True))
    fault, tampered = mapping_fault(judged, proven), _tampered(view, context.now)
    together = found_together(judged, context, context.keeper.entries(view))
    first, verdicts = tampered or fault, reviewed.verdicts
    if first is not None:
        verdicts = without_repairs(verdicts, f"First settle {first.finding.code}, then reconcile again")
    beside = context.still_open(reviewed.beside)
    return Review(verdicts, (*filter(None, (tampered, fault)), *beside, *together))


def found_whatever_settled(
    cases: Sequence[PaymentCase], context: JudgementContext, view: LedgerView, names: Mapping[str, str]
) -> list[ClassifiedFinding]:
    """What is found of payments, and beside them, as if nobody had dismissed what nobody noted the stake of."""
    settled = {identity: each for identity, each in context.settled.items() if not each.dismissed_unnoted}
    terms = replace(context, settled=settled)
    reviewed = review(terms.keeper, cases, judge_together(cases, terms), names, settled=context.settled)
    judged = list(zip(cases, reviewed.verdicts, strict=True))
    found = [each for verdict in reviewed.verdicts for each in verdict.found]
    return [*found, *reviewed.beside, *found_together(judged, terms, terms.keeper.entries(view))]


def _tampered(view: LedgerView, now: int) -> ClassifiedFinding | None:
    """The finding about a ledger that does not verify: what it says proves nothing then."""
    faults = view.verify_partly(now // _DAY_SECONDS).faults
    if not faults:
        return None
    more = f", and {plural(len(faults) - 1, 'more fault')}" if len(faults) > 1 else ""
    text = f"The ledger does not verify: {faults[0].message}{more}. Nothing is repaired."
    fix = "`creditctl ledger verify` shows every fault; put back the last backup that verifies, then reconcile again"
    return classified("ledger_tampered", "ledger", text, fix)
