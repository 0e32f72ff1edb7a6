"""`creditctl emulator refund, dispute, settle, fail`: what the seller and the banks do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
import stripe

from creditctl.core.errors import ExitCode

if TYPE_CHECKING:
    from tests.support.cli import Cli


@pytest.mark.parametrize("name", ["session", "payment_intent", "charge"])
def test_a_refund_takes_any_name_of_a_payment(
    cli: Cli, client: stripe.StripeClient, session: Callable[[], str], name: str
) -> None:
    made = session()
    intent = cli("emulator", "pay", made, "--json").report["payment_intent"]
    charge = str(client.v1.payment_intents.retrieve(intent).latest_charge)
    target = {"session": made, "payment_intent": intent, "charge": charge}[name]

    part = cli("emulator", "refund", target, "--amount", "3.00usd", "--reason", "requested_by_customer", "--json")
    rest = cli("emulator", "refund", target, "--json")
    over = cli("emulator", "refund", target, "--json")

    assert (part.report["amount"], part.report["reason"], part.report["status"]) == (
        300,
        "requested_by_customer",
        "succeeded",
    )
    assert rest.report["amount"] == 700
    assert over.exit_code == ExitCode.STRIPE_REFUSED
    assert client.v1.charges.retrieve(charge).amount_refunded == 1000


def test_a_refund_that_the_bank_returns(cli: Cli, client: stripe.StripeClient, session: Callable[[], str]) -> None:
    made = session()
    cli("emulator", "pay", made)
    refund = cli("emulator", "refund", made, "--json").report["refund"]

    outcome = cli("emulator", "fail", refund, "--reason", "lost_or_stolen_card", "--json")

    assert (outcome.report["status"], outcome.report["failure_reason"]) == ("failed", "lost_or_stolen_card")
    assert client.v1.refunds.retrieve(refund).status == "failed"
    assert cli("emulator", "fail", made).exit_code == ExitCode.USAGE


def test_what_was_never_paid_cannot_be_refunded(cli: Cli, session: Callable[[], str]) -> None:
    outcome = cli("emulator", "refund", session())

    assert outcome.exit_code == ExitCode.USAGE
    assert "creditctl emulator pay" in outcome.stderr
    assert cli("emulator", "refund", "prod_1").exit_code == ExitCode.USAGE


@pytest.mark.parametrize(
    ("kind", "opened", "ending", "status"),
    [
        ("fraudulent", "needs_response", "lost", "lost"),
        ("product_not_received", "needs_response", "won", "won"),
        ("inquiry", "warning_needs_response", "warning_closed", "warning_closed"),
    ],
)
def test_a_dispute_from_its_opening_to_its_end(
    cli: Cli, client: stripe.StripeClient, session: Callable[[], str], kind: str, opened: str, ending: str, status: str
) -> None:
    made = session()
    cli("emulator", "pay", made)

    dispute = cli("emulator", "dispute", made, "--kind", kind, "--json").report
    settled = cli("emulator", "settle", dispute["dispute"], "--status", ending, "--json").report

    assert (dispute["status"], dispute["amount"]) == (opened, 1000)
    assert settled["status"] == status
    assert client.v1.disputes.retrieve(dispute["dispute"]).status == status


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("300", "such as --amount 10.00usd"),
        ("3.00eur", "in USD, not EUR"),
        ("3.001usd", "2 decimals"),
        ("0usd", "nothing"),
    ],
)
def test_an_amount_that_might_mean_another_sum_is_refused(
    cli: Cli, client: stripe.StripeClient, session: Callable[[], str], amount: str, said: str
) -> None:
    made = session()
    cli("emulator", "pay", made)
    for command in ("refund", "dispute"):
        done = cli("emulator", command, made, "--amount", amount)
        assert done.exit_code == ExitCode.USAGE
        assert said in done.stderr
    assert client.v1.refunds.list().data == []
    assert client.v1.disputes.list().data == []


@pytest.mark.parametrize(("amount", "minor"), [("3.00", 300), ("3.5", 350), ("1,000.00", 100_000), ("$3", 300)])
def test_a_point_or_a_sign_says_major_units(
    cli: Cli, client: stripe.StripeClient, session: Callable[[], str], amount: str, minor: int
) -> None:
    made = session()
    cli("emulator", "pay", made)
    done = cli("emulator", "refund", made, "--amount", amount, "--json")

    if minor > 1000:
        assert done.exit_code == ExitCode.STRIPE_REFUSED
    else:
        assert done.report["amount"] == minor


def test_a_refunded_payment_is_disputed_all_the_same_and_the_money_goes_twice(
    cli: Cli, client: stripe.StripeClient, session: Callable[[], str]
) -> None:
    made = session()
    intent = cli("emulator", "pay", made, "--json").report["payment_intent"]
    cli("emulator", "refund", made)

    unnamed = cli("emulator", "dispute", made)
    too_much = cli("emulator", "dispute", made, "--amount", "10.01usd")
    both = cli("emulator", "dispute", made, "--amount", "$10.00", "--json").report

    assert (unnamed.exit_code, "refunded in full" in unnamed.stderr) == (ExitCode.STRIPE_REFUSED, True)
    assert (too_much.exit_code, "at most what was captured: $10.00." in too_much.stderr) == (4, True)
    assert (both["amount"], both["status"]) == (1000, "needs_response")
    # The charge's own entry follows a moment later.
    assert [entry.amount for entry in client.v1.balance_transactions.list().data] == [-1000, -1000]
    assert client.v1.charges.list({"payment_intent": intent}).data[0].amount_refunded == 1000
