"""Signed and forged webhooks: one real event in every layout and with every signature, to be told apart."""

from __future__ import annotations

import copy
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass

from creditctl.core.keys import Secret
from creditctl.simulation.stripe_side.access import StripeObject
from creditctl.simulation.stripe_side.events import event_bytes

_OTHER_SECRET = "whsec_" + "0" * 32
_STALE_SECONDS = 3600
_LATE_SECONDS = 2 * 86_400
_SHORT_CHARACTERS = 8
_PADDING_BYTES = 300_000


@dataclass(frozen=True, slots=True)
class SignedBody:
    """What is posted: the body and the signature header, None for no header at all."""

    body: bytes
    header: bytes | None


Forge = Callable[[StripeObject, str, int], SignedBody]


def digest(secret: str, timestamp: int, body: bytes) -> str:
    """The v1 signature. Source: Stripe documentation, "Verify webhook signatures manually"."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def signed(body: bytes, secret: str, timestamp: int) -> SignedBody:
    """A rightly signed body."""
    return SignedBody(body, f"t={timestamp},v1={digest(secret, timestamp, body)}".encode())


def forge(how: str, event: StripeObject, secret: Secret, now: int) -> SignedBody:
    """An event in one of the ways of `FORGERIES`."""
    return FORGERIES[how](event, secret.reveal(), now)


def _compact(event: StripeObject) -> bytes:
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()


def _layout(write: Callable[[StripeObject], bytes]) -> Forge:
    return lambda event, secret, now: signed(write(event), secret, now)


def _header(text: Callable[[str, int, bytes], str]) -> Forge:
    """The event as Stripe posts it, below a header made from secret, time and body."""

    def forged(event: StripeObject, secret: str, now: int) -> SignedBody:
        body = event_bytes(event)
        return SignedBody(body, text(secret, now, body).encode())

    return forged


def _late(event: StripeObject) -> bytes:
    return event_bytes({**event, "created": event["created"] - _LATE_SECONDS})


def _second(event: StripeObject) -> bytes:
    return event_bytes({**event, "id": event["id"][:-6] + "second"})


def _other_mode(event: StripeObject) -> bytes:
    changed = copy.deepcopy(event)
    changed["livemode"] = changed["data"]["object"]["livemode"] = True
    return event_bytes(changed)


def _unknown(event: StripeObject) -> bytes:
    return event_bytes({**event, "id": event["id"][:-7] + "unknown", "type": "creditctl.simulation.unknown"})


def _unsigned(event: StripeObject, _secret: str, _now: int) -> SignedBody:
    return SignedBody(event_bytes(event), None)


def _tampered(event: StripeObject, secret: str, now: int) -> SignedBody:
    """The signature is that of the true event; the body says more."""
    honest = signed(event_bytes(event), secret, now)
    changed = copy.deepcopy(event)
    about = changed["data"]["object"]
    about["metadata"] = {
        key: f"{value}0" if str(value).isdigit() else value for key, value in about["metadata"].items()
    }
    about["metadata"]["forged"] = "yes"
    return SignedBody(event_bytes(changed), honest.header)


FORGERIES: dict[str, Forge] = {
    "signed": _layout(event_bytes),
    "compact": _layout(_compact),
    "escaped": _layout(lambda event: json.dumps(event, indent=2).encode()),
    "sorted": _layout(lambda event: json.dumps(event, sort_keys=True, indent=4).encode()),
    "newline": _layout(lambda event: event_bytes(event) + b"\n"),
    "giant": _layout(lambda event: event_bytes(event) + b" " * _PADDING_BYTES),
    "late": _layout(_late),
    "second_event": _layout(_second),
    "other_mode": _layout(_other_mode),
    "unknown_type": _layout(_unknown),
    "right_v1_last": _header(
        lambda secret, now, body: f"t={now},v1={digest(_OTHER_SECRET, now, body)},v1={digest(secret, now, body)}"
    ),
    "right_v1_first": _header(
        lambda secret, now, body: f"t={now},v1={digest(secret, now, body)},v1={digest(_OTHER_SECRET, now, body)}"
    ),
    "unsigned": _unsigned,
    "empty_header": _header(lambda *_: ""),
    "forged": _header(lambda _, now, body: f"t={now},v1={digest(_OTHER_SECRET, now, body)}"),
    "v0_only": _header(lambda secret, now, body: f"t={now},v0={digest(secret, now, body)}"),
    "v1_empty": _header(lambda _secret, now, _body: f"t={now},v1="),
    "v1_short": _header(lambda secret, now, body: f"t={now},v1={digest(secret, now, body)[:_SHORT_CHARACTERS]}"),
    "no_time": _header(lambda secret, now, body: f"v1={digest(secret, now, body)}"),
    "stale": _header(
        lambda secret, now, body: f"t={now - _STALE_SECONDS},v1={digest(secret, now - _STALE_SECONDS, body)}"
    ),
    "tampered": _tampered,
    "not_ascii": _header(lambda _, now, body: f"t={now},v1=ü{digest(_OTHER_SECRET, now, body)[1:]}"),
}
"""Every way to post one event, by name."""
