"""The balance and its transactions.

Source: Stripe API reference, "Balance", "Balance Transactions".
"""

from creditctl.emulator.balances import balance
from creditctl.emulator.kinds import BALANCE_TRANSACTION
from creditctl.emulator.lists import (
    Filter,
    by_body,
    by_column,
    by_created,
    list_fields,
    listing,
    retrieve,
    within,
)
from creditctl.emulator.routes import route
from creditctl.emulator.schema import Currency, Range, Text

_FILTERS = {
    "available_on": Filter(Range(), lambda bounds: within("CAST(label AS INTEGER)", bounds)),
    "created": by_created(),
    "currency": by_body("$.currency", Currency()),
    "payout": by_column("owner"),
    "source": by_column("parent"),
    "type": by_body("$.type", Text()),
}
_LIST, _PARAMS = listing(BALANCE_TRANSACTION, _FILTERS), list_fields(_FILTERS)
_ONE, _RIGHT = retrieve(BALANCE_TRANSACTION), "balance_transaction_source"
ROUTES = (
    route("GET", "/v1/balance", balance, permission="balance"),
    route("GET", "/v1/balance_transactions", _LIST, _PARAMS, permission=_RIGHT),
    route("GET", "/v1/balance_transactions/{id}", _ONE, permission=_RIGHT),
    route("GET", "/v1/balance/history", _LIST, _PARAMS, permission=_RIGHT),
    route("GET", "/v1/balance/history/{id}", _ONE, permission=_RIGHT),
)
