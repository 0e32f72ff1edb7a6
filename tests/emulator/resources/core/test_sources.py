"""Cards from tokens as a customer's sources, and the defaults that must exist."""

from tests.emulator.world import Inside, Refused, World


def test_a_source_becomes_the_default_and_pays(world: World) -> None:
    owner = world.stripe.customers.create(params={"source": "tok_visa", "expand": ["default_source", "sources"]})
    card = owner.default_source
    assert (card.object, card.brand, card.last4, card.customer) == ("card", "Visa", "4242", owner.id)
    assert [entry.id for entry in owner.sources.data] == [card.id]
    assert world.pay(card.id, customer=owner.id).status == "succeeded"
    assert world.stripe.payment_methods.retrieve(card.id).customer == owner.id


def test_a_declining_source_declines_and_leaves_no_customer(world: World, refused: Refused) -> None:
    error = refused(lambda: world.stripe.customers.create(params={"source": "tok_chargeDeclined"}))
    assert (error.http_status, error.code) == (402, "card_declined")
    assert world.stripe.customers.list().data == []
    owner = world.stripe.customers.create()
    assert refused(lambda: world.stripe.customers.update(owner.id, params={"source": "tok_chargeDeclined"})).code
    assert world.stripe.customers.retrieve(owner.id).default_source is None
    assert refused(lambda: world.stripe.customers.create(params={"source": "tok_none"})).code == "resource_missing"


def test_sources_are_added_listed_and_taken_away(world: World, refused: Refused) -> None:
    owner = world.stripe.customers.create().id
    cards = world.stripe.customers.payment_sources
    first, second = (cards.create(owner, params={"source": token}) for token in ("tok_visa", "tok_mastercard"))
    assert {card.id for card in cards.list(owner).data} == {first.id, second.id}
    assert world.stripe.customers.retrieve(owner).default_source == first.id
    world.stripe.customers.update(owner, params={"default_source": second.id})
    assert cards.delete(owner, first.id).deleted
    assert refused(lambda: cards.retrieve(owner, first.id)).http_status == 404
    other = world.stripe.customers.create().id
    assert (
        refused(lambda: world.stripe.customers.update(other, params={"default_source": second.id})).http_status == 400
    )


def test_a_card_is_changed_and_the_change_is_announced(world: World, refused: Refused) -> None:
    cards, owner = world.stripe.customers.payment_sources, world.stripe.customers.create().id
    card = cards.create(owner, params={"source": "tok_visa", "metadata": {"a": "1"}})
    new = {"name": "Zoë", "exp_month": 12, "exp_year": 2040, "address_zip": "10115", "metadata": {"a": "", "b": "2"}}
    after = cards.update(owner, card.id, params=new)
    assert (after.name, after.exp_month, after.exp_year, after.address_zip) == ("Zoë", 12, 2040, "10115")
    assert (after.address_zip_check, after.metadata.to_dict()) == ("unchecked", {"b": "2"})
    method = world.stripe.payment_methods.retrieve(card.id)
    assert (method.billing_details.name, method.card.exp_year) == ("Zoë", 2040)
    cards.update(owner, card.id, params={"name": "Zoë"})
    events = world.stripe.events.list(params={"type": "customer.source.updated"}).data
    assert [event.data.previous_attributes["name"] for event in events] == [None]
    assert world.pay(card.id, customer=owner).status == "succeeded"
    assert refused(lambda: cards.update(owner, card.id, params={"exp_month": 13})).http_status == 400
    assert "emulator" in str(refused(lambda: cards.update(owner, card.id, params={"account_holder_name": "A"})))
    other = world.stripe.customers.create().id
    assert refused(lambda: cards.update(other, card.id, params={"name": "B"})).http_status == 404
    assert refused(lambda: cards.update(owner, "card_none", params={})).code == "resource_missing"


def test_the_default_method_must_be_attached_to_the_customer(ask: Inside) -> None:
    owner = ask("POST", "/v1/customers")[1]["id"]
    method = ask("POST", "/v1/payment_methods", "type=card&card[token]=tok_visa")[1]["id"]
    form = "invoice_settings[default_payment_method]="
    status, body, _ = ask("POST", f"/v1/customers/{owner}", form + method)
    assert (status, body["error"]["code"]) == (400, "resource_missing")
    assert "must be attached to the customer" in body["error"]["message"]
    assert ask("POST", f"/v1/customers/{owner}", f"{form}pm_none")[0] == 400
    ask("POST", f"/v1/payment_methods/{method}/attach", f"customer={owner}")
    assert ask("POST", f"/v1/customers/{owner}", form + method)[0] == 200
    made = ask("POST", "/v1/customers", f"payment_method=pm_card_visa&{form}pm_card_visa")[1]
    assert made["invoice_settings"]["default_payment_method"].startswith("pm_1")


def test_what_a_customer_is_given_is_shown_again(ask: Inside) -> None:
    form = "invoice_settings[custom_fields][0][name]=VAT&invoice_settings[custom_fields][0][value]=1&business_name=Acme"
    form += "&invoice_settings[rendering_options][amount_tax_display]=exclude_tax&invoice_settings[footer]=Bye"
    form += "&tax_id_data[0][type]=eu_vat&tax_id_data[0][value]=DE123456789&expand[]=tax_ids"
    body = ask("POST", "/v1/customers", form)[1]
    assert body["invoice_settings"] == {
        "custom_fields": [{"name": "VAT", "value": "1"}],
        "default_payment_method": None,
        "footer": "Bye",
        "rendering_options": {"amount_tax_display": "exclude_tax", "template": None},
    }
    assert (body["business_name"], body["tax_ids"]["data"][0]["value"]) == ("Acme", "DE123456789")


def test_the_older_path_of_cards_is_the_same_cards(ask: Inside) -> None:
    """Source: Stripe's OpenAPI description, `GetCustomersCustomerCards` and its neighbours."""
    owner = ask("POST", "/v1/customers", "source=tok_visa")[1]
    cards, source = f"/v1/customers/{owner['id']}/cards", f"/v1/customers/{owner['id']}/sources"
    made = ask("POST", cards, "card=tok_mastercard")[1]
    listed = ask("GET", cards)[1]
    assert (listed["url"], [card["last4"] for card in listed["data"]]) == (cards, ["4444", "4242"])
    assert ask("GET", source)[1]["data"] == listed["data"]
    assert ask("GET", f"{cards}/{made['id']}")[1] == ask("GET", f"{source}/{made['id']}")[1] == made
    assert ask("POST", f"{cards}/{made['id']}", "name=Ann")[1]["name"] == "Ann"
    assert ask("DELETE", f"{cards}/{owner['default_source']}")[1]["deleted"] is True
    assert ask("GET", f"/v1/customers/{owner['id']}")[1]["default_source"] == made["id"]
    for form in ("", "card=tok_visa&source=tok_visa"):
        assert ask("POST", source, form)[1]["error"]["param"] == "source"
