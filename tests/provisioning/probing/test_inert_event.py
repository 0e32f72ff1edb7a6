"""The event of a probe: read by the SDK, and nothing that could grant credits."""

from __future__ import annotations

import json

import stripe

from creditctl.fulfilment.event import parse_event
from creditctl.payments.event_types import ENDPOINT_EVENTS
from creditctl.provisioning.probing.inert_event import compact_layout, inert_event, stripe_layout
from tests.support.clock import NOW
from tests.support.probed_backends import OURS

EVENT = inert_event(NOW, livemode=False, api_version="2026-10-28.endive")


def test_the_sdk_reads_it_in_every_layout() -> None:
    for body in (stripe_layout(EVENT), compact_layout(EVENT)):
        header = stripe.WebhookSignature.generate_signature_header(body.decode(), OURS.reveal())
        assert stripe.Webhook.construct_event(body, header, OURS.reveal()).type == "creditctl.probe"


def test_it_is_of_no_type_that_an_endpoint_is_subscribed_to_and_names_no_payment() -> None:
    assert EVENT["type"] not in ENDPOINT_EVENTS
    text = json.dumps(EVENT)
    assert not any(word in text for word in ('"cs_', '"pi_', '"ch_', '"re_', '"cus_', "user", "amount", "metadata"))
    event = parse_event(stripe_layout(EVENT))
    assert event is not None
    assert event.type == "creditctl.probe"


def test_the_layouts_differ_in_white_space_alone_and_keep_what_is_not_ascii() -> None:
    assert json.loads(stripe_layout(EVENT)) == json.loads(compact_layout(EVENT)) == EVENT
    assert b"\n  " in stripe_layout(EVENT)
    assert b" " not in compact_layout(EVENT).replace("prüfung ✓".encode(), b"")
