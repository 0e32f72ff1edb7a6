"""Credit entry: what judging a payment needs of one entry; a ledger's Entry is one, an application's row can be."""

from __future__ import annotations

from typing import Protocol

from creditctl.core.entitlement.settlement import EntryKind


class CreditEntry(Protocol):
    """One entry that gave credits to a user, or took some back.

    Shape: `corrects` is the entry that an adjustment corrects. `recorded` is when it was written, `created` Stripe's
           time. Units: `credits` and `amount` are signed, `amount` in minor units of `currency`; times in Unix seconds.
    """

    @property
    def id(self) -> int:
        """Its number; a later one is greater."""

    @property
    def name(self) -> str:
        """What a person finds it by: its number, or the application's own id of the row."""

    @property
    def status(self) -> str:
        """Whether it counts: `done`; an application also plans rows (`pending`), and gives them up (`void`)."""

    @property
    def recorded(self) -> int:
        """When it was written."""

    @property
    def created(self) -> int:
        """When it happened."""

    @property
    def user_id(self) -> str:
        """Whose credits."""

    @property
    def kind(self) -> EntryKind:
        """What it is."""

    @property
    def credits(self) -> int:
        """How many it gives, or with a negative number takes."""

    @property
    def amount(self) -> int:
        """The money that was charged, or with a negative number returned."""

    @property
    def currency(self) -> str | None:
        """The currency of the amount, where it is known."""

    @property
    def payment_key(self) -> str | None:
        """The payment that it is about: the payment intent, or a session without one."""

    @property
    def session_id(self) -> str | None:
        """The session that it is about."""

    @property
    def object_id(self) -> str | None:
        """The refund or dispute that it is about, of a purchase its session."""

    @property
    def package(self) -> str | None:
        """The package that was bought, where it is known."""

    @property
    def idempotency_key(self) -> str:
        """The key under which it was written once."""

    @property
    def source_event(self) -> str | None:
        """The event by which it was written, where that is known."""

    @property
    def corrects(self) -> int | None:
        """The entry that it corrects."""

    @property
    def livemode(self) -> bool:
        """Whether it is about real money."""
