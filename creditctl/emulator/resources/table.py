"""The table of all endpoints."""

from creditctl.emulator.api.routes import Route
from creditctl.emulator.resources import account, radar, search, stripecli, webhook_endpoints
from creditctl.emulator.resources.checkout import payment_pages, sessions
from creditctl.emulator.resources.core import (
    balance,
    charges,
    customers,
    disputes,
    events,
    payment_intents,
    payment_methods,
    payouts,
    refunds,
)
from creditctl.emulator.resources.products import coupons, prices, products

_MODULES = (
    account,
    balance,
    charges,
    sessions,
    coupons,
    customers,
    disputes,
    events,
    payment_intents,
    payment_methods,
    payment_pages,
    payouts,
    prices,
    products,
    radar,
    refunds,
    search,
    stripecli,
    webhook_endpoints,
)
ROUTES: tuple[Route, ...] = tuple(entry for module in _MODULES for entry in module.ROUTES)
