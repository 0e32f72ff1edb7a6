"""Raw GET: Stripe's answer as bytes, for lists so long that making objects of them would take longest."""

from __future__ import annotations

from collections.abc import Mapping

import stripe


def read_raw(client: stripe.StripeClient, path: str, parameters: Mapping[str, object]) -> bytes:
    """Reads the body of one GET, undecoded; retries, guards and refusals are those of every other request.

    Errors: stripe.StripeError for anything but a 2xx.
    Source: the SDK's own `StripeClient.raw_request`, which does these two steps and decodes in between.
    """
    requestor = client._requestor
    body, status, headers = requestor.request_raw(
        "get", path, params=parameters, base_address="api", api_mode="V1", usage=["raw_request"]
    )
    if not 200 <= status < 300:
        requestor._interpret_response(body, status, headers, "V1")
    if isinstance(body, str):
        return body.encode()
    if not isinstance(body, bytes | bytearray):
        raise TypeError(f"the transport answered a body of type {type(body).__name__}")
    return bytes(body)
