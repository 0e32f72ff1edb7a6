"""Official SDK clients for tests: a `stripe.StripeClient` whose every host is one server on the loopback."""

from __future__ import annotations

import stripe

from tests.support.keys import TEST_KEY


def client_at(url: str, key: str = TEST_KEY, http: stripe.HTTPClient | None = None) -> stripe.StripeClient:
    """The SDK's client of the server at a URL, without retries."""
    return stripe.StripeClient(
        key,
        base_addresses={"api": url, "connect": url, "files": url, "meter_events": url},
        http_client=http,
        max_network_retries=0,
    )
