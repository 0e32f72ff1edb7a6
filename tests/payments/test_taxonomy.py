"""The taxonomy at a glance: every code of reconciliation, planted once, is found under its name, with all that it says.

Each plant is put into a sound shop, so that it is found and nothing else is. What is said of an application's rows
is planted in `tests/journeys/existing_shop`, and what is said of lists that do not tie out in `tests/reconciliation`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest

from creditctl.core.entitlement.settlement import EntryKind
from creditctl.core.findings import Finding, Severity, Stake
from creditctl.payments.finding_codes import PREFIX, REPAIRABLE, SEVERITIES
from tests.support.payment_shop import Shop

USER = "u7"


@dataclass(frozen=True)
class Planted:
    """One kind of discrepancy.

    Shape: `plant` gives the subject of the finding; `names` are ids that its evidence must hold, by their beginning;
           `repaired` says that a repair settles it, else a person or time does.
    """

    code: str
    plant: Callable[[Shop], str]
    severity: Severity
    stake: Stake | None
    names: tuple[str, ...] = ("pi_", "cs_")
    repaired: bool = False


def missing(shop: Shop) -> str:
    return shop.pay(user=USER)


def missing_of_a_free_order(shop: Shop) -> str:
    return shop.pay(user=USER, payment_status="no_payment_required", payment_intent=None, amount_total=0)


def missing_and_returned(shop: Shop) -> str:
    key = missing(shop)
    shop.refund(key, 1000)
    return key


def in_flight(shop: Shop) -> str:
    return shop.pay(user=USER, age=10)


def credited(shop: Shop, **changes: Any) -> str:
    key = shop.pay(user=USER, **changes)
    shop.fulfil(key)
    return key


def duplicate(shop: Shop) -> str:
    key = credited(shop)
    shop.post(user=USER, payment_key=key)
    return key


def wrong_amount(shop: Shop) -> str:
    key = missing(shop)
    shop.post(900, USER, payment_key=key)
    return key


def wrong_user(shop: Shop) -> str:
    key = missing(shop)
    shop.post(user="thief", payment_key=key)
    return key


def orphan(shop: Shop) -> str:
    return str(shop.post(user=USER, payment_key="pi_unknown").payment_key)


def not_paid(shop: Shop) -> str:
    """A bank debit that was credited at once and never came."""
    key = shop.pay(user=USER, payment_status="unpaid")
    shop.intent(key, created=shop.now - 86_400, status="requires_payment_method")
    shop.post(user=USER, payment_key=key)
    return key


def mode_mix(shop: Shop) -> str:
    shop.post(user=USER, payment_key="cs_live_1")
    return "cs_live_1"


def undecided(shop: Shop) -> str:
    """Two of a package, credited by somebody who took the quantity for three."""
    key = shop.pay(user=USER, metadata={}, amount_subtotal=2000, amount_total=2000)
    metadata = {"managed_by": "creditctl", "package": "starter", "credits": "1000"}
    price = {"id": "price_1", "product": "creditctl_starter", "unit_amount": 1000, "currency": "usd"}
    item = {"id": "li_1", "quantity": 2, "amount_subtotal": 2000, "currency": "usd"}
    shop.line_items(key, {**item, "price": {**price, "metadata": metadata}})
    shop.post(3000, USER, payment_key=key, amount=2000)
    return key


def captured_in_part(shop: Shop) -> str:
    key = missing(shop)
    shop.intent(key, created=shop.now - 86_400, amount_received=400)
    shop.post(user=USER, payment_key=key)
    return key


def clawback_of_an_unknown_payment(shop: Shop) -> str:
    shop.post(-400, USER, kind=EntryKind.REFUND, amount=-400, payment_key="pi_unknown", object_id="re_unknown")
    return "pi_unknown"


def clawback_of_another_user(shop: Shop) -> str:
    key = credited(shop)
    refund = shop.refund(key, 400)
    shop.post(-400, "u8", kind=EntryKind.REFUND, amount=-400, payment_key=key, object_id=refund)
    return refund


def refund_not_taken(shop: Shop) -> str:
    return shop.refund(credited(shop), 400)


def refund_failed(shop: Shop) -> str:
    key = shop.pay(user=USER)
    refund = shop.refund(key, 400)
    shop.fulfil(key)
    shop.shelf.objects["refunds"][refund]["status"] = "failed"
    return refund


def over_returned(shop: Shop) -> str:
    key = credited(shop)
    shop.post(5, USER, kind=EntryKind.REFUND_REVERSAL, amount=5, payment_key=key, object_id="re_unknown")
    return key


def over_taken(shop: Shop) -> str:
    key = credited(shop)
    shop.post(-5, USER, kind=EntryKind.REFUND, amount=-5, payment_key=key, object_id="re_unknown")
    return key


def refund_pending(shop: Shop) -> str:
    key = shop.pay(user=USER)
    refund = shop.refund(key, 400, "pending")
    shop.fulfil(key)
    return refund


def dispute_not_held(shop: Shop) -> str:
    return shop.dispute(credited(shop), 1000)


def dispute_lost(shop: Shop) -> str:
    return shop.dispute(credited(shop), 1000, "lost")


def dispute_won(shop: Shop) -> str:
    key = shop.pay(user=USER)
    dispute = shop.dispute(key, 1000)
    shop.fulfil(key)
    moves = [{"id": f"txn_{dispute}_{n}", "object": "balance_transaction", "amount": each, "currency": "usd"}
             for n, each in enumerate((-1000, 1000))]  # fmt: skip
    shop.shelf.objects["disputes"][dispute] |= {"status": "won", "balance_transactions": moves}
    return dispute


def said_otherwise(**said: Any) -> Callable[[Shop], str]:
    """An entry that says something else of its payment than Stripe."""

    def plant(shop: Shop) -> str:
        key = missing(shop)
        shop.post(user=USER, payment_key=key, **said)
        return key

    return plant


def before_its_payment(shop: Shop) -> str:
    """Written while the buyer was still on the payment page."""
    key = shop.pay(user=USER, age=0)
    shop.post(user=USER, payment_key=key)
    shop.moment[0] += 86_400
    shop.intent(key, created=shop.now - 80_000, metadata=shop.session_of(key)["metadata"])
    return key


def without_a_session(shop: Shop) -> str:
    shop.intent("pi_alone", created=shop.now - 5000, metadata={"managed_by": "creditctl"})
    return "pi_alone"


def by_hand(shop: Shop) -> str:
    shop.intent("pi_by_hand", created=shop.now - 5000, amount=4500)
    return "pi_by_hand"


def outside_the_catalogue(shop: Shop) -> str:
    shop.post(user=USER, payment_key="pi_foreign")
    return "pi_foreign"


def paid_twice(shop: Shop) -> str:
    credited(shop, age=5000)
    return credited(shop, age=4900)


def warned(shop: Shop) -> str:
    key = credited(shop)
    body = {"id": "issfr_1", "object": "radar.early_fraud_warning", "actionable": True, "created": shop.now - 600}
    shop.shelf.put("radar/early_fraud_warnings", {**body, "payment_intent": key, "charge": f"ch_{key}"})
    return "issfr_1"


def spent_and_returned(shop: Shop) -> str:
    key = shop.pay(user=USER)
    shop.refund(key, 1000)
    shop.fulfil(key)
    shop.post(-300, USER, kind=EntryKind.USAGE, amount=0, currency=None)
    return f"user {USER}"


def tampered(shop: Shop) -> str:
    with closing(sqlite3.connect(shop.ledger.path)) as connection:
        (trigger,) = connection.execute("SELECT sql FROM sqlite_master WHERE name LIKE '%credit_transactions%' "
                                        "AND type = 'trigger' AND sql LIKE '%UPDATE%'").fetchone()  # fmt: skip
        name = trigger.split()[2]
        connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE credit_transactions SET note = 'edited' WHERE id = 1")
        connection.execute(trigger)
        connection.commit()
    return "ledger"


CRITICAL, HIGH, MEDIUM, LOW, INFO = Severity
STARTER = Stake(1000, 1000, "usd")
PART = Stake(400, 400, "usd")

TAXONOMY = (
    Planted("missing_credit", missing, CRITICAL, STARTER, repaired=True),
    Planted("missing_credit", missing_of_a_free_order, MEDIUM, Stake(1000, 0, "usd"), ("cs_",), repaired=True),
    Planted("missing_credit", missing_and_returned, LOW, Stake(0, 0, "usd"), ("pi_", "cs_", "re_"), repaired=True),
    Planted("in_flight", in_flight, INFO, None),
    Planted("duplicate_credit", duplicate, HIGH, STARTER, ("pi_", "cs_", "entry ")),
    Planted("wrong_amount", wrong_amount, HIGH, Stake(100, 100, "usd"), ("pi_", "cs_", "entry ")),
    Planted("wrong_user", wrong_user, CRITICAL, STARTER, ("pi_", "cs_", "entry ")),
    Planted("orphan_credit", orphan, CRITICAL, Stake(1000), ("pi_unknown", "entry ")),
    Planted("not_paid_credit", not_paid, CRITICAL, Stake(1000), ("pi_", "cs_", "entry ")),
    Planted("mode_mix", mode_mix, CRITICAL, Stake(1000), ("cs_live_1", "entry ")),
    Planted("undecided_credit", undecided, HIGH, Stake(3000, 2000, "usd"), ("pi_", "cs_", "entry ")),
    Planted("undecided_credit", captured_in_part, HIGH, Stake(1000, 400, "usd"), ("pi_", "cs_", "entry ")),
    Planted("clawback_without_credit", clawback_of_an_unknown_payment, HIGH, Stake(400), ("pi_unknown", "entry ")),
    Planted("clawback_wrong_user", clawback_of_another_user, HIGH, PART, ("pi_", "cs_", "re_", "entry ")),
    Planted("refund_not_taken", refund_not_taken, HIGH, PART, ("pi_", "re_"), repaired=True),
    Planted("refund_failed_not_returned", refund_failed, HIGH, PART, ("pi_", "re_"), repaired=True),
    Planted("refund_over_returned", over_returned, HIGH, Stake(5, 5, "usd"), ("pi_", "entry ")),
    Planted("refund_over_taken", over_taken, HIGH, Stake(5, 5, "usd"), ("pi_", "entry ")),
    Planted("refund_pending", refund_pending, INFO, PART, ("pi_", "re_")),
    Planted("dispute_not_held", dispute_not_held, HIGH, STARTER, ("pi_", "du_"), repaired=True),
    Planted("dispute_lost_not_taken", dispute_lost, HIGH, STARTER, ("pi_", "du_"), repaired=True),
    Planted("dispute_won_not_returned", dispute_won, HIGH, STARTER, ("pi_", "du_"), repaired=True),
    Planted("amount_mismatch", said_otherwise(amount=900), MEDIUM, Stake(0, 100, "usd")),
    Planted("currency_mismatch", said_otherwise(currency="eur"), MEDIUM, Stake(0, 0, "usd")),
    Planted("package_mismatch", said_otherwise(package="basic"), MEDIUM, Stake(0, 0, "usd")),
    Planted("credited_before_paid", before_its_payment, MEDIUM, STARTER, ("pi_", "cs_", "entry ")),
    Planted("unattributed_payment", without_a_session, MEDIUM, Stake(0, 1000, "usd"), ("pi_alone", "ch_")),
    Planted("payment_by_hand", by_hand, INFO, Stake(5500, 4500, "usd"), ("pi_by_hand", "ch_")),
    Planted("not_ours_credit", outside_the_catalogue, INFO, None, ("pi_foreign", "entry ")),
    Planted("double_payment", paid_twice, INFO, STARTER),
    Planted("fraud_warning", warned, INFO, STARTER, ("pi_", "cs_", "ch_", "entry ")),
    Planted("negative_balance", spent_and_returned, MEDIUM, Stake(300), ()),
    Planted("ledger_tampered", tampered, CRITICAL, None, ()),
)

ELSEWHERE = {
    "run_failed": "tests/reconciliation/test_open_findings.py",
    "pull_incomplete": "tests/reconciliation/test_pull.py",
    "unreadable_object": "tests/payments/judgement/test_judge.py",
    "settled_finding": "tests/payments/judgement/test_over.py",
    "mapping_fault": "tests/payments/judgement/test_mapping_fault.py",
    "pending_not_completed": "tests/journeys/existing_shop",
    "row_changed": "tests/journeys/existing_shop",
    "row_gone": "tests/journeys/existing_shop",
    "user_mapping": "tests/journeys/existing_shop",
    "balance_mismatch": "tests/journeys/existing_shop",
}
"""What is planted in a place of its own."""


@pytest.mark.parametrize("case", TAXONOMY, ids=[f"{each.code}-{each.plant.__name__}" for each in TAXONOMY])
def test_what_is_planted_is_found_by_its_name_with_all_that_it_says(sound: Shop, case: Planted) -> None:
    subject = case.plant(sound)
    report = sound.reconcile()
    (finding,) = report.findings

    assert (finding.code, finding.subject) == (f"{PREFIX}{case.code}", subject)
    assert (finding.severity, finding.stake) == (case.severity, case.stake)
    missing_names = [each for each in case.names if not any(name.startswith(each) for name in finding.evidence)]
    assert missing_names == [], finding.evidence
    assert is_a_sentence(finding)
    assert bool(report.repairs) is case.repaired


@pytest.mark.parametrize("case", [each for each in TAXONOMY if each.repaired], ids=lambda each: each.plant.__name__)
def test_what_a_repair_settles_is_over_and_a_second_one_writes_nothing(sound: Shop, case: Planted) -> None:
    case.plant(sound)

    assert sound.repair(sound.reconcile()).findings == ()
    assert sound.repair(sound.reconcile()).repaired == ()


def test_every_code_is_in_the_table_or_planted_elsewhere() -> None:
    assert {each.code for each in TAXONOMY} | ELSEWHERE.keys() == SEVERITIES.keys()
    assert {each.code for each in TAXONOMY if each.repaired} == REPAIRABLE


def is_a_sentence(finding: Finding) -> bool:
    """Whether support can read it: whole sentences about what is so, and what to do."""
    return not finding.message[0].islower() and finding.message.endswith(".") and len(finding.fix) > 3
