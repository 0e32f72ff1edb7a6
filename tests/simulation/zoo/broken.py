"""The broken backends of the zoo: each is the correct one with one defect, and the cause that must be named for it."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, ClassVar

import httpx

from tests.simulation.zoo.correct import PACKAGES, Backend, Event, Refused
from tests.support.waiting import patience


class NoDedupe(Backend):
    def purchase_key(self, event: Event, payment: str) -> str:
        return f"purchase:{payment}:{time.monotonic_ns()}"


class DedupesByEventId(Backend):
    def purchase_key(self, event: Event, payment: str) -> str:
        return f"purchase:{event['id']}"


class GrantsOnBoth(Backend):
    def on_intent(self, event: Event, intent: dict[str, Any]) -> None:
        if "package" in intent["metadata"]:
            credits = PACKAGES[int(intent["metadata"]["package"])][0]
            self.credit(event, intent["id"] + ":intent", intent["metadata"]["user_id"], credits, intent["amount"])


class IgnoresDelayedSuccess(Backend):
    def on_delayed_success(self, event: Event, session: dict[str, Any]) -> None:
        pass


class CreditsInCents(Backend):
    def worth(self, session: dict[str, Any]) -> int | None:
        return int(session["amount_total"]) if super().worth(session) is not None else None


class WrongPackage(Backend):
    def worth(self, session: dict[str, Any]) -> int | None:
        return PACKAGES[1][0] if super().worth(session) is not None else None


class RefusesFree(Backend):
    policy: ClassVar[dict[str, str]] = {"discounts": "full"}

    def on_completed(self, event: Event, session: dict[str, Any]) -> None:
        if session["payment_status"] == "paid":
            self.fulfil(event, session)


class SharesOfListPrice(Backend):
    policy: ClassVar[dict[str, str]] = {"discounts": "full"}

    def fulfil(self, event: Event, session: dict[str, Any]) -> None:
        super().fulfil(event, {**session, "amount_total": session["amount_subtotal"]})


class LastUserBuys(Backend):
    last = ""

    def purchase(self, user: str, body: Any) -> dict[str, Any]:
        self.last = user
        return super().purchase(user, body)

    def buyer(self, session: dict[str, Any]) -> str | None:
        return self.last


class CreditsUnpaid(Backend):
    def on_completed(self, event: Event, session: dict[str, Any]) -> None:
        self.fulfil(event, session)


class CreditsWhenOpened(Backend):
    def remember_session(self, session_id: str, user: str, number: int) -> None:
        self.post(f"opened:{session_id}", user, PACKAGES[number][0])

    def fulfil(self, event: Event, session: dict[str, Any]) -> None:
        pass


class AnyProduct(Backend):
    def worth(self, session: dict[str, Any]) -> int | None:
        found = super().worth(session)
        return found if found is not None else next(c for c, m in PACKAGES.values() if m >= session["amount_total"])


class QuantityOnce(Backend):
    policy: ClassVar[dict[str, str]] = {"quantity": "offered"}

    def worth(self, session: dict[str, Any]) -> int | None:
        number = (session["metadata"] or {}).get("package")
        return None if number is None else PACKAGES[int(number)][0]


class TrustsCredits(Backend):
    def session_params(self, user: str, number: int, body: Any) -> dict[str, Any]:
        params = super().session_params(user, number, body)
        return {**params, "metadata[credits]": body.get("credits", PACKAGES[number][0])}

    def worth(self, session: dict[str, Any]) -> int | None:
        found = super().worth(session)
        return None if found is None else int(session["metadata"]["credits"])


class TrustsPrice(Backend):
    def session_params(self, user: str, number: int, body: Any) -> dict[str, Any]:
        cents = max(50, body.get("amount", PACKAGES[number][1]))
        params = super().session_params(user, number, body)
        return {**params, "line_items[0][price_data][unit_amount]": cents}


class TrustsUser(Backend):
    def session_params(self, user: str, number: int, body: Any) -> dict[str, Any]:
        return super().session_params(body.get("user_id", user), number, body)


class TrustsMetadata(Backend):
    def session_params(self, user: str, number: int, body: Any) -> dict[str, Any]:
        given = {f"metadata[{name}]": value for name, value in body.get("metadata", {}).items() if name != "package"}
        return {**super().session_params(user, number, body), **given}

    def buyer(self, session: dict[str, Any]) -> str | None:
        return str(session["metadata"]["user_id"]) if session["metadata"] else None


class NoSignature(Backend):
    def verify(self, body: bytes, header: str) -> None:
        pass


class AnySignature(Backend):
    def verify(self, body: bytes, header: str) -> None:
        if not header:
            raise Refused(400)


class ChecksOnlyTheTime(Backend):
    def verify(self, body: bytes, header: str) -> None:
        times = [part[2:] for part in header.split(",") if part.startswith("t=")]
        if not times or not self.is_recent(int(times[0])):
            raise Refused(400)


class Prefix(Backend):
    def verify(self, body: bytes, header: str) -> None:
        pairs = [part.partition("=")[::2] for part in header.split(",")]
        times = [value for name, value in pairs if name == "t"]
        if not times or not self.is_recent(int(times[0])):
            raise Refused(400)
        right = self.digest(times[0], body)
        if not any(name == "v1" and right.startswith(value) for name, value in pairs):
            raise Refused(400)


class AnyScheme(Backend):
    def verify(self, body: bytes, header: str) -> None:
        super().verify(body, header.replace("v0=", "v1="))


class NoTolerance(Backend):
    def is_recent(self, moment: int) -> bool:
        return True


class ReSerialises(Backend):
    def verify(self, body: bytes, header: str) -> None:
        super().verify(json.dumps(json.loads(body), indent=2, ensure_ascii=False).encode(), header)


class ReSerialisesCompactly(Backend):
    def verify(self, body: bytes, header: str) -> None:
        super().verify(json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False).encode(), header)


class Strips(Backend):
    def verify(self, body: bytes, header: str) -> None:
        super().verify(body.strip(), header)


class CutsThePrefixOfItsSecret(Backend):
    def digest(self, moment: str, body: bytes) -> str:
        whole, self.secret = self.secret, self.secret.removeprefix("whsec_")
        try:
            return super().digest(moment, body)
        finally:
            self.secret = whole


class LastSignatureOnly(Backend):
    def verify(self, body: bytes, header: str) -> None:
        pairs = dict(part.partition("=")[::2] for part in header.split(","))
        super().verify(body, f"t={pairs.get('t', '')},v1={pairs.get('v1', '')}")


class FirstSignatureOnly(Backend):
    def verify(self, body: bytes, header: str) -> None:
        pairs = dict(reversed([part.partition("=")[::2] for part in header.split(",")]))
        super().verify(body, f"t={pairs.get('t', '')},v1={pairs.get('v1', '')}")


class RefusesOldEvents(Backend):
    def handle(self, event: Event) -> None:
        if time.time() - event["created"] > 86_400:
            raise Refused(400)
        super().handle(event)


class IgnoresRefunds(Backend):
    def on_refund(self, event: Event, refund: dict[str, Any]) -> None:
        pass


class TakesCumulativeAmounts(Backend):
    """Takes the charge's total at every charge.refunded, by event."""

    def on_refund(self, event: Event, refund: dict[str, Any]) -> None:
        pass

    def on_charge_refunded(self, event: Event, charge: dict[str, Any]) -> None:
        self.note_return(event["id"], charge["payment_intent"], charge["amount_refunded"])


