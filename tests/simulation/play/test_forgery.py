"""Forged webhooks against Stripe's own library: what must be accepted is, what must be refused is."""

from __future__ import annotations

import time

import pytest
import stripe

from creditctl.core.keys import Secret
from creditctl.simulation.play.forgery import FORGERIES, forge

SECRET = Secret("whsec_" + "a" * 32)
EVENT = {
    "id": "evt_1abcdefghijklmn",
    "object": "event",
    "created": 1,
    "livemode": False,
    "type": "checkout.session.completed",
    "data": {"object": {"id": "cs_test_1", "livemode": False, "metadata": {"credits": "5"}, "name": "Müller"}},
}
RIGHTLY_SIGNED = {
    "signed", "compact", "escaped", "sorted", "newline", "giant", "late", "second_event", "other_mode", "unknown_type",
    "right_v1_first", "right_v1_last",
}  # fmt: skip


@pytest.mark.parametrize("how", FORGERIES)
def test_stripes_library_tells_them_apart(how: str) -> None:
    posted = forge(how, EVENT, SECRET, int(time.time()))
    header = (posted.header or b"").decode()

    def verify() -> None:
        stripe.WebhookSignature.verify_header(posted.body.decode(), header, SECRET.reveal(), 300)

    if how in RIGHTLY_SIGNED:
        verify()
        return
    with pytest.raises((stripe.SignatureVerificationError, TypeError, ValueError)):
        verify()
