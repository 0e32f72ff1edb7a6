"""Findings that are over: open in the ledger, though the judgement of their payment finds nothing of the kind."""

from __future__ import annotations

from collections.abc import Iterable

from creditctl.core.entitlement.decision import Grants
from creditctl.core.entitlement.owner import OWNER_CODES
from creditctl.ledger.models import FindingStatus, StoredFinding
from creditctl.payments.case import PaymentCase
from creditctl.payments.finding_codes import ABOUT_ROWS
from creditctl.payments.verdict import PaymentState, Verdict

_AT_REST = frozenset((PaymentState.CREDITED, PaymentState.SETTLED, PaymentState.NOT_OURS))
"""The states in which nobody has to decide anything about a payment."""


def over_by_judgement(stored: Iterable[StoredFinding], judged: Iterable[tuple[PaymentCase, Verdict]]) -> frozenset[int]:
    """The ids of open findings about payments that stand as they should: a webhook left them, and an application, a
    repair or a person has credited rightly since, or the catalogue has changed. That nobody can say whose a payment is,
    is over as soon as its owner is known, whether they have their credits or not.

    Shape: a payment that was not judged says nothing about its findings.
    """
    at_rest: set[str] = set()
    owned: set[str] = set()
    found: set[tuple[str, str]] = set()
    for case, verdict in judged:
        found |= {each.identity for each in verdict.found}
        if verdict.state in _AT_REST:
            at_rest |= {case.key, *case.names}
        if isinstance(verdict.decision, Grants):
            owned |= {case.key, *case.names}
    return frozenset(
        each.id
        for each in stored
        if each.status is FindingStatus.OPEN
        and each.finding.code not in ABOUT_ROWS
        and (each.finding.code, each.finding.subject) not in found
        and {each.payment_key, each.finding.subject} & (owned if each.finding.code in OWNER_CODES else at_rest)
    )