class TakesEachRefundEvent(Backend):
    def on_refund(self, event: Event, refund: dict[str, Any]) -> None:
        if refund["status"] == "succeeded":
            self.note_return(event["id"], refund["payment_intent"], refund["amount"])


class TakesAllForAPart(Backend):
    def share(self, credits: int, returned: int, charged: int) -> int:
        return credits if returned else 0


class TakesTwice(Backend):
    def share(self, credits: int, returned: int, charged: int) -> int:
        return 2 * super().share(credits, returned, charged)


class KeepsFailedRefunds(Backend):
    def on_refund(self, event: Event, refund: dict[str, Any]) -> None:
        self.note_return(refund["id"], refund["payment_intent"], refund["amount"])


class ForgetsEarlyRefunds(Backend):
    def note_return(self, object_id: str, payment: str, amount: int) -> None:
        if self.shelf.run("select 1 from payments where payment = ?", payment):
            super().note_return(object_id, payment, amount)


class IgnoresDisputes(Backend):
    def on_dispute(self, event: Event, dispute: dict[str, Any]) -> None:
        pass


class TakesDisputesTwice(Backend):
    def on_dispute(self, event: Event, dispute: dict[str, Any]) -> None:
        if event["type"] in ("charge.dispute.created", "charge.dispute.funds_withdrawn"):
            self.post(event["id"], self.owner(dispute), -self.credits_of(dispute))

    def owner(self, dispute: dict[str, Any]) -> str:
        return str(self.shelf.one("select user from payments where payment = ?", dispute["payment_intent"]))

    def credits_of(self, dispute: dict[str, Any]) -> int:
        return int(self.shelf.one("select credits from payments where payment = ?", dispute["payment_intent"]) or 0)


