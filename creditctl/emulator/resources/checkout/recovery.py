"""Recovery of expired Checkout Sessions: a link that opens the same purchase again.

Source: Stripe docs, "Recover abandoned carts": the link is in the expired session and lives thirty days.
"""

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.protocol.durations import DAY_SECONDS
from creditctl.emulator.protocol.errors import invalid
from creditctl.emulator.resources.checkout.bodies import new_session_id, page_url
from creditctl.emulator.storage.object_types import SESSION, Body
from creditctl.emulator.storage.store import Row

LINK_SECONDS = 30 * DAY_SECONDS
PLACE = "recover"


def offer_recovery(context: RequestContext, session: Body, base: str) -> None:
    """Put the link into a session that expires, where it asked for one."""
    recovery = (session["after_expiration"] or {}).get("recovery")
    if recovery and recovery["enabled"]:
        url = f"{base}/c/pay/{session['id']}/{PLACE}"
        session["after_expiration"] = {
            "recovery": {**recovery, "expires_at": context.now + LINK_SECONDS, "url": url},
        }


def recover(context: RequestContext, row: Row) -> Body:
    """Open a copy of an expired session. Errors: StripeError where its link is none, or no longer lives."""
    expired, hidden = row.decoded(), row.hidden()
    recovery = (expired["after_expiration"] or {}).get("recovery") or {}
    if expired["status"] != "expired" or (recovery.get("expires_at") or 0) <= context.now:
        raise invalid("This link can no longer be used.")
    session_id = new_session_id(context)
    session = expired | {
        "id": session_id,
        "after_expiration": {"recovery": {**recovery, "expires_at": None, "url": None}},
        "allow_promotion_codes": recovery["allow_promotion_codes"] or None,
        "created": context.now,
        "expires_at": context.now + DAY_SECONDS,
        "payment_intent": None,
        "recovered_from": expired["id"],
        "status": "open",
        "url": page_url(context, session_id),
    }
    items = [{**item, "id": context.new_id("li_")} for item in hidden["items"]]
    context.add(SESSION, session, extra={**hidden, "items": items})
    context.schedule(DAY_SECONDS, "expire_session", session_id)
    return session
