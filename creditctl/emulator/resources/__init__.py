"""The resources of the API, one module each; `ROUTES` is the table of all endpoints."""

from creditctl.emulator.resources import (
    account,
    customers,
    events,
    prices,
    products,
    webhook_endpoints,
)
from creditctl.emulator.routes import Route

_MODULES = (account, customers, events, prices, products, webhook_endpoints)
ROUTES: tuple[Route, ...] = tuple(entry for module in _MODULES for entry in module.ROUTES)
