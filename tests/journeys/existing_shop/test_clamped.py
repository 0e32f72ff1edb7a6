"""An application whose balances end at zero: what was spent before a refund is not taken back, and that is no fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from creditctl.emulator.protocol.wire import Request
from tests.journeys.existing_shop.laravel import SETTINGS, Laravel, codes
from tests.support.keys import TEST_KEY

if TYPE_CHECKING:
    from tests.support.cli import Cli
    from tests.support.existing_shop import ExistingShop, Sale

CLAMPED = f'[policy]\nnegative = "clamped"\n{SETTINGS}'


def spent(shop: ExistingShop, laravel: Laravel, credits: int) -> Sale:
    """A pack of 1,000 of which some was spent."""
    sale = shop.buy("1")
    laravel.credit(sale)
    laravel.row("usage", "1", -credits, shop.clock.now + 60, {})
    return sale


def assert_found_either_way(cli: Cli, found: tuple[str, str]) -> None:
    """A fault is found whether or not balances are said to be clamped, and nothing proposes to say so."""
    for settings in (CLAMPED, SETTINGS):
        (cli.folder / "creditctl.toml").write_text(settings)
        run = cli("reconcile", "--json", "--dry-run")
        assert codes(run.document) == [found]
        assert "clamped" not in run.stdout


@pytest.mark.parametrize(
    ("used", "taken", "amount", "explained"),
    [
        (700, 300, None, True),
        (1000, None, None, True),
        (400, 600, None, True),
        (700, 100, None, False),
        (0, 300, None, False),
        (400, None, None, False),
        (800, 200, 500, True),
        (200, 200, 500, False),
    ],
)
def test_only_what_was_spent_before_explains_what_was_not_taken(
    cli: Cli, shop: ExistingShop, laravel: Laravel, used: int, taken: int | None, amount: int | None, explained: bool
) -> None:
    sale = spent(shop, laravel, used)
    refund = shop.refund(sale, amount)
    if taken is not None:
        meta = {"payment_intent": sale.intent, "refund": refund}
        laravel.row("refund", "1", -taken, shop.clock.now + 5, meta)
    shop.later()
    laravel.credit(shop.buy("1"))
    shop.later()

    (cli.folder / "creditctl.toml").write_text(CLAMPED)
    clamped = cli("reconcile", "--json", "--dry-run")
    (cli.folder / "creditctl.toml").write_text(SETTINGS)
    unsaid = cli("reconcile", "--json", "--dry-run")

    assert codes(clamped.document) == ([] if explained else [("refund_not_taken", refund)]), clamped.stdout
    assert codes(unsaid.document) == [("refund_not_taken", refund)]
    assert ('say negative = "clamped"' in unsaid.stdout.replace("\\", "")) is explained


def test_a_row_that_takes_all_of_it_beside_a_balance_of_zero_is_no_fault_either(
    cli: Cli, shop: ExistingShop, laravel: Laravel
) -> None:
    sale = spent(shop, laravel, 700)
    refund = shop.refund(sale)
    laravel.row("refund", "1", -1000, shop.clock.now, {"payment_intent": sale.intent, "refund": refund})
    laravel.run("UPDATE users SET credits = 0")
    shop.later()
    laravel.credit(shop.buy("1"))
    shop.later()

    (cli.folder / "creditctl.toml").write_text(CLAMPED)
    assert codes(cli("reconcile", "--json", "--dry-run").document) == []
    (cli.folder / "creditctl.toml").write_text(SETTINGS)
    assert codes(cli("reconcile", "--json", "--dry-run").document) == [("balance_mismatch", "user 1")]


def test_credits_that_were_bought_since_an_earlier_refund_are_not_excused(
    cli: Cli, shop: ExistingShop, laravel: Laravel
) -> None:
    sale = spent(shop, laravel, 500)
    first = shop.refund(sale, 500)
    laravel.row("refund", "1", -500, shop.clock.now + 5, {"payment_intent": sale.intent, "refund": first})
    shop.later()
    laravel.credit(shop.buy("1"))
    shop.later()
    second = shop.refund(sale, 500)
    shop.later()

    assert_found_either_way(cli, ("refund_not_taken", second))


def test_what_an_earlier_refund_could_not_take_stays_excused_where_a_later_one_took_all_of_its_own(
    cli: Cli, shop: ExistingShop, laravel: Laravel
) -> None:
    sale = spent(shop, laravel, 1000)
    shop.refund(sale, 500)
    shop.later()
    laravel.credit(shop.buy("1"))
    shop.later()
    second = shop.refund(sale, 400)
    laravel.row("refund", "1", -400, shop.clock.now + 5, {"payment_intent": sale.intent, "refund": second})
    shop.later()

    (cli.folder / "creditctl.toml").write_text(CLAMPED)
    assert codes(cli("reconcile", "--json", "--dry-run").document) == []
    (cli.folder / "creditctl.toml").write_text(SETTINGS)
    unsaid = cli("reconcile", "--json", "--dry-run")
    assert {code for code, _ in codes(unsaid.document)} == {"refund_not_taken"}
    assert 'say negative = "clamped"' in unsaid.stdout.replace("\\", "")


def test_what_was_given_back_twice_is_not_excused(cli: Cli, shop: ExistingShop, laravel: Laravel) -> None:
    sale = spent(shop, laravel, 0)
    refund = shop.refund(sale)
    meta = {"payment_intent": sale.intent, "refund": refund}
    laravel.row("refund", "1", -1000, shop.clock.now + 5, meta)
    headers = {"content-type": "application/json", "authorization": f"Bearer {TEST_KEY}"}
    assert shop.emulator.handle(Request("POST", f"/_emulator/refunds/{refund}/fail", "", headers, b"{}")).status == 200
    for place in (7, 8):
        laravel.row("refund_reversal", "1", 1000, shop.clock.now + place, meta)
    shop.later()

    assert_found_either_way(cli, ("refund_over_returned", refund))
