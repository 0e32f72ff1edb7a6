"""Lists by index (`[0]`) are read like lists by `[]`, wherever a list is taken."""

import pytest

from tests.emulator.world import Inside

PRICE = ("[currency]=usd", "[product_data][name]=A", "[unit_amount]=900")


@pytest.mark.parametrize("mark", ["[]", "[0]", "[7]"])
def test_lists_of_texts(ask: Inside, mark: str) -> None:
    made = ask("POST", "/v1/products", f"name=A&id=p&images{mark}=https://a.example/1.png&expand{mark}=default_price")[
        1
    ]
    assert made["images"] == ["https://a.example/1.png"]
    ask("POST", "/v1/prices", "product=p&currency=usd&unit_amount=100&lookup_key=k")
    for path, form in (
        ("/v1/products", f"ids{mark}=p"),
        ("/v1/prices", f"lookup_keys{mark}=k&expand{mark}=data.product"),
        ("/v1/events", f"types{mark}=product.created"),
    ):
        status, body, _ = ask("GET", path, form)
        assert (status, len(body["data"])) == (200, 1), path
    found = ask("GET", "/v1/products/search", f"query=name:'A'&expand{mark}=total_count")[1]
    assert found["total_count"] == 1
    endpoint = ask("POST", "/v1/webhook_endpoints", f"url=https://a.example&enabled_events{mark}=charge.failed")[1]
    assert endpoint["enabled_events"] == ["charge.failed"]
    intent = ask("POST", "/v1/payment_intents", f"amount=100&currency=usd&payment_method_types{mark}=card")[1]
    assert intent["payment_method_types"] == ["card"]


@pytest.mark.parametrize("mark", ["[]", "[0]"])
def test_lists_of_hashes(ask: Inside, mark: str) -> None:
    items = "&".join(f"line_items{mark}[price_data]{part}" for part in PRICE) + f"&line_items{mark}[quantity]=2"
    rate = ask("POST", "/v1/tax_rates", "display_name=VAT&percentage=10&inclusive=false")[1]["id"]
    taxed = f"&line_items{mark}[tax_rates]{mark}={rate}"
    status, session, _ = ask(
        "POST", "/v1/checkout/sessions", f"mode=payment&success_url=https://a.example&{items}{taxed}"
    )
    assert (status, session["amount_total"]) == (200, 1980), session
    features = ask("POST", "/v1/products", f"name=B&marketing_features{mark}[name]=fast")[1]["marketing_features"]
    assert features == [{"name": "fast"}]


def test_an_index_may_come_in_any_order_and_the_last_of_one_wins(ask: Inside) -> None:
    form = "name=A&images[1]=https://a.example/b&images[0]=https://a.example/a&images[10]=https://a.example/c"
    assert ask("POST", "/v1/products", form)[1]["images"] == [f"https://a.example/{name}" for name in "abc"]
