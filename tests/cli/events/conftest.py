"""A local stack with purchases, a Stripe in live mode, a busy Stripe on a port, and a receiver of webhooks."""

from tests.support.event_world import busy_stripe, live, sink, world

__all__ = ["busy_stripe", "live", "sink", "world"]
