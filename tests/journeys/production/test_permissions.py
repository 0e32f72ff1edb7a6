"""A restricted key is judged by what it may do: reads are needed, sessions by a backend, set-up's changes by set-up."""

from __future__ import annotations

import pytest

from creditctl.stripe_api.permission_table import CHANGES, READS
from tests.journeys.production.world import Production

ACCOUNT = "rak_accounts_kyc_basic_read"
ALL = frozenset({ACCOUNT, *(each.permission for each in (*READS, *CHANGES))})
SET_UP = frozenset({"rak_product_write", "rak_plan_write", "rak_webhook_write"})
SESSIONS = "rak_checkout_session_write"


def restrict(production: Production, names: frozenset[str]) -> None:
    """The key is a restricted one with these permissions."""
    scope = production.emulator.accounts.all()[0]
    key = "rk_test_" + "emulator0000000000"
    production.emulator.accounts.restrict(scope, key, sorted(names), None)
    production.cli.environ["STRIPE_SECRET_KEY"] = key


def reads(names: frozenset[str]) -> frozenset[str]:
    """The same, but nothing may be changed."""
    return frozenset(name.replace("_write", "_read") for name in names)


@pytest.mark.parametrize(
    ("names", "status", "words"),
    [
        (ALL, "pass", "was refused for a permission"),
        (ALL - SET_UP | reads(SET_UP), "pass", "so that setup, webhooks change nothing"),
        (reads(ALL), "warn", "a backend that holds it can sell nothing"),
        (ALL - {"rak_refund_read"}, "fail", "lacks rak_refund_read, which reconcile, serve need"),
    ],
)
def test_the_checklist_says_what_a_key_may_do(
    production: Production, names: frozenset[str], status: str, words: str
) -> None:
    restrict(production, names)

    (check,) = production.checklist("--only", "permissions").report["checks"]

    assert (check["status"], words in check["evidence"]) == (status, True), check["evidence"]
    assert status == "pass" or "apikeys/create?name=creditctl" in check["fix"]


def test_what_the_table_names_is_enough_for_a_reconciliation(production: Production) -> None:
    restrict(production, reads(ALL))

    assert production.cli("reconcile", "--json").exit_code == 0
    assert production.doctor().exit_code == 0
