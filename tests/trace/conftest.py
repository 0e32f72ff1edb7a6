"""A Stripe with events in it, an archive, and a receiver of webhooks that does as it is told."""

from tests.support.events import archive, new_stripe, stripe_events
from tests.support.ledgers import open_ledger, path, purchase
from tests.support.webhook_server import receiver

__all__ = ["archive", "new_stripe", "open_ledger", "path", "purchase", "receiver", "stripe_events"]