class TakesInquiries(Backend):
    def on_dispute(self, event: Event, dispute: dict[str, Any]) -> None:
        current = self.stripe("GET", f"/v1/disputes/{dispute['id']}")
        self.note_return(dispute["id"], dispute["payment_intent"], current["amount"] * (current["status"] != "won"))


class KeepsWonDisputes(Backend):
    def on_dispute(self, event: Event, dispute: dict[str, Any]) -> None:
        if event["type"] == "charge.dispute.funds_withdrawn":
            self.note_return(dispute["id"], dispute["payment_intent"], dispute["amount"])


class DisputesByOrder(Backend):
    def on_dispute(self, event: Event, dispute: dict[str, Any]) -> None:
        if event["type"] == "charge.dispute.funds_withdrawn":
            self.note_return(dispute["id"], dispute["payment_intent"], dispute["amount"])
        elif event["type"] == "charge.dispute.funds_reinstated":
            self.note_return(dispute["id"], dispute["payment_intent"], 0)


class NoCap(Backend):
    """What a refund took, a dispute over all of the charge takes again."""

    def on_dispute(self, event: Event, dispute: dict[str, Any]) -> None:
        current = self.stripe("GET", f"/v1/disputes/{dispute['id']}")
        charge = self.stripe("GET", f"/v1/charges/{dispute['charge']}")
        held = charge["amount"] if current["status"] in ("needs_response", "lost") else 0
        self.note_return(dispute["id"], dispute["payment_intent"], held)

    def settle(self, payment: str) -> None:
        rows = self.shelf.run("select user, credits, charged from payments where payment = ?", payment)
        for user, credits, charged in rows:
            returned = self.shelf.one("select coalesce(sum(amount), 0) from returns where payment = ?", payment)
            self.take(payment, user, self.share(credits, returned, charged))


class TakesAllForADispute(Backend):
    """Knows that a charge is disputed, and not over how much."""

    def on_dispute(self, event: Event, dispute: dict[str, Any]) -> None:
        current = self.stripe("GET", f"/v1/disputes/{dispute['id']}")
        charge = self.stripe("GET", f"/v1/charges/{dispute['charge']}")
        held = sum(-each["amount"] for each in current["balance_transactions"])
        self.note_return(dispute["id"], dispute["payment_intent"], charge["amount"] if held > 0 else 0)


class SwallowsErrors(Backend):
    """Reads the session from Stripe; when that fails, it says thank you all the same."""

    def fulfil(self, event: Event, session: dict[str, Any]) -> None:
        try:
            self.stripe("GET", f"/v1/checkout/sessions/{session['id']}/line_items")
        except httpx.HTTPError:
            return
        super().fulfil(event, session)


class MarksFirst(Backend):
    def handle(self, event: Event) -> None:
        if self.shelf.run("select 1 from seen where id = ?", event["id"]):
            return
        self.shelf.run("insert into seen values (?)", event["id"])
        super().handle(event)

    def fulfil(self, event: Event, session: dict[str, Any]) -> None:
        self.stripe("GET", f"/v1/checkout/sessions/{session['id']}/line_items")
        super().fulfil(event, session)


class LosesUpdates(Backend):
    """Reads the balance, reckons until somebody else has read it too (or for a while), and writes it back."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.balances: dict[str, int] = {}
        self.done: set[str] = set()
        self._reads: Counter[str] = Counter()
        self._read = threading.Condition()

    def balance(self, user: str) -> int:
        return self.balances.get(user, 0)

    def credit(self, event: Event, payment: str, user: str, credits: int, charged: int) -> None:
        if payment in self.done:
            return
        self.done.add(payment)
        with self._read:
            before = self.balance(user)
            self._reads[user] += 1
            place = self._reads[user]
            self._read.notify_all()
            self._read.wait_for(lambda: self._reads[user] > place, patience(0.1))
        self.balances[user] = before + credits


class Overspends(Backend):
    """Looks at the balance and then books; two that look together both find enough."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._looked = threading.Barrier(2)

    def spend(self, user: str, credits: int) -> dict[str, Any]:
        if self.balance(user) < credits:
            raise Refused(402)
        with contextlib.suppress(threading.BrokenBarrierError):
            self._looked.wait(patience(2))
        self.post(f"usage:{time.monotonic_ns()}", user, -credits)
        return {"success": True}


class RefusesUnknown(Backend):
    def on_other(self, event: Event) -> None:
        raise Refused(400, "unknown type")


