"""Text that is kept otherwise than it is written."""

from tests.emulator.world import Inside


def test_names_lose_the_blanks_around_them(ask: Inside) -> None:
    product = ask("POST", "/v1/products", "name= Credits &marketing_features[0][name]= Fast ")[1]
    assert (product["name"], product["marketing_features"]) == ("Credits", [{"name": "Fast"}])
    price = ask("POST", "/v1/prices", f"product={product['id']}&currency=usd&unit_amount=100&nickname= Pack ")[1]
    assert price["nickname"] == "Pack"
    customer = ask("POST", "/v1/customers", "name= Ann &phone= ")[1]
    assert (customer["name"], customer["phone"]) == ("Ann", None)


def test_the_country_of_a_customers_own_address_is_in_capitals(ask: Inside) -> None:
    where = "address[country]=de&shipping[name]=A&shipping[address][country]=de"
    customer = ask("POST", "/v1/customers", where)[1]
    assert (customer["address"]["country"], customer["shipping"]["address"]["country"]) == ("DE", "de")
