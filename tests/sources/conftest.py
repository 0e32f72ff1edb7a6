"""A ledger file, and purchases to put into it."""

from tests.support.ledgers import ledger, open_ledger, path, purchase

__all__ = ["ledger", "open_ledger", "path", "purchase"]
