"""creditctl: set up, prove and reconcile prepaid credits that are sold through Stripe Checkout."""

__version__ = "0.1.0"
