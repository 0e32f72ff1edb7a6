"""The whole plan by example: a price that jumps is refused."""

from __future__ import annotations

import pytest

from creditctl.core.errors import GuardRefused
from creditctl.provisioning.planning.plan import make_plan, require_no_jump
from creditctl.provisioning.state import Observed
from tests.support.provisioning import Catalogs
from tests.support.provisioning_states import PRICE, PRODUCT


@pytest.mark.parametrize(
    ("credits", "amount", "jumps"),
    [(1000, 1000, 0), (1000, 1500, 0), (1000, 1501, 1), (1000, 500, 0), (1000, 499, 1), (10000, 1000, 1), (1, 50, 2)],
)
def test_a_jump_is_more_than_half_up_or_down(credits: int, amount: int, jumps: int, make_catalog: Catalogs) -> None:
    plan = make_plan(make_catalog(("starter", credits, amount)), None, Observed((PRODUCT,), (PRICE,)))

    assert len(plan.jumps) == jumps
    require_no_jump(plan, allowed=True)
    if jumps:
        with pytest.raises(GuardRefused):
            require_no_jump(plan, allowed=False)
