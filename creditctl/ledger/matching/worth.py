"""Worth of a payment as it is kept beside the ledger: a row that probes compare with entries."""

from __future__ import annotations

from typing import NamedTuple


class Worth(NamedTuple):
    """What one payment is worth, as it was judged; a tuple, because there are as many as payments.

    Shape: `look` is 1 where the payment has to be judged every time. `user_id` is whose credits they are, None where
           nothing is due; `facts` counts refunds and disputes, which take `taken` credits in all and have `returned`
           of the amount; `bought` is when it was paid, None where it can be no half of a double payment.
    Units: `amount` (of what was sold) and `total` (of the session) in minor units of `currency`; `opened`, `paid` and
           `bought` in Unix seconds.
    """

    payment: str
    session_id: str | None
    look: int
    user_id: str | None
    credits: int
    amount: int
    total: int | None
    currency: str | None
    package: str | None
    opened: int
    paid: int
    facts: int
    taken: int
    returned: int
    bought: int | None
