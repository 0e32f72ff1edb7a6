"""A shop whose Stripe is a shelf of objects, and whose ledger is a real one."""

from tests.support.payment_shop import catalog, open_shop, shop, sound

__all__ = ["catalog", "open_shop", "shop", "sound"]
