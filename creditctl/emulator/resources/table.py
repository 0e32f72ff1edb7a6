"""The table of all endpoints."""

from creditctl.emulator.resources import (
    account,
    balance,
    charges,
    checkout_sessions,
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
from creditctl.emulator.routes import Route

_MODULES = (
    account,
    balance,
    charges,
    checkout_sessions,
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