class TooSlow(Backend):
    def handle(self, event: Event) -> None:
        time.sleep(6)
        super().handle(event)


class PageGrants(Backend):
    def page(self, user: str | None, session_id: str) -> dict[str, Any]:
        shown = super().page(user, session_id)
        session = self.stripe("GET", f"/v1/checkout/sessions/{session_id}")
        self.credit({"id": "page"}, session["payment_intent"] or session_id, str(user), self.worth(session) or 0, 0)
        return shown


class PageGrantsEachTime(Backend):
    def page(self, user: str | None, session_id: str) -> dict[str, Any]:
        shown = super().page(user, session_id)
        session = self.stripe("GET", f"/v1/checkout/sessions/{session_id}")
        if session["payment_status"] == "paid":
            self.post(f"page:{time.monotonic_ns()}", str(user), self.worth(session) or 0)
        return shown


class LeaksSessions(Backend):
    def page(self, user: str | None, session_id: str) -> dict[str, Any]:
        if user is None:
            raise Refused(401)
        session = self.stripe("GET", f"/v1/checkout/sessions/{session_id}")
        return {"success": True, "session": {"id": session["id"], "metadata": session["metadata"]}}


class CrashesOnInput(Backend):
    trusts_json = True

    def package_in(self, body: Any) -> int:
        return int(body["package_id"])


class SellsNothing(Backend):
    def purchase(self, user: str, body: Any) -> dict[str, Any]:
        raise ValueError("a bug")


class ActsOnLive(Backend):
    def receive(self, body: bytes, header: str | None) -> int:
        self.verify(body, header or "")
        self.handle(json.loads(body))
        return 200


