"""A pull is refused only where a named deployment sells on shared prices and nothing at all tells its sales apart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from creditctl.core.catalog import Catalog, parse_catalog
from creditctl.core.deployment import Deployment
from creditctl.core.entitlement.facts import SessionFacts
from creditctl.core.entitlement.prices import LineItem, PriceFacts
from creditctl.core.errors import ConfigurationError
from creditctl.core.project_file.ownership import DeploymentMatch
from creditctl.payments.facts import SoldSession
from creditctl.reconciliation.deployments import require_told_apart
from tests.support.clock import NOW

TEXT = '[[package]]\nslug = "gold"\ncredits = 500\nsold = [{ price = "price_1" }]\n'
SHARED = parse_catalog(TEXT)
EXCLUSIVE = parse_catalog(f"{TEXT}exclusive = true\n")
PRICE = PriceFacts("price_1", "prod_1", 2000, "usd", None, {})
SOLD = SoldSession(
    SessionFacts("cs_1", "complete", "paid", "payment", 2000, 2000, "usd", "pi_1", "u1", {}, False, NOW),
    (LineItem(1, 2000, "usd", PRICE, 2000),),
)


@pytest.mark.parametrize(
    ("catalog", "deployment", "refused"),
    [
        (SHARED, Deployment("eu"), True),
        (SHARED, Deployment(), False),
        (EXCLUSIVE, Deployment("eu"), False),
        (SHARED, Deployment("eu", DeploymentMatch("region", "eu")), False),
        (SHARED, Deployment("eu", named_since=NOW), False),
    ],
)
def test_when_nothing_tells_them_apart(catalog: Catalog, deployment: Deployment, refused: bool) -> None:
    ours = catalog.sold_by(deployment)
    marked = replace(SOLD, session=replace(SOLD.session, metadata={"deployment": "eu"}))

    require_told_apart([marked], ours)
    if not refused:
        require_told_apart([SOLD], ours)
        return
    with pytest.raises(ConfigurationError, match="1 session, cs_1 among them"):
        require_told_apart([marked, SOLD], ours)
