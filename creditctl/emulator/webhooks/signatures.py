"""The `Stripe-Signature` header, made from first principles.

Source: Stripe docs, "Verify webhook signatures manually": HMAC-SHA256 over `t.body` with the whole secret string.
"""

import hashlib
import hmac

SCHEME = "v1"


def signature_header(secrets: list[str], timestamp: int, payload: bytes, *, livemode: bool) -> str:
    """`t=…,v1=…` with one v1 for each active secret; test mode adds the fake `v0`."""
    signed = str(timestamp).encode() + b"." + payload
    parts = [f"t={timestamp}"]
    parts += [f"{SCHEME}={hmac.new(s.encode(), signed, hashlib.sha256).hexdigest()}" for s in secrets]
    if not livemode:
        parts.append("v0=" + hmac.new(b"v0:" + secrets[0].encode(), signed, hashlib.sha256).hexdigest())
    return ",".join(parts)
