"""No line of the log can be forged, whatever a ledger of before took for a user id."""

from __future__ import annotations

from dataclasses import replace

from creditctl.core.entitlement.facts import RefundFact
from creditctl.fulfilment import messages
from tests.fulfilment.conftest import World
from tests.support.ledger_calls import read


def test_a_user_id_with_a_line_end_stays_on_its_line(world: World) -> None:
    assert world.outcomes(world.events.session(1)) == ["posted"]
    (entry,) = read(world.ledger).entries()
    forged = replace(entry, user_id="1\nINFO: forged")
    fact = RefundFact.from_stripe(world.events.refund_object("re_1", 500, "canceled"), 1)
    assert fact is not None
    for line in (messages.written(forged), messages.unchanged(fact, forged)):
        assert "\n" not in line
        assert "INFO: forged" in line
