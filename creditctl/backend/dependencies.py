"""Dependencies of the backend as interfaces (webhook, ledger, Checkout): tests hand in small fakes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from creditctl.core.modes import Mode
from creditctl.core.project_file.ownership import WEBHOOK_PATH

if TYPE_CHECKING:
    from creditctl.core.catalog import Catalog, Package
    from creditctl.fulfilment.webhook import Receipt
    from creditctl.ledger.models import Entry, EntryFilter


class WebhookReceiver(Protocol):
    """Interface of the webhook: verifies one delivery as it came off the wire, decides, posts."""

    def receive(self, body: bytes, signature: str | None) -> Receipt:
        """The answer to give, and what to log. Blocking."""
        ...


class LedgerAnswers(Protocol):
    """The questions that the backend asks of the ledger, within one reading."""

    def balance(self, user_id: str) -> int:
        """A user's credits; 0 for one that is not known."""
        ...

    def entries(self, wanted: EntryFilter, *, after_id: int, limit: int) -> Sequence[Entry]:
        """The entries that a filter selects, by id, from the one after `after_id`."""
        ...

    def entry(self, number: int) -> Entry | None:
        """One entry, or None."""
        ...

    def purchase_of(self, payment_key: str) -> Entry | None:
        """The purchase that a payment was posted as, or None."""
        ...


class LedgerReader(Protocol):
    """The reading half of the ledger; safe to call from several threads."""

    def reading(self) -> AbstractContextManager[LedgerAnswers]:
        """One reading, all of whose answers fit together. Errors: LedgerError."""
        ...


@dataclass(frozen=True, slots=True)
class CheckoutOrder:
    """Order of one package: who buys, and where Stripe sends them afterwards."""

    package: Package
    user_id: str
    success_url: str
    cancel_url: str


@dataclass(frozen=True, slots=True)
class CreatedSession:
    """A Checkout session that waits for its buyer at `url`."""

    id: str
    url: str


@dataclass(frozen=True, slots=True)
class SessionView:
    """What the backend shows of a Checkout session. Units: `amount_total` in minor units."""

    id: str
    status: str | None
    payment_status: str
    amount_total: int | None
    metadata: Mapping[str, str]
    payment_intent: str | None
    client_reference_id: str | None = None

    @property
    def payment_key(self) -> str:
        """What the ledger knows this payment by: the payment intent, or the session where it has none."""
        return self.payment_intent or self.id

    def is_of(self, user_id: str) -> bool:
        """Whether everything that names a buyer on this session names this user; one that names nobody is nobody's."""
        named = {name for name in (self.client_reference_id, self.metadata.get("user_id")) if name}
        return named == {user_id}

    @property
    def paid(self) -> bool:
        """Whether Stripe holds the buyer to have paid, a price of zero included."""
        return self.status == "complete" and self.payment_status in ("paid", "no_payment_required")


class CheckoutGateway(Protocol):
    """Interface of Stripe Checkout: the two calls that the backend makes. Both block."""

    def create_session(self, order: CheckoutOrder) -> CreatedSession:
        """Opens a Checkout session. Errors: CreditctlError, NotForSale among them."""
        ...

    def read_session(self, session_id: str) -> SessionView | None:
        """A session as Stripe knows it, or None. Errors: CreditctlError."""
        ...


@dataclass(frozen=True)
class Dependencies:
    """Dependencies: everything that the backend reaches the outside world through.

    Shape: `log` takes one or several whole lines without the last line end; `trust_user_header` matters in live
    mode only, where nobody's word for who they are is taken without it.
    """

    webhook: WebhookReceiver
    ledger: LedgerReader
    catalog: Catalog
    checkout: CheckoutGateway
    frontend_url: str
    mode: Mode
    log: Callable[[str], None]
    trust_user_header: bool = False
    webhook_path: str = WEBHOOK_PATH
    monotonic: Callable[[], float] = time.monotonic

    @property
    def webhook_paths(self) -> tuple[str, ...]:
        """Where webhooks are taken: the path as it was set, and with the slash at its end the other way round.

        Shape: the other one would be redirected, and Stripe follows no redirects.
        """
        other = self.webhook_path.removesuffix("/") if self.webhook_path.endswith("/") else f"{self.webhook_path}/"
        return (self.webhook_path, other) if other else (self.webhook_path,)

    @property
    def users_are_known(self) -> bool:
        """Whether a request's word for who the user is may be believed."""
        return self.mode is not Mode.LIVE or self.trust_user_header