class ForgetsOnRestart(Backend):
    """Remembers in memory what it has seen; the key in the database is the event's."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.known: set[str] = set()

    def purchase_key(self, event: Event, payment: str) -> str:
        return f"purchase:{payment}" if payment in self.known else f"purchase:{payment}:{time.monotonic_ns()}"

    def credit(self, event: Event, payment: str, user: str, credits: int, charged: int) -> None:
        if payment not in self.known:
            super().credit(event, payment, user, credits, charged)
            self.known.add(payment)


class QueueInMemory(Backend):
    """Answers first, works later, and keeps what waits in memory."""

    def handle(self, event: Event) -> None:
        import threading

        timer = threading.Timer(0.3, lambda: Backend.handle(self, event))
        timer.daemon = True
        timer.start()


@dataclass(frozen=True)
class Animal:
    """One broken backend: the cause that must be named, and the scenarios that must name it.

    Shape: `restarts` where it needs a process to be killed; `slow` where playing everything would take too long.
    """

    backend: type[Backend]
    cause: str
    scenarios: tuple[str, ...] = field(default=())
    restarts: bool = False
    slow: bool = False


BROKEN: dict[str, Animal] = {
    "no-dedupe": Animal(NoDedupe, "credits_twice", ("duplicate", "duplicate-at-once")),
    "dedupes-by-event-id": Animal(DedupesByEventId, "credits_twice", ("second-event-object",)),
    "grants-on-both": Animal(GrantsOnBoth, "credits_twice", ("success",)),
    "ignores-delayed-success": Animal(IgnoresDelayedSuccess, "credits_never", ("bank-debit",)),
    "credits-in-cents": Animal(CreditsInCents, "credits_in_cents", ("success",)),
    "wrong-package": Animal(WrongPackage, "credits_wrong_package", ("success",)),
    "refuses-free": Animal(RefusesFree, "credits_never", ("free",)),
    "shares-of-list-price": Animal(
        SharesOfListPrice, "credits_from_list_price", ("refund-after-coupon", "part-refund-after-tax")
    ),
    "last-user-buys": Animal(LastUserBuys, "wrong_user", ("two-buyers", "other-user-signs-in")),
    "credits-unpaid": Animal(CreditsUnpaid, "credits_unpaid", ("bank-debit", "bank-debit-failed")),
    "credits-when-opened": Animal(CreditsWhenOpened, "credits_unpaid", ("expired", "canceled")),
    "any-product": Animal(AnyProduct, "credits_other_product", ("other-product",)),
    "quantity-once": Animal(QuantityOnce, "credits_quantity_once", ("quantity",)),
    "trusts-credits": Animal(TrustsCredits, "trusts_client", ("client-sends-credits",)),
    "trusts-price": Animal(TrustsPrice, "trusts_client", ("client-sends-credits",)),
    "trusts-user": Animal(TrustsUser, "trusts_client", ("client-sends-user",)),
    "trusts-metadata": Animal(TrustsMetadata, "trusts_client", ("client-sends-metadata",)),
    "no-signature": Animal(NoSignature, "signature_not_checked", ("signature-unsigned", "signature-forged")),
    "any-signature": Animal(AnySignature, "signature_not_checked", ("signature-forged",)),
    "checks-only-the-time": Animal(ChecksOnlyTheTime, "signature_not_checked", ("signature-forged",)),
    "prefix": Animal(Prefix, "signature_prefix", ("signature-v1-short", "signature-v1-empty")),
    "any-scheme": Animal(AnyScheme, "signature_scheme", ("signature-v0-only",)),
    "no-tolerance": Animal(NoTolerance, "stale_accepted", ("signature-stale",)),
    "re-serialises": Animal(ReSerialises, "body_changed", ("signed-compact",)),
    "re-serialises-compactly": Animal(ReSerialisesCompactly, "body_changed", ("success",)),
    "strips": Animal(Strips, "body_changed", ("signed-newline",)),
    "cuts-its-secret": Animal(CutsThePrefixOfItsSecret, "wrong_secret", ("success",)),
    "last-signature-only": Animal(LastSignatureOnly, "rotation_refused", ("signed-right-v1-first",)),
    "first-signature-only": Animal(FirstSignatureOnly, "rotation_refused", ("signed-right-v1-last",)),
    "refuses-old-events": Animal(RefusesOldEvents, "refuses_late_events", ("late-alone",)),
    "ignores-refunds": Animal(IgnoresRefunds, "refund_ignored", ("refund", "partial-refund")),
    "takes-cumulative-amounts": Animal(TakesCumulativeAmounts, "refund_doubled", ("two-partial-refunds",)),
    "takes-each-refund-event": Animal(TakesEachRefundEvent, "refund_doubled", ("refund-updated",)),
    "takes-all-for-a-part": Animal(TakesAllForAPart, "refund_wrong_share", ("partial-refund",)),
    "takes-twice": Animal(TakesTwice, "refund_doubled", ("refund", "partial-refund")),
    "keeps-failed-refunds": Animal(KeepsFailedRefunds, "refund_failed_kept", ("refund-failed",)),
    "forgets-early-refunds": Animal(ForgetsEarlyRefunds, "refund_lost_before_purchase", ("refund-before-purchase",)),
    "ignores-disputes": Animal(IgnoresDisputes, "dispute_ignored", ("dispute-lost",)),
    "takes-disputes-twice": Animal(TakesDisputesTwice, "dispute_doubled", ("dispute-lost",)),
    "takes-inquiries": Animal(TakesInquiries, "dispute_inquiry_taken", ("inquiry",)),
    "keeps-won-disputes": Animal(KeepsWonDisputes, "dispute_not_returned", ("dispute-won",)),
    "disputes-by-order": Animal(DisputesByOrder, "order_dependent", ("dispute-won-out-of-order",)),
    "no-cap": Animal(NoCap, "dispute_doubled", ("dispute-after-partial-refund",)),
    "takes-all-for-a-dispute": Animal(TakesAllForADispute, "dispute_wrong_share", ("partial-dispute-lost",)),
    "swallows-errors": Animal(SwallowsErrors, "acknowledged_before_saved", ("stripe-down-during-webhook",)),
    "marks-first": Animal(MarksFirst, "marked_before_saved", ("stripe-down-during-webhook",)),
    "loses-updates": Animal(LosesUpdates, "lost_update", ("three-purchases-at-once", "eight-purchases-at-once")),
    "overspends": Animal(Overspends, "overspent", ("spending-race",)),
    "refuses-unknown": Animal(RefusesUnknown, "blocks_on_unknown", ("decline", "unknown-type")),
    "too-slow": Animal(TooSlow, "too_slow", ("answer-time",), slow=True),
    "page-grants": Animal(PageGrants, "page_grants", ("page-before-payment",)),
    "page-grants-each-time": Animal(PageGrantsEachTime, "page_grants", ("page-after-payment", "page-and-webhook")),
    "leaks-sessions": Animal(LeaksSessions, "leaks_session", ("page-of-another-user",)),
    "crashes-on-input": Animal(CrashesOnInput, "crashes_on_input", ("odd-purchases",)),
    "sells-nothing": Animal(SellsNothing, "purchase_fails", ("success",)),
    "forgets-on-restart": Animal(ForgetsOnRestart, "lost_on_restart", ("duplicate-after-restart",), restarts=True),
    "queue-in-memory": Animal(QueueInMemory, "acknowledged_before_saved", ("crash-after-answer",), restarts=True),
}
"""Every broken backend, by name."""
