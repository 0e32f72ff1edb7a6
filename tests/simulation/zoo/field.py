"""Broken backends of the zoo after defects that real credit systems shipped, and what must be named for each."""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import Any, ClassVar

import httpx

from tests.simulation.zoo.broken import Animal
from tests.simulation.zoo.correct import Backend, Event, Refused


class RefusesAboveACap(Backend):
    """Takes the money, and refuses to credit a balance above a cap."""

    def credit(self, event: Event, payment: str, user: str, credits: int, charged: int) -> None:
        if self.balance(user) + credits <= 100_000:
            super().credit(event, payment, user, credits, charged)


class ReinstatesMoney(Backend):
    """Gives back the cents of a won dispute as if they were credits."""

    def on_dispute(self, event: Event, dispute: dict[str, Any]) -> None:
        payment = dispute["payment_intent"]
        rows = self.shelf.run("select user, credits from payments where payment = ?", payment)
        for user, credits in rows:
            if event["type"] == "charge.dispute.funds_withdrawn":
                self.post(f"held:{dispute['id']}", user, -credits)
            elif event["type"] == "charge.dispute.funds_reinstated":
                self.post(f"returned:{dispute['id']}", user, dispute["amount"])


class ForgetsToNetReinstatements(Backend):
    """After a dispute that was won it thinks that everything was taken already, so a later refund takes nothing."""

    def on_dispute(self, event: Event, dispute: dict[str, Any]) -> None:
        current = self.stripe("GET", f"/v1/disputes/{dispute['id']}")
        held = sum(-each["amount"] for each in current["balance_transactions"])
        payment = dispute["payment_intent"]
        if current["status"] == "won":
            rows = self.shelf.run("select user, credits from payments where payment = ?", payment)
            taken = self.shelf.one("select credits from taken where payment = ?", payment) or 0
            for user, _ in rows:
                self.post(f"won:{dispute['id']}", user, taken)
            return
        self.note_return(dispute["id"], payment, max(0, held))


class RoundsEachRefund(Backend):
    """Rounds the share of every refund by itself, with floats."""

    def on_refund(self, event: Event, refund: dict[str, Any]) -> None:
        rows = self.shelf.run("select user, credits, charged from payments where payment = ?", refund["payment_intent"])
        if not rows:
            raise Refused(409, "not known yet")
        user, credits, charged = rows[0]
        if refund["status"] == "succeeded":
            self.post(f"refund:{refund['id']}", user, -int(credits * (refund["amount"] / charged)))
        elif refund["status"] == "failed":
            self.post(f"failed:{refund['id']}", user, int(credits * (refund["amount"] / charged)))


class IgnoresOldEvents(Backend):
    """Says thank you for an event of yesterday, and does nothing."""

    def handle(self, event: Event) -> None:
        if time.time() - event["created"] < 86_400:
            super().handle(event)


class SamePriceIsARepeat(Backend):
    """Takes a second purchase of the same package for a repeat of the first."""

    def purchase_key(self, event: Event, payment: str) -> str:
        session = event["data"]["object"]
        return f"{session.get('client_reference_id')}:{session.get('amount_total')}"


class OnlyWholeRefunds(Backend):
    def on_refund(self, event: Event, refund: dict[str, Any]) -> None:
        """charge.refunded tells."""

    def on_charge_refunded(self, event: Event, charge: dict[str, Any]) -> None:
        if charge["refunded"]:
            self.note_return(charge["id"], charge["payment_intent"], charge["amount"])


class OnlyOwnRefunds(Backend):
    """Knows only the refunds that its own admin page made, by their metadata."""

    def on_refund(self, event: Event, refund: dict[str, Any]) -> None:
        if "user_id" in (refund["metadata"] or {}):
            super().on_refund(event, refund)


