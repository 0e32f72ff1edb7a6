"""What a text names on Stripe, and which texts cannot be a payment's key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.core.errors import UsageError
from creditctl.core.stripe_ids import (
    PAYMENT_KEY,
    IdKind,
    holds_secret,
    id_kind,
    payment_key_fault,
    require_id,
    require_payment_key,
)

CLIENT_SECRET = "pi_1A_secret_B2"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("pi_3A", IdKind.PAYMENT_INTENT),
        ("cs_test_a1", IdKind.SESSION),
        ("cs_live_a1", IdKind.SESSION),
        ("ch_3A", IdKind.CHARGE),
        ("py_3A", IdKind.CHARGE),
        ("re_3A", IdKind.REFUND),
        ("pyr_1", IdKind.REFUND),
        ("dp_1", IdKind.DISPUTE),
        ("du_1", IdKind.DISPUTE),
        ("evt_1", IdKind.EVENT),
        ("in_1", IdKind.OTHER),
        ("txn_1", IdKind.OTHER),
        (CLIENT_SECRET, IdKind.SECRET),
        ("cs_test_a_secret_b", IdKind.SECRET),
        ("seti_1_secret_2", IdKind.SECRET),
        ("https://dashboard.stripe.com/payments/pi_3A", IdKind.LINK),
        ("dashboard.stripe.com/payments/pi_3A", IdKind.LINK),
        ("order-17", IdKind.UNKNOWN),
        ("17", IdKind.UNKNOWN),
        ("pi_3A ", IdKind.UNKNOWN),
        ("PI_3A", IdKind.UNKNOWN),
        ("", IdKind.UNKNOWN),
    ],
)
def test_a_text_is_told_by_its_prefix(text: str, kind: IdKind) -> None:
    assert id_kind(text) is kind


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("in_1", "is an invoice (in_…), which is no payment"),
        ("txn_1", "is a balance transaction (txn_…)"),
        ("re_1", "is a refund (re_…)"),
        (CLIENT_SECRET, "holds a client secret or a key"),
        ("https://dashboard.stripe.com/payments/pi_3A", "is a link"),
        ("pi_3A ", "begins with pi_, but has characters that no id of Stripe's has"),
        ("pi_" + "3" * 253, "is longer than 255 characters"),
        ("cs_live_" + "a" * 10_000, "is longer than 255 characters"),
    ],
)
def test_what_is_no_payment_is_refused_with_the_reason_whoever_keeps_own_keys(text: str, reason: str) -> None:
    for own_keys in (False, True):
        assert (payment_key_fault(text, own_keys=own_keys) or "").startswith(reason)


def test_an_applications_own_key_passes_only_where_that_is_said() -> None:
    assert "is no id of a payment on Stripe" in (payment_key_fault("order-17") or "")
    assert payment_key_fault("order-17", own_keys=True) is None
    assert payment_key_fault("o" * 256, own_keys=True) == "is longer than 255 characters, which no id is"
    assert payment_key_fault("pi_" + "3" * 252) is None


def test_a_secret_and_a_link_are_never_shown() -> None:
    for refuse in (require_id, require_payment_key):
        for text in (CLIENT_SECRET, "https://dashboard.stripe.com/payments/pi_3A"):
            with pytest.raises(UsageError) as caught:
                refuse(text, "--payment")
            assert text not in caught.value.message + caught.value.fix
    assert require_id("re_1", "--object") == "re_1"
    with pytest.raises(UsageError, match="--object is longer than 255 characters"):
        require_id("re_" + "1" * 253, "--object")


@given(st.from_regex(PAYMENT_KEY, fullmatch=True))
def test_what_has_the_usual_form_is_a_payment_and_holds_no_secret(text: str) -> None:
    assert payment_key_fault(text) is None
    assert not holds_secret(text)
