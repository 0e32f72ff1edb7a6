"""Books: where entries are kept, our ledger or an application's own table, as findings and their fixes speak of it."""

from __future__ import annotations

from dataclasses import dataclass

from creditctl.core.entitlement.entry import CreditEntry
from creditctl.core.text import plural
from creditctl.payments.finding_codes import REPAIR, booking, correction, quoted


@dataclass(frozen=True, slots=True)
class Books:
    """Where entries are kept. Shape: `keeper` as it stands in a sentence; `external` where only the application writes.

    What an application keeps, no command of ours changes: its fixes say what is to be done there.
    """

    keeper: str = "the ledger"
    external: bool = False

    def repair_of(self, payment_key: str, *, whole: bool = True) -> str:
        """What puts a payment right without anybody having to decide something.

        Shape: not `whole` is a purchase of which money went back: an application would book all of it by its event.
        """
        if not self.external:
            return REPAIR
        todo = "`creditctl reconcile --todo FILE` lists what a person has to book"
        trace = f"`creditctl trace {quoted(payment_key)}` shows the payment"
        if not whole:
            return f"No event is delivered again, since money went back: {todo}, {trace}"
        return f"{REPAIR} delivers its event to the application again; {todo}, {trace}"

    @property
    def nothing_there(self) -> str:
        """That a payment has no entry."""
        return f"{self.keeper} has no {'row' if self.external else 'entry'}"

    @property
    def sentence_start(self) -> str:
        """The keeper at the beginning of a sentence."""
        return self.keeper[0].upper() + self.keeper[1:]

    def named(self, entry: CreditEntry) -> str:
        """What an entry is called."""
        return f"row {entry.name}" if self.external else f"entry {entry.name}"

    def label(self, entry: CreditEntry) -> str:
        """What an entry is called at the beginning of a sentence."""
        return f"Row {entry.name}" if self.external else f"Entry {entry.name}"

    def correction(self, user_id: str, credits: int, entry: CreditEntry) -> str:
        """What a person does to correct an entry."""
        if self.external:
            return f"{_in_the_application(user_id, credits)} (its row {entry.name})"
        return correction(user_id, credits, entry.id)

    def booking_by_hand(self, payment_key: str) -> str:
        """What a person does to book credits where only they know whose and how many.

        Shape: with the payment's key: it is found again, and nobody is told to give the credits a second time.
        """
        named = f"--payment {payment_key} --key {payment_key}"
        command = f"`creditctl ledger adjust --user USER_ID --credits N {named} --reason TEXT`"
        return "book the credits in the application" if self.external else command

    def booking(self, user_id: str, credits: int, payment_key: str) -> str:
        """What a person does to book credits for a payment."""
        if self.external:
            return f"{_in_the_application(user_id, credits)} for payment {payment_key}"
        return booking(user_id, credits, payment_key)


def _in_the_application(user_id: str, credits: int) -> str:
    verb, way = ("give", "to") if credits > 0 else ("take", "from")
    return f"in the application {verb} {plural(abs(credits), 'credit')} {way} user {user_id}"


LEDGER = Books()
"""Our own ledger."""

APPLICATION = Books("the application", external=True)
"""A table, query or file of the application's own."""
