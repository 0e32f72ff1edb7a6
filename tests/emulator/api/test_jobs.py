"""Jobs of one object or user brought forward, on a clock that stays where it is."""

from typing import Any

from creditctl.emulator.app import Emulator
from tests.emulator.world import Receiver, World

IBAN = "AT611904300234573201"


def debit(world: World, **params: Any) -> Any:
    """A session in euros that waits for the bank."""
    price = world.price(currency="eur").id
    session = world.session(line_items=[{"price": price, "quantity": 1}], **params)
    bank = {"type": "sepa_debit", "sepa_debit": {"iban": IBAN}, "billing_details": {"name": "A", "email": "a@b.de"}}
    world.complete(session, world.stripe.payment_methods.create(params=bank))
    return session


def test_the_bank_answers_early_for_one_session(inside: World, emulator: Emulator) -> None:
    early, late = debit(inside), debit(inside)
    before = emulator.now()
    answer = inside.control("POST", "/clock", advance=3, object=early.id)

    assert (answer["now"] - before, answer["offset_seconds"], answer["jobs"]) == (0, 0, 1)
    states = [inside.stripe.checkout.sessions.retrieve(each.id).payment_status for each in (early, late)]
    assert states == ["paid", "unpaid"]
    [event] = inside.stripe.events.list(params={"type": "checkout.session.async_payment_succeeded"}).data
    assert event.created == before


def test_what_a_job_schedules_counts_from_when_it_would_have_run(inside: World) -> None:
    session = debit(inside)
    assert inside.control("POST", "/clock", advance=3, object=session.id)["jobs"] == 1
    other = debit(inside, client_reference_id="user_7")
    assert inside.control("POST", "/clock", advance=5, user="user_7")["jobs"] == 2
    intent = inside.stripe.checkout.sessions.retrieve(other.id).payment_intent
    charge = inside.stripe.charges.list(params={"payment_intent": intent}).data[0]
    assert charge.balance_transaction is not None


def test_one_session_expires_early(inside: World) -> None:
    first, second = inside.session(client_reference_id="user_7"), inside.session(client_reference_id="user_8")
    inside.control("POST", "/clock", advance=86_400, user="user_7")

    assert [inside.stripe.checkout.sessions.retrieve(each.id).status for each in (first, second)] == ["expired", "open"]


def test_retries_of_one_object_come_early(inside: World, emulator: Emulator, receiver: Receiver) -> None:
    inside.endpoint("checkout.session.completed")
    first, second = inside.buy(), inside.buy()
    receiver.answers = [500, 500]
    emulator.pump(send=receiver)
    inside.control("POST", "/clock", advance=599, object=first.id)
    assert emulator.pump(send=receiver) == 0
    inside.control("POST", "/clock", advance=600, object=first.id)
    emulator.pump(send=receiver)

    assert [event["data"]["object"]["id"] for event in receiver.events[2:]] == [first.id]
    assert second.id != first.id


def test_the_clock_finds_the_rest_of_the_work(inside: World, emulator: Emulator) -> None:
    early, late = debit(inside), debit(inside)
    inside.control("POST", "/clock", advance=3, object=early.id)
    inside.advance(10)

    assert inside.stripe.checkout.sessions.retrieve(late.id).payment_status == "paid"
    assert inside.event_types().count("charge.updated") == 2


def test_jobs_that_are_due_later_are_not_looked_through(inside: World, emulator: Emulator) -> None:
    session = debit(inside)
    for _ in range(30):
        inside.session()
    asked: list[str] = []
    emulator.services.store.db.set_trace_callback(asked.append)
    inside.control("POST", "/clock", advance=3, object=session.id)
    emulator.services.store.db.set_trace_callback(None)

    assert inside.stripe.checkout.sessions.retrieve(session.id).payment_status == "paid"
    assert sum("FROM objects WHERE" in statement for statement in asked) < 30
