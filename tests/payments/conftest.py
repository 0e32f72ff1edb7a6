"""A ledger file, and purchases to put into it; a shop whose Stripe is a shelf of objects."""

from tests.support.ledgers import ledger, open_ledger, path, purchase

__all__ = ["ledger", "open_ledger", "path", "purchase"]
