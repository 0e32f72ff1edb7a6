"""Worth of a session: the one entrance to the entitlement decision, for webhook, reader and judgement."""

from __future__ import annotations

from creditctl.core.catalog import Catalog
from creditctl.core.entitlement.decision import Decision, decide
from creditctl.payments.facts import SoldSession


def worth(sold: SoldSession, catalog: Catalog) -> Decision:
    """What a checkout session is worth; NeedsLineItems where only its line items can say it and are not there."""
    return decide(sold.session, catalog, sold.items)
