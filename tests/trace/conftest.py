"""A Stripe with events in it, an archive, and a receiver of webhooks that does as it is told."""

from tests.support.events import archive, new_stripe, stripe_events
from tests.support.webhook_server import receiver

__all__ = ["archive", "new_stripe", "receiver", "stripe_events"]
