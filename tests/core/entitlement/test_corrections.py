"""What an adjustment corrects: a purchase or a clawback that it names in the end, or the payment as a whole."""

from __future__ import annotations

from creditctl.core.entitlement.corrections import CorrectedEntries, corrected_numbers, links_of
from creditctl.core.entitlement.settlement import EntryKind
from creditctl.ledger.models import Entry


def entry(number: int, kind: EntryKind, credits: int, user: str = "ann", corrects: int | None = None) -> Entry:
    return Entry(
        id=number,
        recorded=1,
        created=1,
        user_id=user,
        kind=kind,
        credits=credits,
        amount=0,
        currency=None,
        payment_key="pi_1",
        session_id=None,
        object_id=None,
        package=None,
        idempotency_key=f"import:app:{number}",
        source_event=None,
        corrects=corrects,
        account="acct_1",
        livemode=False,
        note=None,
        hash="",
    )


PURCHASE = entry(1, EntryKind.PURCHASE, 1000)
REFUND = entry(2, EntryKind.REFUND, -400)


def test_a_correction_of_a_correction_belongs_to_what_was_corrected_first() -> None:
    first, second = (entry(3, EntryKind.ADJUSTMENT, -100, corrects=1), entry(4, EntryKind.ADJUSTMENT, 100, corrects=3))
    returned = entry(5, EntryKind.ADJUSTMENT, 400, corrects=2)

    found = CorrectedEntries.of([PURCHASE, REFUND, first, second, returned])

    assert (found.given, found.taken, found.unnamed) == ((PURCHASE, first, second), (REFUND, returned), ())
    assert found.corrects_purchases
    assert found.held({}) == {"ann": 1000}


def test_an_adjustment_that_names_no_entry_of_the_payment_is_unnamed() -> None:
    alone, strange = entry(3, EntryKind.ADJUSTMENT, -400), entry(4, EntryKind.ADJUSTMENT, 5, corrects=99)

    found = CorrectedEntries.of([PURCHASE, alone, strange])

    assert (found.given, found.unnamed, found.corrects_purchases) == ((PURCHASE,), (alone, strange), False)


def test_an_unnamed_correction_counts_as_far_as_it_leads_to_what_is_due() -> None:
    again, minus = entry(2, EntryKind.PURCHASE, 1000), entry(3, EntryKind.ADJUSTMENT, -1400)
    doubled = CorrectedEntries.of([PURCHASE, again, minus])
    few = CorrectedEntries.of([entry(1, EntryKind.PURCHASE, 900), entry(2, EntryKind.ADJUSTMENT, 300)])
    gift = CorrectedEntries.of([PURCHASE, entry(2, EntryKind.ADJUSTMENT, 300)])

    assert doubled.held({"ann": 1000}) == {"ann": 1000}
    assert doubled.held({}) == {"ann": 600}
    assert few.held({"ann": 1000}) == {"ann": 1000}
    assert gift.held({"ann": 1000}) == {"ann": 1000}


def test_a_correction_that_comes_before_what_it_corrects_belongs_to_it() -> None:
    """An application may date a correction before its purchase, or export its newest rows first."""
    second, first, sold = (
        entry(1, EntryKind.ADJUSTMENT, 100, corrects=2),
        entry(2, EntryKind.ADJUSTMENT, -100, corrects=3),
        entry(3, EntryKind.PURCHASE, 1000),
    )

    assert CorrectedEntries.of([second, first, sold]).given == (second, first, sold)


def test_corrections_that_correct_one_another_in_a_circle_correct_nothing() -> None:
    circle = [
        entry(2, EntryKind.ADJUSTMENT, -100, corrects=2),
        entry(3, EntryKind.ADJUSTMENT, -100, corrects=4),
        entry(4, EntryKind.ADJUSTMENT, 100, corrects=3),
        entry(5, EntryKind.ADJUSTMENT, 100, corrects=4),
    ]

    found = CorrectedEntries.of([PURCHASE, *circle])

    assert (found.given, found.unnamed) == ((PURCHASE,), tuple(circle))
    assert [corrected_numbers(number, links_of(circle)) for number in (2, 3, 4, 5)] == [[2], [3], [4], [5, 4]]