class RefusesToGoBelowZero(Backend):
    """A check in the database forbids negative balances, so the refund of spent credits fails for ever."""

    policy: ClassVar[dict[str, str]] = {"negative": "allowed"}

    def post(self, key: str, user: str, credits: int) -> bool:
        if self.balance(user) + credits < 0:
            raise Refused(500, "CHECK constraint failed: balance >= 0")
        return super().post(key, user, credits)


class DropsWhatIsNotAscii(Backend):
    def verify(self, body: bytes, header: str) -> None:
        super().verify(body.decode("ascii", "ignore").encode(), header)


class PageGrantsToTheViewer(Backend):
    """The success page gives the credits of a session to whoever opens it."""

    def page(self, user: str | None, session_id: str) -> dict[str, Any]:
        session = self.stripe("GET", f"/v1/checkout/sessions/{session_id}")
        if user is None:
            raise Refused(401)
        if session["payment_status"] == "paid":
            self.fulfil({"id": "page"}, {**session, "client_reference_id": user})
        return {"success": True, "status": session["payment_status"]}


class RefundsTheLatestPurchase(Backend):
    """Finds the purchase of a refund by its user: the latest one."""

    def on_refund(self, event: Event, refund: dict[str, Any]) -> None:
        user = self.shelf.one("select user from payments where payment = ?", refund["payment_intent"])
        latest = self.shelf.one("select payment from payments where user = ? order by rowid desc", user)
        active = refund["status"] not in ("failed", "canceled")
        self.note_return(refund["id"], latest or refund["payment_intent"], refund["amount"] if active else 0)


class CountsBothRefundEvents(Backend):
    def on_charge_refunded(self, event: Event, charge: dict[str, Any]) -> None:
        self.note_return(f"charge:{charge['id']}", charge["payment_intent"], charge["amount_refunded"])


class TakesFailedRefundsToo(Backend):
    """Takes refund.failed for one more refund."""

    def on_refund(self, event: Event, refund: dict[str, Any]) -> None:
        self.note_return(f"{refund['id']}:{refund['status']}", refund["payment_intent"], refund["amount"])


class TakesWhenClosed(Backend):
    """Takes credits when a dispute is closed, however it ended."""

    def on_dispute(self, event: Event, dispute: dict[str, Any]) -> None:
        if event["type"] == "charge.dispute.closed" and not dispute["status"].startswith("warning"):
            self.note_return(dispute["id"], dispute["payment_intent"], dispute["amount"])


class ReusesSessions(Backend):
    """Opens sessions under an idempotency key of user and package, so nobody buys the same package twice."""

    def purchase(self, user: str, body: Any) -> dict[str, Any]:
        number = self.package_in(body)
        known = self.shelf.one("select id from sessions where user = ? and package = ?", user, number)
        if known:
            return {"success": True, "payment_url": f"https://checkout.stripe.com/c/pay/{known}"}
        return super().purchase(user, body)


class LocksPoisoned(Backend):
    """Notes that it works on an event, and forgets to take the note away when that failed."""

    def fulfil(self, event: Event, session: dict[str, Any]) -> None:
        if self.shelf.run("select 1 from seen where id = ?", session["id"]):
            return
        self.shelf.run("insert into seen values (?)", session["id"])
        self.stripe("GET", f"/v1/checkout/sessions/{session['id']}/line_items")
        super().fulfil(event, session)


