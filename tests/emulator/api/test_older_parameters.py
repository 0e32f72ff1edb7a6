"""Parameters by the names that older API versions have for them."""

from typing import Any

import pytest

from creditctl.emulator.app import Emulator
from tests.emulator.world import Inside, Receiver

SESSIONS = "/v1/checkout/sessions"
PAGE = "mode=payment&success_url=https://a.example"
INLINE = "line_items[0][name]=Credits&line_items[0][amount]=1250&line_items[0][currency]=usd&line_items[0][quantity]=2"


def post(ask: Inside, path: str, form: str, version: str) -> tuple[int, Any]:
    status, body, _ = ask("POST", path, form, headers={"stripe-version": version})
    return status, body


def test_a_session_sells_items_that_are_described_inline_before_2022_08_01(ask: Inside) -> None:
    """Source: Stripe changelog, 2022-08-01; stripe-node 8.222, `SessionCreateParams.LineItem`."""
    more = "&line_items[0][description]=a+hundred&line_items[0][images][]=https://a.example/c.png"
    status, session = post(ask, SESSIONS, f"{PAGE}&{INLINE}{more}", "2020-08-27")
    assert (status, session["amount_total"], session["currency"]) == (200, 2500, "usd")
    query = "expand[]=data.price.product"
    (item,) = ask("GET", f"{SESSIONS}/{session['id']}/line_items", query)[1]["data"]
    product = item["price"]["product"]
    assert (item["description"], item["price"]["unit_amount"], item["quantity"]) == ("Credits", 1250, 2)
    assert (product["description"], product["images"]) == ("a hundred", ["https://a.example/c.png"])


@pytest.mark.parametrize(
    ("form", "version", "param"),
    [
        (INLINE, "2022-08-01", "line_items[0][name]"),
        (f"{INLINE}&line_items[0][price]=price_1", "2020-08-27", "line_items[0][name]"),
        (INLINE.replace("amount", "wat"), "2020-08-27", "line_items[0][wat]"),
        (INLINE.replace("name", "description"), "2020-08-27", "line_items[0][price_data][product_data][name]"),
    ],
)
def test_what_describes_no_item_is_refused(ask: Inside, form: str, version: str, param: str) -> None:
    status, body = post(ask, SESSIONS, f"{PAGE}&{form}", version)
    assert (status, body["error"]["param"]) == (400, param)


def test_a_product_has_features_before_2024_04_10(emulator: Emulator, ask: Inside, receiver: Receiver) -> None:
    """Source: Stripe changelog, 2024-04-10, "Renames the features attribute of the Product object"."""
    endpoint = "url=https://a.example/hook&enabled_events[]=product.updated&api_version=2023-10-16"
    ask("POST", "/v1/webhook_endpoints", endpoint)
    form = "name=A&features[0][name]=Fast"
    _, product = post(ask, "/v1/products", form, "2023-10-16")
    assert (product["features"], "marketing_features" in product) == ([{"name": "Fast"}], False)
    assert ask("GET", f"/v1/products/{product['id']}")[1]["marketing_features"] == [{"name": "Fast"}]
    _, changed = post(ask, f"/v1/products/{product['id']}", "features=", "2023-10-16")
    assert changed["features"] == []
    emulator.pump(send=receiver)
    (event,) = receiver.events
    before = event["data"]["previous_attributes"]
    assert (event["data"]["object"]["features"], before["features"]) == ([], [{"name": "Fast"}])
    assert "marketing_features" not in before
    for given, version in ((form, "2024-04-10"), (f"{form}&marketing_features[0][name]=B", "2023-10-16")):
        status, body = post(ask, "/v1/products", given, version)
        assert (status, body["error"]["param"]) == (400, "features")


@pytest.mark.parametrize("name", ["coupon", "promotion_code"])
@pytest.mark.parametrize("one", ["", "/{id}"])
def test_coupons_of_customers_are_refused_as_left_out_before_2025_03_31(ask: Inside, name: str, one: str) -> None:
    """Source: Stripe changelog, 2025-03-31.basil, "Removes coupon and promotion code parameters"."""
    path = "/v1/customers" + one.format(id=ask("POST", "/v1/customers")[1]["id"])
    status, then = post(ask, path, f"{name}=half", "2025-02-24.acacia")
    assert (status, then["error"]["param"]) == (400, name)
    assert "This emulator" in then["error"]["message"]
    _, now = post(ask, path, f"{name}=half", "2025-03-31.basil")
    assert now["error"]["code"] == "parameter_unknown"
