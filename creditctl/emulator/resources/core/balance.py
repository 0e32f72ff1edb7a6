"""Balance endpoints: the balance and its transactions.

Source: Stripe API reference, "Balance", "Balance Transactions".
"""

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.lists import (
    ListFilter,
    by_body,
    by_column,
    by_created,
    list_fields,
    listing,
    retrieve,
    within,
)
from creditctl.emulator.api.routes import route
from creditctl.emulator.payments.balances import balance
from creditctl.emulator.protocol.errors import invalid
from creditctl.emulator.protocol.fields import Currency, Text
from creditctl.emulator.protocol.schema import Range
from creditctl.emulator.protocol.wire import ListPage
from creditctl.emulator.storage.object_types import BALANCE_TRANSACTION, PAYOUT

# Source: recorded lists by a dispute as `source`, which are empty: its transactions stand in the dispute only.
_FILTERS = {
    "available_on": ListFilter(Range(), lambda bounds: within("CAST(label AS INTEGER)", bounds)),
    "created": by_created(),
    "currency": by_body("$.currency", Currency()),
    "payout": by_column("owner", refers=PAYOUT),
    "source": ListFilter(Text(), lambda source: ("parent = ? AND parent NOT GLOB 'du_*'", [source])),
    "type": by_body("$.type", Text()),
}
_LIST, _PARAMS = listing(BALANCE_TRANSACTION, _FILTERS), list_fields(_FILTERS)
_ONE, _RIGHT = retrieve(BALANCE_TRANSACTION), "balance_transaction_source"


def _transactions(context: RequestContext) -> ListPage:
    """The balance transactions; those of one payout only where Stripe chose what it pays out: none here is automatic.

    Source: Stripe API reference, `payout`: "For automatic Stripe payouts only"; backends that fall back to dates where
    it is refused quote the words.
    """
    payout = context.params.get("payout")
    if payout is not None and not context.refer(PAYOUT, payout, "payout")["automatic"]:
        raise invalid("Balance transaction history can only be filtered on automatic transfers, not manual.")
    return _LIST(context)


ROUTES = (
    route("GET", "/v1/balance", balance, permission="balance"),
    route("GET", "/v1/balance_transactions", _transactions, _PARAMS, permission=_RIGHT),
    route("GET", "/v1/balance_transactions/{id}", _ONE, permission=_RIGHT),
    route("GET", "/v1/balance/history", _transactions, _PARAMS, permission=_RIGHT),
    route("GET", "/v1/balance/history/{id}", _ONE, permission=_RIGHT),
)
