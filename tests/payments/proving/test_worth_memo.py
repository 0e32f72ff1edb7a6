"""The worth of a payment by that of another of its shape is the one that judging it gives, whatever it says."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from creditctl.core.catalog import Catalog
from creditctl.core.deployment import Deployment
from creditctl.core.entitlement.facts import RefundFact, SessionFacts
from creditctl.core.project_file.ownership import DeploymentMatch
from creditctl.ledger.archive.source_queries import SourceRows
from creditctl.ledger.archive.store import Archive
from creditctl.payments.facts import ChargeFacts, IntentFacts, PaymentFacts, SoldSession
from creditctl.payments.keeper import OUR_LEDGER, Keeper
from creditctl.payments.proving.stored_worth import stored_worth, unhurried
from creditctl.payments.proving.worth_memo import WorthMemo
from creditctl.payments.source.fitting import FittingTerms
from creditctl.payments.source.source_keeper import SourceKeeper
from creditctl.payments.verdict import JudgementContext
from creditctl.sources.mapping.users import canonical_or_same
from tests.support.clock import NOW

UUID = "0A000000-0000-4000-8000-00000000000A"
USERS = ("u1", "u2", UUID, UUID.lower(), "starter", " u1", "", "pi_1", "creditctl")
TIMES = (NOW - 5, NOW - 4, NOW, 5, 0, 1 << 41)
PROMISE = {"managed_by": "creditctl", "package": "starter", "credits": "1000", "deployment": "eu", "shop": "mine"}
METADATA: Mapping[str, tuple[str, ...]] = {
    "managed_by": ("another",),
    "package": ("basic", "gone"),
    "credits": ("5500", "x"),
    "deployment": ("us", ""),
    "shop": ("yours", ""),
    "buyer": (*USERS, "u3"),
    "order": ("1", "2", *USERS),
    "user_id": USERS,
}
SESSION: Mapping[str, tuple[object, ...]] = {
    "id": ("cs_live_1", "order 1", "cs_1", "pi_1"),
    "status": ("open", None),
    "payment_status": ("unpaid", "no_payment_required"),
    "mode": ("setup",),
    "amount_subtotal": (4500, 0, 1 << 41),
    "amount_total": (1190, 0, 1 << 41),
    "currency": ("eur",),
    "client_reference_id": (None, *USERS),
    "livemode": (True,),
    "created": TIMES,
    "invoice": ("in_1", "u1"),
}
INTENT: Mapping[str, tuple[object, ...]] = {
    "id": ("pi_another", "ch_1"),
    "status": ("processing", "canceled"),
    "amount_received": (400, 4500),
    "amount": (None, 4500),
    "currency": ("eur",),
    "created": TIMES,
    "charge_id": (None, "ch_9"),
    "description": ("Subscription creation", "Coffee"),
    "invoice": ("in_7", "in_8"),
}
CHARGE: Mapping[str, tuple[object, ...]] = {"id": ("py_1",), "created": TIMES, "amount": (7,), "method": (None,)}
WHOLE: Mapping[str, tuple[object, ...]] = {
    "key": ("order 1",),
    "facts": ((RefundFact("re_1", "pi_1", None, 333, "usd", "succeeded", NOW - 3, NOW - 3),),),
    "absent": (True,),
    "asked": ("ch_1",),
    "unasked": (True,),
    "charge": (ChargeFacts("ch_1", NOW - 5, "succeeded", 1000, "usd"),),
}


class Odd:
    """Changes of a payment, each made or not. Shape: `few` of all that can be are."""

    def __init__(self, chance: random.Random, few: float) -> None:
        self.chance, self.few = chance, few

    def some(self, choices: Mapping[str, tuple[object, ...]]) -> dict[str, Any]:
        return {name: self.chance.choice(values) for name, values in choices.items() if self.chance.random() < self.few}

    def metadata(self, user: str) -> dict[str, str]:
        said = {**PROMISE, "user_id": user, **self.some(METADATA)}
        for key in list(said):
            if self.chance.random() < self.few:
                said.pop(key)
        names = list(said)
        self.chance.shuffle(names) if self.chance.random() < self.few else None
        return {name: said[name] for name in names}


def payments(chance: random.Random) -> Iterator[PaymentFacts]:
    """Payments of a few shapes, and others that differ from them in something."""
    for number in range(600):
        odd = Odd(chance, chance.choice((0, 0.01, 0.03, 0.06)))
        user = chance.choice(("u1", "u2", UUID, f"user {number}"))
        key = f"pi_{number}"
        sold = SessionFacts(
            f"cs_test_{number}",
            "complete",
            "paid",
            "payment",
            1000,
            1000,
            "usd",
            key if chance.random() < 0.95 else None,
            user,
            odd.metadata(user),
            False,
            NOW - 5,
        )
        charge = ChargeFacts(f"ch_{number}", NOW - 5 + chance.choice((0, 1, 2)), "succeeded", 1000, "usd", "card")
        said = odd.metadata(user) if chance.random() < 0.8 else {}
        paid = IntentFacts(key, "succeeded", 1000, "usd", said, NOW - 5, 1000, None, charge.id)
        charge = replace(charge, **odd.some(CHARGE))
        paid = replace(paid, charge=charge if chance.random() < 0.9 else None, **odd.some(INTENT))
        session = SoldSession(replace(sold, **odd.some(SESSION)), chance.choice((None,) * 20 + ((),)))
        found = PaymentFacts(
            session.session.payment_key,
            session if chance.random() < 0.85 else None,
            paid if chance.random() < 0.85 else None,
        )
        yield replace(found, **odd.some(WHOLE))


def contexts(catalog: Catalog, archive: Archive) -> Iterator[JudgementContext]:
    """By our ledger and by an application's rows, with deployments, their marks and own places of the buyer."""
    marked = Deployment(match=DeploymentMatch("shop", "mine"))
    named = Deployment("eu", named_since=NOW - 4)
    terms = FittingTerms(canonical_or_same, places=("metadata.order", "client_reference_id"))
    keepers: tuple[Keeper, ...] = (OUR_LEDGER, SourceKeeper(SourceRows(archive), False, 1, terms))
    for keeper in keepers:
        for deployment, user in (
            (Deployment(), ()),
            (marked, ("metadata.buyer", "client_reference_id")),
            (named, ("metadata.package", "metadata.user_id")),
        ):
            sold_here = replace(catalog, deployment=deployment, user=user)
            yield unhurried(JudgementContext(sold_here, False, NOW, NOW, keeper=keeper))


