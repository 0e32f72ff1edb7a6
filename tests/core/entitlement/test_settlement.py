"""The arithmetic of taking back, and the keys under which it is written."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.core.entitlement.facts import DisputeFact, Fact, FundsObservation, Movement, Observation, RefundFact
from creditctl.core.entitlement.settlement import (
    EntryDraft,
    EntryKind,
    KeyScheme,
    Purchase,
    RefundPosition,
    credits_to_take,
    idempotency_key,
    returned_amount,
    settlement,
)

PURCHASE = Purchase("user", 1000, 900, "usd", "pi_1", "cs_1", "starter", 1)


def refund(name: str, amount: int, status: str = "succeeded", created: int = 5) -> RefundFact:
    return RefundFact(name, "pi_1", "ch_1", amount, "usd", status, created, created)


def dispute(name: str, amount: int, *moves: int, status: str = "needs_response") -> DisputeFact:
    movements = tuple(Movement(f"txn_{index}", move, "usd") for index, move in enumerate(moves))
    return DisputeFact(name, "pi_1", "ch_1", "usd", 6, 6, Observation(6, 4, status, amount), movements)


def applied(standing: RefundPosition, drafts: tuple[EntryDraft, ...]) -> RefundPosition:
    """What the ledger holds once the drafts are written."""
    takers = {
        draft.object_id: 7
        for draft in drafts
        if draft.object_id and draft.kind in (EntryKind.REFUND, EntryKind.DISPUTE)
    }
    shares = Counter(standing.shares)
    shares.subtract({str(draft.object_id): draft.amount for draft in drafts})
    return replace(
        standing,
        taken=standing.taken - sum(draft.credits for draft in drafts),
        returned=standing.returned - sum(draft.amount for draft in drafts),
        takers={**standing.takers, **takers},
        shares=shares,
        keys=standing.keys | {draft.idempotency_key for draft in drafts},
    )


@pytest.mark.parametrize(
    ("scheme", "parts", "ordinal", "key"),
    [
        (KeyScheme.PURCHASE, ("pi_1",), 1, "purchase:pi_1"),
        (KeyScheme.REFUND, ("re_1",), 1, "refund:re_1"),
        (KeyScheme.REFUND_REVERSAL, ("re_1",), 1, "refund_reversal:re_1"),
        (KeyScheme.DISPUTE, ("dp_1",), 2, "dispute:dp_1:2"),
        (KeyScheme.DISPUTE_REVERSAL, ("dp_1",), 1, "dispute_reversal:dp_1"),
        (KeyScheme.ADJUSTMENT, ("ticket 7",), 1, "adjustment:ticket 7"),
        (KeyScheme.REPAIR, ("missing_credit", "pi_1", 1000), 1, "repair:missing_credit:pi_1:1000"),
        (KeyScheme.IMPORT, ("app.csv", 12), 1, "import:app.csv:12"),
    ],
)
def test_keys_have_one_shape(scheme: KeyScheme, parts: tuple[str | int, ...], ordinal: int, key: str) -> None:
    assert idempotency_key(scheme, *parts, ordinal=ordinal) == key


@pytest.mark.parametrize(
    ("scheme", "parts"),
    [(KeyScheme.PURCHASE, ()), (KeyScheme.PURCHASE, ("",)), (KeyScheme.REPAIR, ("code", "pi_1"))],
)
def test_a_key_without_its_parts_is_refused(scheme: KeyScheme, parts: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="key cannot be made"):
        idempotency_key(scheme, *parts)


@pytest.mark.parametrize(
    ("credits", "amount", "returned", "taken"),
    [
        (1000, 1000, 333, 333),
        (5500, 4500, 1, 1),
        (5500, 4500, 4499, 5498),
        (5500, 4500, 4500, 5500),
        (5500, 4500, 9999, 5500),
        (1000, 0, 0, 0),
        (1000, 0, 500, 0),
    ],
)
def test_credits_are_rounded_once_and_a_full_return_takes_all(
    credits: int, amount: int, returned: int, taken: int
) -> None:
    assert credits_to_take(credits, amount, returned) == taken


def test_what_is_in_another_currency_does_not_count() -> None:
    foreign = replace(refund("re_2", 500), currency="eur")
    assert returned_amount(900, [refund("re_1", 300), foreign], "usd") == 300


def test_a_refund_takes_its_part_and_says_what_it_corrects() -> None:
    (draft,) = settlement(RefundPosition(PURCHASE, 3), [refund("re_1", 450)], source_event="evt_1", cause="re_1")
    assert (draft.kind, draft.credits, draft.amount) == (EntryKind.REFUND, -500, -450)
    assert (draft.idempotency_key, draft.corrects, draft.source_event) == ("refund:re_1", 3, "evt_1")


def test_refund_and_dispute_of_the_same_charge_never_take_more_than_was_given() -> None:
    facts: list[Fact] = [refund("re_1", 900), dispute("dp_1", 900, -900)]
    first = settlement(RefundPosition(PURCHASE, 1), facts[:1], cause="re_1")
    standing = applied(RefundPosition(PURCHASE, 1), first)
    assert settlement(standing, facts, cause="dp_1") == ()


def test_facts_known_before_their_purchase_each_get_the_part_by_which_they_raised_the_total() -> None:
    facts: list[Fact] = [refund("re_2", 600, created=9), refund("re_1", 450, created=8)]
    drafts = settlement(RefundPosition(PURCHASE, 1), facts)
    assert [(draft.idempotency_key, draft.amount) for draft in drafts] == [
        ("refund:re_1", -450),
        ("refund:re_2", -450),
    ]


def test_funds_withdrawn_again_get_a_second_key() -> None:
    standing, keys = RefundPosition(PURCHASE, 1), []
    for moves in ((-900,), (-900, 900), (-900, 900, -900), (-900, 900, -900, 900)):
        drafts = settlement(standing, [dispute("dp_1", 900, *moves)], cause="dp_1")
        standing = applied(standing, drafts)
        keys += [draft.idempotency_key for draft in drafts]
    assert keys == ["dispute:dp_1", "dispute_reversal:dp_1", "dispute:dp_1:2", "dispute_reversal:dp_1:2"]
    assert standing.taken == 0


def test_a_dispute_that_took_nothing_gives_back_when_the_refund_beside_it_failed() -> None:
    standing = applied(
        RefundPosition(PURCHASE, 1), settlement(RefundPosition(PURCHASE, 1), [refund("re_1", 900)], cause="re_1")
    )
    held: list[Fact] = [refund("re_1", 900, "failed"), dispute("dp_1", 900, -900)]
    assert settlement(standing, held, cause="re_1") == ()
    won: list[Fact] = [held[0], dispute("dp_1", 900, -900, 900)]
    (draft,) = settlement(standing, won, cause="dp_1")
    assert (draft.idempotency_key, draft.credits) == ("dispute_reversal:dp_1", 1000)


def test_credits_taken_by_entries_from_elsewhere_are_not_given_back() -> None:
    imported = RefundPosition(PURCHASE, 1, taken=1000, returned=900, takers={"row 4": 2})
    assert settlement(imported, [refund("re_9", 100)], cause="re_9") == ()


def test_the_refund_that_was_lost_is_named_although_a_later_one_was_followed() -> None:
    standing = RefundPosition(PURCHASE, 7, taken=400, returned=360, shares={"re_2": 360})
    (draft,) = settlement(standing, [refund("re_1", 270), refund("re_2", 360, created=8)])
    assert (draft.idempotency_key, draft.credits, draft.amount) == ("refund:re_1", -300, -270)
    assert settlement(applied(standing, (draft,)), [refund("re_1", 270), refund("re_2", 360, created=8)]) == ()


def test_what_is_still_to_be_taken_is_the_refunds_that_took_too_little_not_of_a_dispute_that_let_go() -> None:
    """An application rounds otherwise, so that the steps cannot be told apart by their money."""
    standing = RefundPosition(PURCHASE, 7, taken=402, returned=361, shares={"re_1": 360, "du_1": 1})
    facts: list[Fact] = [
        refund("re_1", 360),
        dispute("du_1", 100, -100, 100, status="won"),
        refund("re_2", 90, created=8),
    ]
    (draft,) = settlement(standing, facts)
    assert (draft.kind, draft.object_id, draft.credits) == (EntryKind.REFUND, "re_2", -98)


def test_a_late_event_of_a_dispute_before_it_held_funds_gives_nothing_back() -> None:
    """An import took the credits; `charge.dispute.created` comes later, and knows of no withdrawal yet."""
    imported = RefundPosition(PURCHASE, 1, taken=1000, returned=900, shares={"dp_1": 900}, takers={"dp_1": 2})
    opened, held, won = dispute("dp_1", 900), dispute("dp_1", 900, -900), dispute("dp_1", 900, -900, 900)
    assert settlement(imported, [opened], cause="dp_1") == ()
    assert settlement(imported, [held], cause="dp_1") == ()
    (draft,) = settlement(imported, [won], cause="dp_1")
    assert (draft.kind, draft.credits) == (EntryKind.DISPUTE_REVERSAL, 1000)
    (judged,) = settlement(imported, [opened])
    assert judged.credits == 1000, "whoever reads Stripe as it is now sees that nothing is held"


def test_a_cent_that_is_worth_no_credit_is_still_booked() -> None:
    dear = replace(PURCHASE, credits=10, amount=1000)
    (draft,) = settlement(RefundPosition(dear, 1), [refund("re_1", 1)], cause="re_1")
    assert (draft.credits, draft.amount, draft.kind) == (0, -1, EntryKind.REFUND)


def test_a_cent_that_was_worth_no_credit_is_given_back_with_the_credit_that_it_rounded_away() -> None:
    standing = RefundPosition(replace(PURCHASE, credits=1000, amount=1190), 1)
    cent, failed, held = refund("re_1", 1), refund("re_1", 1, "failed"), dispute("dp_1", 1000, -1000)
    known: list[list[Fact]] = [[cent], [cent, held], [failed, held]]
    for facts, cause in zip(known, ("re_1", "dp_1", "re_1"), strict=True):
        standing = applied(standing, settlement(standing, facts, cause=cause))
    assert (standing.taken, standing.returned) == (1000 * 1000 // 1190, 1000)


def test_a_disputed_amount_that_is_corrected_gives_back_the_difference() -> None:
    told = replace(dispute("dp_1", 900), funds_observation=FundsObservation(6, 0, True))
    standing = applied(RefundPosition(PURCHASE, 1), settlement(RefundPosition(PURCHASE, 1), [told], cause="dp_1"))
    corrected = replace(told, observation=replace(told.observation, at=7, amount=450))
    (draft,) = settlement(standing, [corrected], cause="dp_1")
    assert (draft.credits, draft.amount) == (500, 450)


@given(
    st.integers(1, 10**6),
    st.integers(0, 10**5),
    st.lists(
        st.builds(
            refund,
            st.sampled_from(["re_1", "re_2", "re_3"]),
            st.integers(1, 10**5),
            st.sampled_from(["succeeded", "failed"]),
        ),
        max_size=6,
    ),
)
def test_every_step_leaves_exactly_the_target_taken(credits: int, amount: int, told: list[RefundFact]) -> None:
    purchase = replace(PURCHASE, credits=credits, amount=amount)
    standing, facts = RefundPosition(purchase, 1), dict[str, RefundFact]()
    for fact in told:
        facts[fact.object_id] = facts[fact.object_id].merge(fact) if fact.object_id in facts else fact
        standing = applied(standing, settlement(standing, list(facts.values()), cause=fact.object_id))
        back = min(amount, sum(fact.amount for fact in facts.values() if fact.status != "failed"))
        assert standing.taken == (credits * back // amount if amount else 0) <= credits
        assert standing.returned == back
        assert settlement(standing, list(facts.values())) == ()


def test_a_correction_that_took_a_refunds_credits_leaves_nothing_to_take() -> None:
    assert settlement(RefundPosition(PURCHASE, 1, corrected=1000), [refund("re_1", 900)]) == ()
    assert settlement(RefundPosition(PURCHASE, 1, corrected=333), [refund("re_1", 300)]) == ()


def test_of_a_later_refund_only_what_no_correction_took_is_taken() -> None:
    facts = [refund("re_1", 450), refund("re_2", 450, created=6)]
    standing = RefundPosition(PURCHASE, 1, corrected=500)

    (draft,) = settlement(standing, facts, cause="re_2")

    assert (draft.object_id, draft.credits, draft.amount) == ("re_2", -500, -450)
    assert settlement(applied(standing, (draft,)), facts) == ()


def test_a_correction_beyond_the_refunds_is_not_given_back_by_itself() -> None:
    assert settlement(RefundPosition(PURCHASE, 1, corrected=700), [refund("re_1", 450)]) == ()
    assert settlement(RefundPosition(PURCHASE, 1, corrected=700), []) == ()
