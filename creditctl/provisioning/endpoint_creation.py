"""Webhook endpoint creation: idempotent, with hand-over of the signing secret and roll-back.

Stripe shows a secret only once, at creation; whatever is killed in between, it is not lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from creditctl.core.errors import CreditctlError, StripeRefused
from creditctl.core.keys import Secret
from creditctl.provisioning.observe import observe_endpoint
from creditctl.provisioning.state import FINGERPRINT_KEY, PROBED_KEY, STATE_KEY, SecretState, digest, same_url
from creditctl.provisioning.stripe_writes import post_endpoint, update_endpoint
from creditctl.stripe_api.permissions import needs

if TYPE_CHECKING:
    import stripe

    from creditctl.provisioning.secret_sinks import SecretSink
    from creditctl.stripe_api.client import StripeConnection

Created = TypeVar("Created")
_MOST_GENERATIONS = 20
_LIMIT = re.compile(r"maximum (number )?of .*webhook endpoints", re.IGNORECASE)
"""Source: the wording of Stripe's refusal, as seen in public reports; the number in it is not fixed."""


class EndpointLimit(StripeRefused):
    """Stripe refused: the account has as many webhook endpoints as it may have."""

    def __init__(self, said: str, *, request_id: str | None) -> None:
        super().__init__(
            f"Stripe refused another webhook endpoint: {said}",
            code="setup.endpoint_limit",
            fix="Look at them with `creditctl webhooks list`, delete one that nothing needs with "
            "`creditctl webhooks delete we_…`, then run the same command again.",
            request_id=request_id,
        )


def create_endpoint(connection: StripeConnection, params: Mapping[str, object], seed: str) -> tuple[str, Secret]:
    """Creates a webhook endpoint; returns its id and signing secret.

    Shape:  the same one again where an earlier run was killed before its hand-over; a replayed answer about an
            endpoint that is gone or moved by now leads on to the next key, the same for everybody.
    Errors: StripeRefused, such as for the limit of endpoints; ConfigurationError for a missing permission.
    Source: Stripe API reference, "Idempotent requests": the first answer is kept for at least 24 hours.
    """
    key = f"creditctl-endpoint-{seed}-{digest(dict(params))[:16]}"
    for _ in range(_MOST_GENERATIONS):
        endpoint, key = create_idempotently(lambda used: _create(connection.client, params, used), key)
        secret = Secret(str(endpoint.secret))
        if not _was_replayed(endpoint) or _still_there(connection, endpoint.id, str(params["url"]), secret):
            return endpoint.id, secret
        key = f"creditctl-endpoint-{digest([key, endpoint.id])}"
    raise StripeRefused(
        "Stripe kept answering with endpoints that do not exist any more.",
        code="setup.endpoint_replayed",
        fix="Wait a day, or change CREDITS_API_URL's spelling, then run setup again.",
    )


def create_idempotently(create: Callable[[str], Created], key: str) -> tuple[Created, str]:
    """Creates under an idempotency key, past failures that Stripe stored; returns the answer and its key.

    A refusal or failure that Stripe stored is replayed for a day, even when its cause is long gone; the next key is
    made from the request that failed, so that every run finds the same one.
    Source: Stripe API reference, "Idempotent requests": the first answer is stored "regardless of whether it succeeds".
    """
    import stripe

    for _ in range(_MOST_GENERATIONS):
        try:
            return create(key), key
        except stripe.StripeError as error:
            if not _is_replay(error.headers):
                raise
            key = f"creditctl-{digest([key, (error.headers or {}).get('Original-Request')])}"
    return create(key), key


def _create(client: stripe.StripeClient, params: Mapping[str, object], key: str) -> stripe.WebhookEndpoint:
    import stripe

    try:
        return post_endpoint(client, params, key)
    except stripe.InvalidRequestError as error:
        if _is_replay(error.headers) or not _LIMIT.search(str(error)):
            raise
        raise EndpointLimit(str(error.user_message), request_id=error.request_id) from error


def _was_replayed(made: stripe.WebhookEndpoint) -> bool:
    return made.last_response is not None and _is_replay(made.last_response.headers)


def _is_replay(headers: Mapping[str, str] | None) -> bool:
    return headers is not None and headers.get("Idempotent-Replayed") == "true"


def _still_there(connection: StripeConnection, endpoint_id: str, url: str, secret: Secret) -> bool:
    """Whether a replayed endpoint is still the one that was asked for: at that URL, and pending or with this secret.

    Another run may have handed it over in the meantime, which is fine, or moved it to another URL, which is not.
    """
    import stripe

    try:
        seen = observe_endpoint(connection, endpoint_id)
    except stripe.InvalidRequestError as error:
        if error.http_status == 404:
            return False
        raise
    handed_over = seen.secret_state is SecretState.PENDING or seen.fingerprint == secret.fingerprint
    return same_url(seen.url, url) and handed_over


def hand_over(
    connection: StripeConnection, endpoint_id: str, secret: Secret, sink: SecretSink, *, older: Sequence[Secret] = ()
) -> None:
    """Stores the secret, then marks the endpoint with its fingerprint; takes the endpoint back if storing fails.

    Shape:  `older` secrets stay accepted behind the new one, during a rotation.
    Errors: ConfigurationError from the sink, after the endpoint was deleted.
    """
    try:
        sink.store([secret, *(held for held in older if held != secret)])
    except CreditctlError:
        roll_back_endpoint(connection, endpoint_id)
        raise
    mark_secret(connection, endpoint_id, secret.fingerprint)


def mark_secret(connection: StripeConnection, endpoint_id: str, fingerprint: str) -> None:
    """Writes the secret's fingerprint into the endpoint's metadata: it was handed over, or proven."""
    marks = {FINGERPRINT_KEY: fingerprint, STATE_KEY: "", PROBED_KEY: ""}
    update_endpoint(connection.client, endpoint_id, {"metadata": marks})


def roll_back_endpoint(connection: StripeConnection, endpoint_id: str) -> None:
    """Deletes an endpoint whose secret went nowhere; if even that fails, the next run makes it again."""
    import stripe

    with suppress(stripe.StripeError, CreditctlError):
        delete_pending_endpoint(connection, endpoint_id)


def delete_pending_endpoint(connection: StripeConnection, endpoint_id: str) -> None:
    """Deletes an endpoint, unless another run handed its secret over since it was seen. Errors: as delete_endpoint."""
    import stripe

    try:
        seen = observe_endpoint(connection, endpoint_id)
    except stripe.InvalidRequestError as error:
        if error.http_status != 404:
            raise
        return
    if seen.ours and seen.secret_state is SecretState.PENDING:
        delete_endpoint(connection, endpoint_id)


def delete_endpoint(connection: StripeConnection, endpoint_id: str, *, must_exist: bool = False) -> None:
    """Deletes an endpoint; one that is gone already is fine.

    Shape:  with `must_exist` that is refused, unless a try of this very call was cut off and may have deleted it.
    Errors: stripe.InvalidRequestError; ConfigurationError for a missing permission.
    """
    import stripe

    before = connection.request_count
    try:
        with needs("delete the webhook endpoint", "rak_webhook_write"):
            connection.client.v1.webhook_endpoints.delete(endpoint_id)
    except stripe.InvalidRequestError as error:
        tried_once = connection.request_count == before + 1
        if error.http_status != 404 or (must_exist and tried_once):
            raise
