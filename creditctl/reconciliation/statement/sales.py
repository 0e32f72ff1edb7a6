"""Sales of a statement: each payment that sold a package of ours, with what went back and what it cost. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from creditctl.core.catalog import Catalog
from creditctl.core.entitlement.decision import Disagrees, Grants
from creditctl.core.entitlement.facts import RefundFact
from creditctl.payments.case import PaymentCase
from creditctl.payments.worth import worth


@dataclass(frozen=True, slots=True)
class Fee:
    """What Stripe took of one payment. Units: minor units of `currency`, which is that of the balance."""

    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class Return:
    """Money that went back, or is held by a dispute. Units: minor units; `moment` in Unix seconds."""

    moment: int
    amount: int
    currency: str
    disputed: bool


@dataclass(frozen=True, slots=True)
class SoldPayment:
    """One payment that sold a package of ours. Shape: `fee` is None where nobody knows it.

    Units: `amount` is what was charged, in minor units; `credits` what it is worth; `moment` in Unix seconds.
    """

    key: str
    moment: int
    amount: int
    currency: str
    package: str | None
    credits: int
    returns: tuple[Return, ...] = ()
    fee: Fee | None = None


def sales_of(cases: Iterable[PaymentCase], catalog: Catalog, fees: Mapping[str, Fee]) -> Iterator[SoldPayment]:
    """The sales among payments. Shape: `fees` by payment; one that needs a person counts with what it proposes.

    A payment whose credits nobody can say belongs to no package: it would change what that seems to cost.
    """
    for case in cases:
        decision = None if case.sold is None else worth(case.sold, catalog)
        if case.sold is None or not isinstance(decision, Grants | Disagrees):
            continue
        session, intent = case.sold.session, case.intent
        said = decision.purchase if isinstance(decision, Grants) else decision.proposal
        yield SoldPayment(
            key=case.key,
            moment=session.created if intent is None else intent.paid,
            amount=session.amount_total if intent is None else intent.amount_received,
            currency=session.currency,
            package=None if said.credits is None else said.package,
            credits=said.credits or 0,
            returns=tuple(_returns(case)),
            fee=fees.get(case.key) if session.amount_total else Fee(0, session.currency),
        )


def _returns(case: PaymentCase) -> Iterator[Return]:
    for fact in case.facts:
        if fact.counted:
            yield Return(fact.created, fact.counted, fact.currency, not isinstance(fact, RefundFact))
