"""A ledger file, and purchases to put into it; a shop whose Stripe is a shelf of objects."""

from tests.support.ledgers import ledger, open_ledger, path, purchase
from tests.support.payment_shop import catalog, open_shop, shop, sound

__all__ = ["catalog", "ledger", "open_ledger", "open_shop", "path", "purchase", "shop", "sound"]