class ComparesTheShorter(Backend):
    """Compares signatures over the length of the shorter one."""

    def verify(self, body: bytes, header: str) -> None:
        pairs = [part.partition("=")[::2] for part in header.split(",")]
        moment = next((value for name, value in pairs if name == "t"), "")
        if not moment.isdigit() or not self.is_recent(int(moment)):
            raise Refused(400)
        right = hmac.new(self.secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()
        given = next((value for name, value in pairs if name == "v1"), None)
        if given is None or not all(one == other for one, other in zip(right, given, strict=False)):
            raise Refused(400)


class CreditsOnProcessing(Backend):
    """Credits a bank debit when it is under way, and takes it back when it failed, later."""

    def on_completed(self, event: Event, session: dict[str, Any]) -> None:
        self.fulfil(event, session)

    def on_other(self, event: Event) -> None:
        if event["type"] == "checkout.session.async_payment_failed":
            session = event["data"]["object"]
            self.post(f"failed:{session['id']}", session["client_reference_id"], -(self.worth(session) or 0))


class SwallowsDatabaseErrors(Backend):
    """Answers 200 whatever happens inside, because errors looked bad in the dashboard."""

    def receive(self, body: bytes, header: str | None) -> int:
        self.verify(body, header or "")
        try:
            return super().receive(body, header)
        except (httpx.HTTPError, Refused):
            return 200

    def fulfil(self, event: Event, session: dict[str, Any]) -> None:
        current = self.stripe("GET", f"/v1/checkout/sessions/{session['id']}")
        super().fulfil(event, current)


class QuantityFromTheClient(Backend):
    """Multiplies the credits by a quantity that the browser sends, and sells one."""

    def session_params(self, user: str, number: int, body: Any) -> dict[str, Any]:
        params = super().session_params(user, number, body)
        return {**params, "metadata[times]": body.get("quantity", 1)}

    def worth(self, session: dict[str, Any]) -> int | None:
        found = super().worth(session)
        return None if found is None else found * int(session["metadata"].get("times", 1))


FIELD: dict[str, Animal] = {
    "refuses-above-a-cap": Animal(RefusesAboveACap, "credits_never", ("package-5",)),
    "reinstates-money": Animal(ReinstatesMoney, "dispute_not_returned", ("dispute-won",)),
    "forgets-to-net-reinstatements": Animal(ForgetsToNetReinstatements, "refund_ignored", ("won-dispute-then-refund",)),
    "rounds-each-refund": Animal(RoundsEachRefund, "refund_wrong_share", ("refunded-in-thirds",)),
    "ignores-old-events": Animal(IgnoresOldEvents, "refuses_late_events", ("late",)),
    "same-price-is-a-repeat": Animal(SamePriceIsARepeat, "credits_never", ("same-package-twice",)),
    "only-whole-refunds": Animal(OnlyWholeRefunds, "refund_ignored", ("partial-refund",)),
    "only-own-refunds": Animal(OnlyOwnRefunds, "refund_ignored", ("refund", "partial-refund")),
    "refuses-to-go-below-zero": Animal(RefusesToGoBelowZero, "refund_after_spending", ("refund-after-spending",)),
    "drops-what-is-not-ascii": Animal(DropsWhatIsNotAscii, "body_changed", ("success",)),
    "page-grants-to-the-viewer": Animal(PageGrantsToTheViewer, "page_grants", ("page-of-another-user-first",)),
    "refunds-the-latest-purchase": Animal(
        RefundsTheLatestPurchase, "refund_wrong_share", ("refund-of-the-older-of-two",)
    ),
    "counts-both-refund-events": Animal(CountsBothRefundEvents, "refund_doubled", ("partial-refund",)),
    "takes-failed-refunds-too": Animal(TakesFailedRefundsToo, "refund_failed_kept", ("refund-failed",)),
    "takes-when-closed": Animal(TakesWhenClosed, "dispute_not_returned", ("dispute-won",)),
    "reuses-sessions": Animal(ReusesSessions, "purchase_fails", ("same-package-twice",)),
    "locks-poisoned": Animal(LocksPoisoned, "marked_before_saved", ("stripe-down-during-webhook",)),
    "compares-the-shorter": Animal(
        ComparesTheShorter, "signature_prefix", ("signature-v1-short", "signature-v1-empty")
    ),
    "credits-on-processing": Animal(CreditsOnProcessing, "credits_unpaid", ("bank-debit",)),
    "swallows-database-errors": Animal(
        SwallowsDatabaseErrors, "acknowledged_before_saved", ("stripe-down-during-webhook",)
    ),
    "quantity-from-the-client": Animal(QuantityFromTheClient, "trusts_client", ("client-sends-credits",)),
}
