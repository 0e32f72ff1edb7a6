"""One package as Stripe has it when set-up is done: product, price, endpoint, and the endpoint that is desired."""

from __future__ import annotations

from creditctl.payments.event_types import ENDPOINT_EVENTS
from creditctl.provisioning.state import DesiredEndpoint, EndpointState, PriceState, ProductState

URL = "https://api.example.com/api/credits/webhook"
VERSION = "2026-10-28.endive"
MARKS = {"managed_by": "creditctl", "package": "starter", "credits": "1000"}
PRODUCT = ProductState("creditctl_starter", "Starter", True, "1,000 credits", "price_1", MARKS)
PRICE = PriceState("price_1", "creditctl_starter", "usd", 1000, lookup_key="creditctl_starter_usd", metadata=MARKS)
ENDPOINT = EndpointState(
    "we_1",
    URL,
    tuple(sorted(ENDPOINT_EVENTS)),
    api_version=VERSION,
    metadata={"managed_by": "creditctl", "secret_fingerprint": "aaaaaaaa"},
)
DESIRED = DesiredEndpoint(URL, VERSION, ("aaaaaaaa",))
