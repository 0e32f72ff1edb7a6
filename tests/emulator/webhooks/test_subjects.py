"""What an event or request is about: what belongs to what, and where a user stands."""

from urllib.parse import urlencode

import pytest

from creditctl.emulator.app import Emulator
from creditctl.emulator.protocol.wire import Request
from creditctl.emulator.webhooks.subjects import Binding, Subjects, object_subjects, request_subjects
from tests.emulator.world import World

SCOPE = 1


def fits(subjects: Subjects, object_id: str | None = None, user: str | None = None, key: str | None = None) -> bool:
    return subjects.fit(Binding(SCOPE, object_id, user, key))


def of(emulator: Emulator, object_id: str) -> Subjects:
    return object_subjects(emulator.services.store, SCOPE, object_id)


def asked(emulator: Emulator, path: str, form: dict[str, str]) -> Subjects:
    request = Request("POST", path, "", {}, urlencode(form).encode())
    return request_subjects(emulator.services.store, SCOPE, request)


def test_a_refund_and_a_dispute_are_about_their_payment_session_customer_and_user(
    inside: World, emulator: Emulator
) -> None:
    customer = inside.stripe.customers.create()
    paid = inside.buy(client_reference_id="user_7", customer=customer.id)
    other = inside.buy(client_reference_id="user_8")
    refund = inside.stripe.refunds.create(params={"payment_intent": paid.payment_intent, "amount": 100})
    disputed = inside.control("POST", "/disputes", payment_intent=paid.payment_intent)
    charge = inside.stripe.payment_intents.retrieve(paid.payment_intent).latest_charge

    for made in (refund.id, disputed["id"]):
        for owner in (made, charge, paid.payment_intent, paid.id, customer.id):
            assert fits(of(emulator, made), owner)
        assert fits(of(emulator, made), user="user_7")
        assert not fits(of(emulator, made), other.id)
        assert not fits(of(emulator, made), user="user_8")
    assert not fits(of(emulator, charge), refund.id)


def test_a_user_stands_where_the_application_writes_it(inside: World, emulator: Emulator) -> None:
    paid = inside.buy(metadata={"account": "42", "credits": "42", "user_id": "u-1"})

    assert fits(of(emulator, paid.payment_intent), user="u-1")
    assert fits(of(emulator, paid.payment_intent), user="42", key="metadata.account")
    assert not fits(of(emulator, paid.payment_intent), user="42")
    assert not fits(of(emulator, paid.payment_intent), user="u-1", key="client_reference_id")


@pytest.mark.parametrize(
    ("form", "key"),
    [
        ({"client_reference_id": "user_7"}, None),
        ({"metadata[user_id]": "user_7"}, None),
        ({"payment_intent_data[metadata][user_id]": "user_7"}, None),
        ({"metadata[account]": "user_7"}, "metadata.account"),
    ],
)
def test_a_request_names_its_user(inside: World, emulator: Emulator, form: dict[str, str], key: str | None) -> None:
    inside.product()

    assert fits(asked(emulator, "/v1/checkout/sessions", form), user="user_7", key=key)
    assert not fits(asked(emulator, "/v1/checkout/sessions", form), user="user_8", key=key)


def test_a_request_is_about_what_its_ids_belong_to(inside: World, emulator: Emulator) -> None:
    paid = inside.buy()
    charge = inside.stripe.payment_intents.retrieve(paid.payment_intent).latest_charge

    assert fits(asked(emulator, "/v1/refunds", {"charge": charge}), paid.id)
    assert fits(asked(emulator, f"/v1/charges/{charge}", {}), paid.id)
    assert not fits(asked(emulator, "/v1/products", {"name": "cs_test_none"}), paid.id)


def test_another_account_is_never_meant(inside: World, emulator: Emulator) -> None:
    paid = inside.buy(client_reference_id="user_7")

    assert not of(emulator, paid.id).fit(Binding(SCOPE + 1, paid.id))
    assert not of(emulator, paid.id).fit(Binding(SCOPE + 1, user="user_7"))
