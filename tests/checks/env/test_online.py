"""What a key may do is asked of Stripe with reads only, and every answer of Stripe's becomes a finding."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from creditctl.checks.env.online import KeyProof, prove_key, why_not_asked
from creditctl.core.modes import Mode
from creditctl.core.settings import merge_settings
from creditctl.stripe_api.client import connect
from creditctl.stripe_api.permission_table import CHANGES, READS, PermissionQuestion
from tests.checks.conftest import ACCOUNT, BALANCE, Answers, Canned, Look
from tests.support.scripted_stripe import ScriptedStripe


def error(text: str, kind: str = "invalid_request_error") -> dict[str, Any]:
    return {"error": {"type": kind, "message": text}}


Prove = Callable[..., tuple[KeyProof, ScriptedStripe]]


@pytest.fixture
def prove(look: Look, canned_stripe: Canned, tmp_path: Path) -> Prove:
    def run(
        settings: dict[str, str], answers: Answers, expected: Mode | None = None
    ) -> tuple[KeyProof, ScriptedStripe]:
        view = look(settings, expected=expected)
        canned = canned_stripe(answers)
        merged = merge_settings(view.backend.content.values, {}, env_file=tmp_path / ".env", folder=tmp_path)
        with connect(merged, sleep=lambda _: None, chance=lambda: 0.0, transport=canned) as connection:
            return prove_key(view, connection), canned

    return run


def codes(proof: KeyProof) -> set[str]:
    return {item.code.removeprefix("env.online.") for item in proof.findings}


def test_everything_is_read_and_nothing_written(prove: Prove, good: dict[str, str]) -> None:
    proof, canned = prove(good, {})

    assert {request.method for request in canned.requests} == {"GET"}
    assert proof.granted == tuple(read.call for read in READS)
    asked = [f"GET {request.path}" for request in canned.requests]
    assert [call for call in asked if call != "GET /v1/account"] == [read.call for read in READS]
    assert (proof.account, proof.livemode, proof.refused) == ("acct_1AbCdEfGhIjKlMno", False, ())


@pytest.mark.parametrize("read", READS, ids=lambda read: read.call)
def test_a_permission_that_is_lacking_is_named_with_who_needs_it(
    prove: Prove, good: dict[str, str], read: PermissionQuestion
) -> None:
    text = f"The key lacks it. Having the '{read.permission}' permission would allow this request to continue."

    proof, _ = prove(good, {read.call.removeprefix("GET "): (403, error(text))})

    (found,) = [item for item in proof.findings if item.code == "env.online.permission"]
    assert read.permission in found.message
    assert read.needed_by in found.message
    assert proof.refused == (read.call,)
    assert len(proof.granted) == len(READS) - 1


def test_stripes_own_name_of_a_permission_wins_over_our_table(prove: Prove, good: dict[str, str]) -> None:
    text = "Having the 'rak_price_read' permission would allow this request to continue."

    proof, _ = prove(good, {"/v1/prices": (403, error(text))})

    assert any("rak_price_read" in item.message for item in proof.findings)


def test_an_account_that_may_not_be_read_is_a_finding_and_the_rest_is_asked(prove: Prove, good: dict[str, str]) -> None:
    proof, canned = prove(good, {"/v1/account": (403, error("No."))})

    assert "account_hidden" in codes(proof)
    assert len(canned.requests) == 1 + len(READS)


def test_with_a_pin_an_account_that_may_not_be_read_stops_everything(prove: Prove, good: dict[str, str]) -> None:
    proof, canned = prove({**good, "STRIPE_ACCOUNT_ID": "acct_1AbCdEfGhIjKlMno"}, {"/v1/account": (403, error("No."))})

    assert codes(proof) == {"account_hidden"}
    assert len(canned.requests) == 1


def test_another_account_than_the_pinned_one_is_critical_and_nothing_else_is_read(
    prove: Prove, good: dict[str, str]
) -> None:
    proof, canned = prove({**good, "STRIPE_ACCOUNT_ID": "acct_other"}, {})

    assert [(item.code, item.severity) for item in proof.findings] == [("env.online.account", "critical")]
    assert [(request.method, request.path) for request in canned.requests] == [("GET", "/v1/account")]


def test_a_key_that_stripe_refuses_is_one_finding_without_the_key(prove: Prove, good: dict[str, str]) -> None:
    proof, _ = prove(good, {"/v1/account": (401, error("Invalid API Key provided: sk_test_****Mn"))})

    assert codes(proof) == {"refused"}
    assert good["STRIPE_SECRET_KEY"] not in repr(proof)


def test_a_stripe_that_fails_is_said_to_be_unreachable(prove: Prove, good: dict[str, str]) -> None:
    proof, _ = prove(good, {"/v1/account": (503, error("Down.", "api_error"))})

    assert codes(proof) == {"unreachable"}
    assert proof.unreachable


def test_balance_contradicts_the_prefix(prove: Prove, good: dict[str, str]) -> None:
    proof, _ = prove(good, {"/v1/balance": (200, {**BALANCE, "livemode": True})})

    assert "mode" in codes(proof)


def test_a_live_account_that_may_not_take_payments_is_found(prove: Prove, live: dict[str, str]) -> None:
    answers = {"/v1/account": (200, {**ACCOUNT, "charges_enabled": False})}

    proof, _ = prove(live, {**answers, "/v1/balance": (200, {**BALANCE, "livemode": True})}, Mode.LIVE)

    assert codes(proof) == {"not_pinned", "no_charges"}


def test_no_key_goes_out_that_is_unusable_or_of_another_mode(look: Look, good: dict[str, str]) -> None:
    assert why_not_asked(look(good)) == ""
    assert why_not_asked(look(good, expected=Mode.TEST)) == ""
    assert "not live" in why_not_asked(look(good, expected=Mode.LIVE))
    assert "no usable key" in why_not_asked(look({**good, "STRIPE_SECRET_KEY": "sk_test_..."}))
    assert "no usable key" in why_not_asked(look({**good, "STRIPE_API_BASE": "https://elsewhere.io"}))


def test_a_restricted_key_is_asked_what_it_may_change_too(prove: Prove, good: dict[str, str]) -> None:
    restricted = {**good, "STRIPE_SECRET_KEY": good["STRIPE_SECRET_KEY"].replace("sk_", "rk_")}
    path = "/v1/checkout/sessions/cs_creditctl_permission"

    proof, _ = prove(restricted, {path: (403, error("No."))})

    (found,) = [item for item in proof.findings if item.code == "env.online.permission"]
    assert (found.severity, "rak_checkout_session_write" in found.message) == ("low", True)
    assert proof.refused == ("POST /v1/checkout/sessions",)
    assert len(proof.granted) == len(READS) + len(CHANGES) - 1