def test_one_judgement_for_a_shape_is_that_of_each(catalog: Catalog, tmp_path: Path) -> None:
    with Archive.open(tmp_path / "archive.db", account="acct_1", livemode=False) as archive:
        for seed, context in enumerate(contexts(catalog, archive)):
            memo = WorthMemo(context, {})
            for each in payments(random.Random(seed)):
                assert memo.worth(each) == stored_worth(each, {}, context), each
            assert len(memo.shapes) < 400, "most of them are like others"


@pytest.mark.parametrize("external", [False, True])
def test_payments_that_differ_in_names_and_times_alone_are_judged_once(
    catalog: Catalog, tmp_path: Path, external: bool
) -> None:
    with Archive.open(tmp_path / "archive.db", account="acct_1", livemode=False) as archive:
        keeper: Keeper = SourceKeeper(SourceRows(archive), False) if external else OUR_LEDGER
        memo = WorthMemo(unhurried(JudgementContext(catalog, False, NOW, NOW, keeper=keeper)), {})
        for n in range(50):
            said = {"managed_by": "creditctl", "user_id": f"u{n}", "package": "starter", "credits": "1000", "n": f"{n}"}
            sold = SessionFacts(
                f"cs_test_{n}", "complete", "paid", "payment", 1000, 1000, "usd", f"pi_{n}", f"u{n}", said, False, n
            )
            charge = ChargeFacts(f"ch_{n}", n + 1 + n % 7, "succeeded", 1000, "usd", "card")
            paid = IntentFacts(f"pi_{n}", "succeeded", 1000, "usd", said, n, 1000, charge, charge.id)
            worth = memo.worth(PaymentFacts(f"pi_{n}", SoldSession(sold), paid))
            assert (worth.payment, worth.session_id, worth.user_id) == (f"pi_{n}", f"cs_test_{n}", f"u{n}")
            assert (worth.opened, worth.paid, worth.bought, worth.look) == (n, n + 1 + n % 7, n + 1 + n % 7, 0)
        assert len(memo.shapes) == 1


def test_what_differs_in_more_than_memory_is_to_hold_is_judged(catalog: Catalog) -> None:
    memo = WorthMemo(unhurried(JudgementContext(catalog, False, NOW, NOW)), {}, most=2)
    for number, amount in enumerate((1, 2, 3, 1)):
        paid = IntentFacts(f"pi_{number}", "succeeded", amount, "usd", {}, 5)
        assert memo.worth(PaymentFacts(paid.id, intent=paid)).payment == paid.id
    assert len(memo.shapes) == 2
