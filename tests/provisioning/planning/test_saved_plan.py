"""A saved plan is what somebody looked at: another account, another Stripe or another text is another plan."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from creditctl.core.errors import ConfigurationError, GuardRefused
from creditctl.provisioning.planning.plan import make_plan
from creditctl.provisioning.planning.saved_plan import SavedPlan, load_plan, require_unmoved, save_plan
from creditctl.provisioning.state import Observed
from tests.support.provisioning import Catalogs
from tests.support.provisioning_states import DESIRED, PRICE, PRODUCT

SEEN = Observed((PRODUCT,), (PRICE,))


@pytest.fixture
def saved(make_catalog: Catalogs) -> SavedPlan:
    plan = make_plan(make_catalog(("starter", 1000, 1200)), DESIRED, SEEN)
    return SavedPlan("acct_1", False, replace(plan, findings=()))


def test_a_plan_is_read_back_as_it_was_saved(saved: SavedPlan, tmp_path: Path) -> None:
    save_plan(tmp_path / "plan.json", saved)
    loaded = load_plan(tmp_path / "plan.json")

    assert (loaded.account, loaded.livemode) == ("acct_1", False)
    assert loaded.plan.as_dict() == saved.plan.as_dict()
    require_unmoved(loaded, SEEN, account="acct_1", livemode=False, deployment=None)


@pytest.mark.parametrize(
    "edit",
    [
        lambda body: body["plan"]["steps"][0].update(params={"unit_amount": 1}),
        lambda body: body.update(account="acct_2"),
        lambda body: body["plan"]["steps"].pop(),
    ],
    ids=["params", "account", "a step less"],
)
def test_a_plan_that_was_edited_is_refused(
    saved: SavedPlan, tmp_path: Path, edit: Callable[[dict[str, object]], object]
) -> None:
    path = tmp_path / "plan.json"
    save_plan(path, saved)
    body = json.loads(path.read_text())
    edit(body)
    path.write_text(json.dumps(body))
    with pytest.raises(ConfigurationError) as caught:
        load_plan(path)

    assert caught.value.code == "setup.plan_changed"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "creditctl.plan.v9"}', "\x00"])
def test_what_is_no_plan_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_plan(tmp_path / "plan.json")

    assert caught.value.code == "setup.plan_file"


def test_a_folder_that_is_not_there_is_named(saved: SavedPlan, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as wrote:
        save_plan(tmp_path / "missing" / "plan.json", saved)
    with pytest.raises(ConfigurationError) as read:
        load_plan(tmp_path / "missing" / "plan.json")

    assert (wrote.value.code, read.value.code) == ("setup.plan_out", "setup.plan_file")


@pytest.mark.parametrize(
    ("account", "livemode", "seen", "code"),
    [
        ("acct_2", False, SEEN, "setup.plan_account"),
        ("acct_1", True, SEEN, "setup.plan_account"),
        ("acct_1", False, Observed((PRODUCT,), (replace(PRICE, unit_amount=900),)), "setup.plan_stale"),
        ("acct_1", False, Observed((PRODUCT,), ()), "setup.plan_stale"),
    ],
)
def test_a_plan_for_another_account_or_another_stripe_is_refused(
    saved: SavedPlan, account: str, livemode: bool, seen: Observed, code: str
) -> None:
    with pytest.raises(GuardRefused) as caught:
        require_unmoved(saved, seen, account=account, livemode=livemode, deployment=None)

    assert caught.value.code == code


@pytest.mark.parametrize(("made_for", "here"), [("eu", None), (None, "eu"), ("eu", "us")])
def test_a_plan_of_another_deployment_is_refused(
    saved: SavedPlan, tmp_path: Path, made_for: str | None, here: str | None
) -> None:
    save_plan(tmp_path / "plan.json", replace(saved, deployment=made_for))
    loaded = load_plan(tmp_path / "plan.json")

    require_unmoved(loaded, SEEN, account="acct_1", livemode=False, deployment=made_for)
    with pytest.raises(GuardRefused) as caught:
        require_unmoved(loaded, SEEN, account="acct_1", livemode=False, deployment=here)
    assert caught.value.code == "setup.plan_deployment"
