"""A local stack with purchases, a Stripe in live mode, a busy Stripe on a port, and a receiver of webhooks."""

from tests.support.event_world import busy_stripe, live, world
from tests.support.webhook_server import receiver

__all__ = ["busy_stripe", "live", "receiver", "world"]
