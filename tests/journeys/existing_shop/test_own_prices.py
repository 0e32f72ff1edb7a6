"""A shop with prices of its own, from its first reconcile to one that is true: its catalogue grows line by line."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import stripe

from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from creditctl.emulator_client.checkout_payer import pay
from tests.support.existing_shop import BASE
from tests.support.keys import TEST_KEY

if TYPE_CHECKING:
    from creditctl.emulator.app import Emulator
    from tests.support.cli import Cli
    from tests.support.clock import Clock

FIELDS = ("id", "created", "user_id", "kind", "credits", "amount", "currency", "payment_key", "livemode")
SOURCE = '[source]\nfile = "rows.csv"\n'
PACK = '[[package]]\nslug = "pack"\ncredits = 500\n'


@dataclass
class Shop:
    """Buyers who pay for the application's own prices, and the rows that it wrote about them."""

    emulator: Emulator
    clock: Clock
    folder: Path
    rows: list[dict[str, Any]] = field(default_factory=list)

    @property
    def client(self) -> stripe.StripeClient:
        http = EmulatorHTTPClient(self.emulator)
        return stripe.StripeClient(TEST_KEY, http_client=http, base_addresses={"api": BASE}, max_network_retries=0)

    @property
    def api(self) -> Any:
        return self.client.v1

    def price(self, amount: int, name: str = "Pack") -> str:
        product = self.api.products.create(params={"name": name})
        return str(self.api.prices.create(params={"product": product.id, "currency": "usd", "unit_amount": amount}).id)

    def buy(self, *prices: str, user: str = "ann", **changes: Any) -> str:
        """A paid session as the application opens it; gives the payment intent."""
        self.clock.now += 3600
        params: Any = {"mode": "payment", "success_url": "https://shop.example/done", "client_reference_id": user}
        params["line_items"] = [{"price": price, "quantity": changes.pop("quantity", 1)} for price in prices]
        session = self.api.checkout.sessions.create(params={**params, **changes})
        return str(pay(self.client, session.id, "tok_visa").payment_intent)

    def row(self, key: str, credits: int = 500, user: str = "ann", kind: str = "purchase", amount: int = 700) -> None:
        number = len(self.rows) + 1
        known = (number, self.clock.now, user, kind, credits, amount, "usd", key, "false")
        self.rows.append(dict(zip(FIELDS, known, strict=True)))

    def settings(self, text: str) -> None:
        """Writes `creditctl.toml`, and the rows beside it."""
        (self.folder / "creditctl.toml").write_text(text)
        with (self.folder / "rows.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, FIELDS)
            writer.writeheader()
            writer.writerows(self.rows)


@pytest.fixture
def shop(emulator: Emulator, clock: Clock, tmp_path: Path) -> Shop:
    """A shop that has sold nothing yet."""
    return Shop(emulator, clock, tmp_path)


def told(cli: Cli, *options: str) -> dict[str, str]:
    """Codes of a reconcile by their subjects."""
    document = cli("reconcile", "--json", *options).document
    assert "error" not in document, document
    return {found["subject"]: found["code"].rpartition(".")[2] for found in document["findings"]}


def test_honest_sales_are_nobodys_fault_and_with_their_price_named_the_lost_one_is_found(shop: Shop, cli: Cli) -> None:
    """Case 05: two payments with rows, and a third that was never credited."""
    price = shop.price(700)
    paid, other, lost = (shop.buy(price) for _ in range(3))
    shop.row(paid)
    shop.row(other)
    shop.clock.now += 86_400

    shop.settings(SOURCE)
    first = cli("reconcile", "--json")
    assert first.exit_code == 0
    assert {found["code"] for found in first.document["findings"]} == {"reconcile.not_ours_credit"}
    assert all("`" not in found["fix"] for found in first.document["findings"])
    assert price in first.document["findings"][0]["message"], "so that it can be named"
    assert "Stripe and the application agree; what is said above is no fault." in cli("reconcile").stdout

    shop.settings(f'{PACK}sold = [{{ price = "{price}" }}]\n{SOURCE}')
    assert told(cli) == {lost: "missing_credit"}

    shop.row(lost)
    shop.settings(f'{PACK}sold = [{{ price = "{price}" }}]\n{SOURCE}')
    assert cli("reconcile", "--json").exit_code == 0
    seen = f"{cli('checklist').stdout}{cli('doctor').stdout}"
    for said in (
        "The 1 package that is for sale has prices of the application's own: set-up makes none.",
        "3 payments of ours stand in the application as they should",
        "It has no entries to verify: the application keeps them itself.",
    ):
        assert said in seen
    assert "Next: `creditctl status`" in cli("packages").stdout


def test_prices_that_changed_twice_are_read_by_the_time_of_the_sale(shop: Shop, cli: Cli) -> None:
    price = shop.price(700)
    first = shop.buy(price)
    shop.row(first, 300)
    shop.clock.now += 10 * 86_400
    second = shop.buy(price)
    shop.row(second, 400)
    shop.clock.now += 10 * 86_400
    third = shop.buy(price)
    shop.row(third, 400)
    shop.clock.now += 86_400

    sold = (
        f'sold = [{{ price = "{price}", credits = 300, until = 2026-09-25 }}, '
        f'{{ price = "{price}", credits = 400, from = 2026-09-25, until = 2026-10-05 }}, '
        f'{{ price = "{price}", from = 2026-10-05 }}]\n'
    )
    shop.settings(f"{PACK}{sold}{SOURCE}")
    assert told(cli) == {third: "wrong_amount"}


def test_a_refund_of_the_whole_pack_beside_a_fee_takes_all_of_its_credits(shop: Shop, cli: Cli) -> None:
    """Case 43."""
    price, fee = shop.price(700), shop.price(50, "Handling")
    both, lost = shop.buy(price, fee), shop.buy(price, fee, user="ben")
    shop.row(both)
    shop.row(lost, user="ben")
    for key in (both, lost):
        shop.api.refunds.create(params={"payment_intent": key, "amount": 700})
    shop.row(both, -500, kind="refund", amount=-700)
    shop.clock.now += 86_400

    shop.settings(f'{PACK}sold = [{{ price = "{price}" }}]\n[fees]\nprices = ["{fee}"]\n{SOURCE}')
    found = cli("reconcile", "--json").document["findings"]
    assert [each["code"] for each in found] == ["reconcile.refund_not_taken"]
    assert "500 credits" in found[0]["message"]


def test_a_price_that_was_adopted_after_the_sale_is_ours(shop: Shop, cli: Cli) -> None:
    """Case 07; and what another price of the product sold before, its listing goes on saying."""
    product = shop.api.products.create(params={"name": "Credits"}).id
    prices = [
        str(shop.api.prices.create(params={"product": product, "currency": "usd", "unit_amount": amount}).id)
        for amount in (800, 1000)
    ]
    old, new = (shop.buy(price) for price in prices)
    shop.clock.now += 86_400
    packages = '[[package]]\nslug = "starter"\ncredits = 1000\namount = 1000\ncurrency = "usd"\n'
    shop.settings(f'{packages}sold = [{{ price = "{prices[0]}", credits = 900 }}]\n')

    cli("ledger", "init")
    assert told(cli) == {old: "missing_credit"}
    assert cli("setup", "--adopt", f"starter={product}", "--json").exit_code == 0
    assert told(cli) == {old: "missing_credit", new: "missing_credit"}
    cli("reconcile", "--repair", "--yes", "--json")
    assert cli("ledger", "balance", "ann", "--json").report["credits"] == 1900
    assert cli("setup", "--check", "--json").exit_code == 0


def test_the_buyer_is_where_the_application_put_it(shop: Shop, cli: Cli) -> None:
    price = shop.price(700)
    key = shop.buy(price, user="cart-9", metadata={"account": "ann"})
    shop.row(key)
    shop.clock.now += 86_400
    sold = f'{PACK}sold = [{{ price = "{price}" }}]\n{SOURCE}'

    shop.settings(sold)
    assert told(cli) == {key: "wrong_user"}
    shop.settings(f'user = ["metadata.account", "client_reference_id"]\n{sold}')
    assert told(cli) == {key: "settled_finding"}, "what the first run said of it is over"


@pytest.mark.parametrize(("key", "subject"), [("user_id", "sessions"), ("account", "source")])
def test_buyers_who_stand_elsewhere_on_every_session_are_one_finding_with_the_setting_to_write(
    shop: Shop, cli: Cli, key: str, subject: str
) -> None:
    """Whether the usual places contradict each other, or name something else than a user, it is the one setting."""
    price, users = shop.price(700), ("ann", "ben", "cem", "dan")
    paid = [shop.buy(price, user=f"cart-{user}", metadata={key: user, "shop": "eu"}) for user in users]
    for intent, user in zip(paid[:3], users, strict=False):
        shop.row(intent, user=user)
    shop.clock.now += 86_400
    sold = f'{PACK}sold = [{{ price = "{price}" }}]\n{SOURCE}'

    shop.settings(sold)
    found = cli("reconcile", "--json").document["findings"]
    lost = "fulfilment.owner_conflict" if key == "user_id" else "reconcile.missing_credit"
    assert {each["subject"]: each["code"] for each in found} == {subject: "reconcile.user_mapping", paid[3]: lost}
    (fix,) = [each["fix"] for each in found if each["subject"] == subject]
    shop.settings(f"{fix.rpartition(': ')[2]}\n{sold}")
    after = {each["code"]: each["subject"] for each in cli("reconcile", "--json").document["findings"]}
    assert after["reconcile.missing_credit"] == paid[3]
    assert "reconcile.user_mapping" not in after


def test_a_saved_card_that_a_rule_names_is_judged_like_a_session(shop: Shop, cli: Cli) -> None:
    intents = []
    for user in ("ann", "bob"):
        shop.clock.now += 3600
        params: Any = {"amount": 700, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True}
        params |= {"off_session": True, "metadata": {"user_id": user, "purpose": "top-up"}}
        intents.append(str(shop.api.payment_intents.create(params=params).id))
    shop.row(intents[0])
    shop.clock.now += 86400
    rule = 'sold = [{ metadata = { purpose = "top-up" }, amount = 700, currency = "usd" }]\n'
    shop.settings(f"{PACK}{rule}{SOURCE}")

    assert told(cli) == {intents[1]: "missing_credit"}


def test_a_saved_card_beside_a_price_alone_is_named_by_the_rule_that_its_finding_proposes(shop: Shop, cli: Cli) -> None:
    """Nobody vouches for what such metadata say of an amount: the price that the catalogue names has none there."""
    price, metadata = shop.price(700), {"managed_by": "creditctl", "package": "pack"}
    intents = []
    for user in ("ann", "bob"):
        shop.clock.now += 3600
        params: Any = {"amount": 700, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True}
        params |= {"off_session": True, "metadata": {"user_id": user, **metadata}}
        intents.append(str(shop.api.payment_intents.create(params=params).id))
    shop.row(intents[0])
    shop.clock.now += 86400
    shop.settings(f'{PACK}sold = [{{ price = "{price}" }}]\n{SOURCE}')

    first = cli("reconcile", "--json").document["findings"]

    assert {each["subject"]: each["code"].rpartition(".")[2] for each in first} == {
        intents[0]: "not_ours_credit",
        intents[1]: "unattributed_payment",
    }
    (fix,) = [each["fix"] for each in first if each["subject"] == intents[1]]
    rule = fix[fix.index("[{") + 1 : fix.index("}]") + 1]
    shop.settings(f'{PACK}sold = [{{ price = "{price}" }}, {rule}]\n{SOURCE}')
    found = cli("reconcile", "--json").document["findings"]
    assert {(each["subject"], each["code"]) for each in found} == {
        (intents[1], "reconcile.missing_credit"),
        (intents[1], "reconcile.settled_finding"),
    }
