"""Shape of Stripe's answers: tells what another server says (a captive portal, a proxy) from what Stripe would say."""

from __future__ import annotations

import re
from functools import partial
from urllib.parse import urlsplit

import msgspec
import stripe

_OBJECT_AT = {
    "account": "account",
    "balance": "balance",
    "balance_transactions": "balance_transaction",
    "charges": "charge",
    "checkout/sessions": "checkout.session",
    "customers": "customer",
    "disputes": "dispute",
    "events": "event",
    "payment_intents": "payment_intent",
    "prices": "price",
    "products": "product",
    "refunds": "refund",
    "webhook_endpoints": "webhook_endpoint",
}
"""What lies below a path. Source: Stripe API reference, the attribute `object` of each resource."""

_ALONE = ("account", "balance")
_LISTS = ("list", "search_result")
_PATH = re.compile(rf"/v1/({'|'.join(sorted(_OBJECT_AT, key=len, reverse=True))})(?:/([^/]+))?(?:/([^/]+))?/?")


class NotStripe(stripe.APIConnectionError):
    """What answered is not Stripe, or does not speak as it does."""


def _not_stripe(url: str, reason: str) -> NotStripe:
    parts = urlsplit(url)
    # The class of the SDK has no types.
    made: NotStripe = partial(NotStripe, should_retry=False)(
        f"What answers at {parts.scheme}://{parts.netloc} is not Stripe: {reason}."
    )
    return made


class _Nested(msgspec.Struct):
    """What an event has as `data`, and what stands in a list: an object, whatever is in it."""


class _Answer(msgspec.Struct):
    object: str
    data: list[_Nested] | _Nested | None = None


class _Refusal(msgspec.Struct):
    error: _Nested


def require_answer(method: str, url: str, body: bytes | str) -> None:
    """Proves that the body of a successful answer is what Stripe says to such a request.

    Errors: msgspec.DecodeError where it breaks off; NotStripe for anything else.
    """
    try:
        answer = msgspec.json.decode(body, type=_Answer)
        _require_text(url, body)
    except msgspec.ValidationError:
        raise _not_stripe(url, "its answer is not one of Stripe's") from None
    except msgspec.DecodeError:
        text = body.strip() if isinstance(body, str) else body.strip().decode(errors="replace")
        if text and not text.startswith("{"):
            raise _not_stripe(url, "it answered with a page, not with JSON") from None
        raise
    wanted = _expected(method, urlsplit(url).path)
    if wanted and answer.object not in wanted:
        raise _not_stripe(url, f"it answered with the object {answer.object[:40]!r} instead of {wanted[0]!r}")
    if answer.object == "list" and not isinstance(answer.data, list):
        raise _not_stripe(url, "its list has no data")


def _require_text(url: str, body: bytes | str) -> None:
    """msgspec passes over what nobody reads, whatever bytes it is made of. Source: RFC 8259, 8.1: JSON is UTF-8."""
    try:
        _ = body if isinstance(body, str) else body.decode()
    except UnicodeDecodeError:
        raise _not_stripe(url, "its answer is not UTF-8") from None


def require_refusal(url: str, body: bytes | str) -> None:
    """Proves that the body of a refusal is one of Stripe's.

    Errors: NotStripe.
    Source: Stripe API reference, "Errors": the attribute `error`.
    """
    try:
        msgspec.json.decode(body, type=_Refusal)
    except msgspec.DecodeError:
        raise _not_stripe(url, "it refused in other words than Stripe's") from None


def _expected(method: str, path: str) -> tuple[str, ...]:
    """The objects that may be answered; none where nothing is known of the path."""
    match = _PATH.fullmatch(path)
    if match is None:
        return ()
    resource, below, action = match.groups()
    if action is not None:
        return _LISTS if action == "line_items" else ()
    if resource in _ALONE or below not in (None, "search"):
        return (_OBJECT_AT[resource],)
    return _LISTS if method.lower() == "get" else (_OBJECT_AT[resource],)
