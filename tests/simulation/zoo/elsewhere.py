"""Broken backends of the zoo after those that were written elsewhere, and what must be named for each."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections import Counter
from typing import Any, ClassVar

from creditctl.simulation.target.declaration import USER_HEADER
from tests.simulation.zoo.broken import Animal
from tests.simulation.zoo.correct import Backend, Event, OnIntentAlone, Refused
from tests.simulation.zoo.field import ComparesTheShorter
from tests.support.waiting import patience

_SLOW_SECONDS = 0.5


class IntentAloneComparesTheShorter(ComparesTheShorter, OnIntentAlone):
    """Grants on the intent alone, and compares signatures over the length of the shorter one."""


class IntentAloneTakesAnyScheme(OnIntentAlone):
    """Grants on the intent alone, and takes a signature of any scheme."""

    def verify(self, body: bytes, header: str) -> None:
        pairs = [part.partition("=")[::2] for part in header.split(",")]
        moment = next((value for name, value in pairs if name == "t"), "")
        if not moment.isdigit() or not self.is_recent(int(moment)):
            raise Refused(400)
        right = hmac.new(self.secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()
        if right not in [value for name, value in pairs if name != "t"]:
            raise Refused(400)


class IntentAloneLooksThenCredits(OnIntentAlone):
    """Grants on the intent alone: looks for an earlier grant, does something slow, and then grants.

    Slow lasts until somebody else has looked too: a sleep is over at once where the whole process stands still.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._looks: Counter[str] = Counter()
        self._looked = threading.Condition()

    def credit(self, event: Event, payment: str, user: str, credits: int, charged: int) -> None:
        if self.shelf.one("select count(*) from payments where payment = ?", payment):
            return
        with self._looked:
            self._looks[payment] += 1
            self._looked.notify_all()
            self._looked.wait_for(lambda: self._looks[payment] > 1, patience(_SLOW_SECONDS))
        with self.shelf.writing():
            self.post(f"purchase:{payment}:{threading.get_ident()}:{event['id']}", user, credits)
            self.shelf.run("insert or ignore into payments values (?, ?, ?, ?)", payment, user, credits, charged)
            self.settle(payment)


class CreditsOnlySeenAccounts(Backend):
    """Makes an account when a balance is looked at, and credits only accounts that there are."""

    def balance(self, user: str) -> int:
        self.shelf.run("insert or ignore into seen values (?)", f"account:{user}")
        return super().balance(user)

    def credit(self, event: Event, payment: str, user: str, credits: int, charged: int) -> None:
        if self.shelf.one("select count(*) from seen where id = ?", f"account:{user}"):
            super().credit(event, payment, user, credits, charged)


class CrashesOnItsOwnField(Backend):
    """Looks the package up by whatever its own field holds."""

    def package_in(self, body: Any) -> int:
        number = body.get("package_id") if isinstance(body, dict) else None
        if number is None:
            raise Refused(422)
        return super().package_in({"package_id": {1: 1, 2: 2, 3: 3, 4: 4, 5: 5}[number]})


class PriceFromTheClient(Backend):
    """Sells at the price that the browser sends."""

    def session_params(self, user: str, number: int, body: Any) -> dict[str, Any]:
        params = super().session_params(user, number, body)
        price = "line_items[0][price_data][unit_amount]"
        return {**params, price: body.get("unit_amount", params[price])}


class KnowsBuyersByTypedEmail(Backend):
    """Credits the user who has the e-mail that was typed at the checkout; for another one it makes an account."""

    headers: ClassVar[tuple[str, ...]] = (USER_HEADER, "X-User-Email: {user}@example.com")

    def buyer(self, session: dict[str, Any]) -> str | None:
        return str(session["customer_details"]["email"]).removesuffix("@example.com")


class RefusesUnknownTypedEmails(KnowsBuyersByTypedEmail):
    """Credits the user who has the e-mail that was typed at the checkout, and fails where nobody has it."""

    def buyer(self, session: dict[str, Any]) -> str | None:
        user = super().buyer(session)
        if not self.shelf.one("select count(*) from sessions where user = ?", user):
            raise Refused(500, "no such user")
        return user


ELSEWHERE: dict[str, Animal] = {
    "intent-alone-compares-the-shorter": Animal(
        IntentAloneComparesTheShorter, "signature_prefix", ("signature-v1-short", "signature-v1-empty")
    ),
    "intent-alone-takes-any-scheme": Animal(IntentAloneTakesAnyScheme, "signature_scheme", ("signature-v0-only",)),
    "intent-alone-looks-then-credits": Animal(IntentAloneLooksThenCredits, "credits_twice", ("duplicate-at-once",)),
    "credits-only-seen-accounts": Animal(CreditsOnlySeenAccounts, "credits_never", ("first-purchase",)),
    "price-from-the-client": Animal(PriceFromTheClient, "trusts_client", ("client-sends-credits",)),
    "knows-buyers-by-typed-email": Animal(KnowsBuyersByTypedEmail, "wrong_user", ("success",)),
    "refuses-unknown-typed-emails": Animal(RefusesUnknownTypedEmails, "wrong_user", ("success",)),
    "crashes-on-its-own-field": Animal(CrashesOnItsOwnField, "crashes_on_input", ("odd-purchases",)),
}
