"""A ledger belongs to one account, one livemode and one deployment; one that has no deployment can get a name, once."""

from __future__ import annotations

from pathlib import Path

import pytest

from creditctl.core.errors import GuardRefused, LedgerError
from creditctl.ledger.owner import ANY_DEPLOYMENT
from creditctl.ledger.store import Ledger
from tests.support.clock import NOW


def opened(path: Path, deployment: str | None, *, create: bool = True) -> Ledger:
    return Ledger.open(path, account="acct_1", livemode=False, deployment=deployment, clock=lambda: NOW, create=create)


def owner(path: Path, deployment: str | None = ANY_DEPLOYMENT) -> tuple[str | None, int | None]:
    with opened(path, deployment, create=False) as ledger:
        return ledger.deployment, ledger.named_since


@pytest.mark.parametrize("name", [None, "eu"])
def test_a_new_ledger_is_the_deployments(path: Path, name: str | None) -> None:
    opened(path, name).close()

    assert owner(path) == owner(path, name) == (name, None)


@pytest.mark.parametrize(("own", "wanted"), [(None, "eu"), ("eu", None), ("eu", "us")])
def test_another_deployments_ledger_is_refused(path: Path, own: str | None, wanted: str | None) -> None:
    opened(path, own).close()

    with pytest.raises(GuardRefused) as caught:
        opened(path, wanted)
    assert caught.value.code == "ledger.other_deployment"
    assert ("ledger init --deployment eu --since TIME" in caught.value.fix) == (own is None)


def test_an_unnamed_ledger_gets_its_name_once(path: Path) -> None:
    with opened(path, None) as ledger:
        ledger.name_deployment("eu", NOW)
        ledger.name_deployment("eu", NOW)
        assert (ledger.deployment, ledger.named_since) == ("eu", NOW)

    assert owner(path, "eu") == ("eu", NOW)


@pytest.mark.parametrize(("name", "since"), [("us", NOW), ("eu", NOW + 1)])
def test_a_name_is_for_good(path: Path, name: str, since: int) -> None:
    with opened(path, None) as ledger:
        ledger.name_deployment("eu", NOW)
        with pytest.raises(GuardRefused, match="belongs to the deployment eu since"):
            ledger.name_deployment(name, since)

    assert owner(path) == ("eu", NOW)


def test_a_ledger_that_says_nothing_sensible_is_corrupt(path: Path) -> None:
    with opened(path, "eu") as ledger, ledger.transaction() as tx:
        tx.connection.execute("INSERT INTO ledger_meta VALUES ('named_since', 'soon')")

    with pytest.raises(LedgerError):
        owner(path)
