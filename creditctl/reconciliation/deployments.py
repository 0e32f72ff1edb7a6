"""Deployments of a pull: refuses to judge sales on shared prices where nothing says which deployment's they are."""

from __future__ import annotations

from collections.abc import Iterable

from creditctl.core.catalog import Catalog
from creditctl.core.entitlement.decision import Disagrees
from creditctl.core.entitlement.deployment import UNSAID
from creditctl.core.errors import ConfigurationError
from creditctl.core.text import plural
from creditctl.payments.facts import SoldSession
from creditctl.payments.worth import worth


def require_told_apart(sessions: Iterable[SoldSession], catalog: Catalog) -> None:
    """Refuses a pull in which nobody can tell a named deployment's sales on the application's prices from others'.

    Shape:  with a mark of the application's, or a time at which it got its name, single sessions are findings instead.
    Errors: ConfigurationError naming the ways to say it.
    """
    deployment = catalog.deployment
    if deployment.name is None or deployment.match is not None or deployment.named_since is not None:
        return
    unsaid = [sold.session.id for sold in sessions if _is_unsaid(sold, catalog)]
    if not unsaid:
        return
    raise ConfigurationError(
        f"{plural(len(unsaid), 'session')}, {unsaid[0]} among them, sold packages on prices that other deployments may "
        "sell on too, and nothing says whose they are.",
        code="catalog.deployment_unsaid",
        fix="In creditctl.toml name the application's own mark with deployment_match, or say exclusive = true of the "
        f"package; or let sessions carry metadata.deployment = {deployment.name}. If it sold alone until it got its "
        f"name: `creditctl ledger init --deployment {deployment.name} --since TIME`.",
    )


def _is_unsaid(sold: SoldSession, catalog: Catalog) -> bool:
    decision = worth(sold, catalog)
    return isinstance(decision, Disagrees) and decision.finding.code == UNSAID
