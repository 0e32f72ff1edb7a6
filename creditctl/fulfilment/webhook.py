"""Webhook: verifies, plans and records one delivery; it is in the ledger once, or Stripe is asked to come again."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from creditctl.core.catalog import Catalog
from creditctl.core.entitlement.facts import MalformedFact
from creditctl.core.errors import ConfigurationError, CreditctlError, GuardRefused, LedgerError
from creditctl.core.keys import Secret
from creditctl.fulfilment.event import Event, parse_event
from creditctl.fulfilment.handled import Handled, handled
from creditctl.fulfilment.plan import plan, with_charges
from creditctl.fulfilment.ports import LedgerWriter, StripeReads
from creditctl.fulfilment.signature import BadSignature, verify_signature
from creditctl.ledger.models import Delivery
from creditctl.payments.booked import ChargesUnknown
from creditctl.payments.posting_plan import PostingPlan
from creditctl.payments.record import record

_OK, _BAD_REQUEST, _BUG, _COME_AGAIN = 200, 400, 500, 503

_NOTE_WAIT_SECONDS = 1.0
"""How long a row that only says what went wrong is worth waiting for: Stripe is waiting for the answer meanwhile."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one delivery.

    Shape: `status` is the HTTP status to answer; `outcome` one of posted, exists, conflict, finding, waiting, not_ours,
           ignored, fact, bad_signature, bad_payload, failed; `log` the lines for the log, without personal data.
    """

    status: int
    outcome: str
    event_id: str | None
    event_type: str | None
    log: tuple[str, ...]
    message: str


class Webhook:
    """Receives the deliveries of one endpoint; safe to call from several threads and processes at once.

    Errors: ConfigurationError without a signing secret, GuardRefused if the ledger is another account's or mode's.
    """

    def __init__(
        self,
        *,
        ledger: LedgerWriter,
        stripe: StripeReads,
        secrets: Sequence[Secret],
        catalog: Catalog,
        account: str | None,
        livemode: bool,
        clock: Callable[[], int],
        tolerance_seconds: int = 300,
    ) -> None:
        _require_own_ledger(ledger, account, livemode)
        if not secrets:
            raise ConfigurationError(
                "There is no webhook signing secret: no delivery could be believed.",
                code="env.webhook_secret",
                fix="Set STRIPE_WEBHOOK_SECRET, or let `creditctl setup` write it.",
            )
        self._ledger = ledger
        self._stripe = stripe
        self._secrets = tuple(secrets)
        self._catalog = catalog
        self._clock = clock
        self._tolerance_seconds = tolerance_seconds

    def receive(self, body: bytes, signature: str | None) -> Receipt:
        """Takes one delivery: the raw body and the Stripe-Signature header. Never raises."""
        try:
            verify_signature(
                body,
                signature,
                self._secrets,
                now=self._clock(),
                tolerance_seconds=self._tolerance_seconds,
            )
            event = parse_event(body)
        except BadSignature as error:
            return self._rejected(body, "bad_signature", str(error))
        except MalformedFact as error:
            return self._rejected(body, "bad_payload", str(error))
        if event is None:
            return self._ignored_thin()
        return self._handled(event)

    def _handled(self, event: Event) -> Receipt:
        opening = f"Handling Stripe webhook event: {event.type}"
        try:
            outcome = self._committed(event)
        except CreditctlError as error:
            return self._failed(event, opening, _COME_AGAIN, error.code)
        except Exception as error:  # noqa: BLE001 - whatever it was, Stripe has to come again
            return self._failed(event, opening, _BUG, type(error).__name__)
        log = (opening, *outcome.log)
        return Receipt(_OK, outcome.outcome, event.id, event.type, log, outcome.message)

    def _committed(self, event: Event) -> Handled:
        """Reads what is missing first, outside any transaction; then writes everything in one."""
        planned = plan(event, self._stripe, self._catalog, self._ledger.account, self._ledger.livemode)
        try:
            return self._recorded(event, planned)
        except ChargesUnknown:
            return self._recorded(event, with_charges(planned, self._stripe))

    def _recorded(self, event: Event, planned: PostingPlan) -> Handled:
        with self._ledger.transaction() as tx:
            outcome = handled(event, planned, record(tx, planned))
            tx.add_delivery(
                Delivery(
                    outcome=outcome.outcome,
                    event_id=event.id,
                    event_type=event.type,
                    object_id=event.object_id,
                    entry_id=outcome.entry_id,
                )
            )
        return outcome

    def _failed(self, event: Event, opening: str, status: int, reason: str) -> Receipt:
        """Nothing was committed; the row that says so is written if it can be."""
        self._note(
            Delivery(
                outcome="failed",
                event_id=event.id,
                event_type=event.type,
                object_id=event.object_id,
                reason=reason,
            )
        )
        message = f"failed before anything was written ({reason}); Stripe will deliver {event.id} again"
        return Receipt(status, "failed", event.id, event.type, (opening, f"Stripe event {message}"), message)

    def _ignored_thin(self) -> Receipt:
        """A thin event carries nothing to decide on. Source: Stripe documentation, "Event destinations"."""
        self._note(Delivery(outcome="ignored", reason="a thin event"))
        return Receipt(_OK, "ignored", None, None, ("Ignoring a thin Stripe event",), "a thin event")

    def _rejected(self, body: bytes, outcome: str, reason: str) -> Receipt:
        """Of a delivery that nobody vouches for, only reason, size and digest are kept."""
        digest = hashlib.sha256(body).hexdigest()
        self._note(Delivery(outcome=outcome, verified=False, reason=reason, size=len(body), digest=digest))
        return Receipt(_BAD_REQUEST, outcome, None, None, (f"Rejected a Stripe webhook: {reason}",), reason)

    def _note(self, delivery: Delivery) -> None:
        with contextlib.suppress(LedgerError), self._ledger.transaction(_NOTE_WAIT_SECONDS) as tx:
            tx.add_delivery(delivery)


def _require_own_ledger(ledger: LedgerWriter, account: str | None, livemode: bool) -> None:
    if (account is not None and account != ledger.account) or livemode != ledger.livemode:
        raise GuardRefused(
            "The ledger belongs to another account or mode than this webhook.",
            code="ledger.other_account",
            fix="Name the right ledger with CREDITCTL_LEDGER.",
        )
