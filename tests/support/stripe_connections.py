"""Connections to a Stripe that the test wrote the script for, and the objects that its answers hold."""

from __future__ import annotations

from typing import Protocol

import stripe

from creditctl.stripe_api.client import StripeConnection
from tests.support.scripted_stripe import Scripted, ScriptedStripe, queue

ACCOUNT = {"id": "acct_mine", "object": "account"}
PRODUCT = {"id": "prod_1", "object": "product", "name": "Starter"}


class OpenDoor(Protocol):
    """Connects to a Stripe that the test wrote the script for."""

    def __call__(self, transport: stripe.HTTPClient, key: str = ..., **values: str) -> StripeConnection: ...


def scripted(*answers: Scripted) -> ScriptedStripe:
    return ScriptedStripe(queue(*answers))
