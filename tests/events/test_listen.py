"""Listening: in order, nothing left out, twice only what was in flight; whatever Stripe and the backend do."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from hypothesis import given, settings
from hypothesis import strategies as st

from creditctl.core.errors import Unreachable
from creditctl.events.archive import archive_events
from creditctl.events.listen import Listener, pause_after
from creditctl.events.source import RETENTION_SECONDS, read_pages
from creditctl.ledger.archive.models import EventQuery, EventRecord
from creditctl.ledger.archive.store import Archive
from creditctl.stripe_api.delivery import DeliveryResult
from tests.support.clock import Clock
from tests.support.events import NewStripe, StripeWithEvents
from tests.support.examples import ONE_FIXTURE
from tests.support.scripted_stripe import Killed

URL = "http://127.0.0.1:8000/api/credits/webhook"


class Backend:
    """A backend that keeps what it took; `down` answers nothing, planned answers come first."""

    def __init__(self) -> None:
        self.tried: list[str] = []
        self.taken: list[str] = []
        self.down = False
        self.planned: list[int | BaseException] = []

    def __call__(self, record: EventRecord) -> DeliveryResult:
        self.tried.append(record.id)
        if self.down:
            return DeliveryResult(None, error="ConnectError")
        answer = self.planned.pop(0) if self.planned else 200
        if isinstance(answer, BaseException):
            self.taken.append(record.id)
            raise answer
        if answer == 200:
            self.taken.append(record.id)
        return DeliveryResult(answer)


class Notes:
    """Hears what a listener says."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def sending(self, record: EventRecord) -> None:
        self.lines.append(f"--> {record.id}")

    def answered(self, record: EventRecord, answer: DeliveryResult, wait_seconds: float | None) -> None:
        self.lines.append(f"<-- {answer.status} {record.id}" + ("" if wait_seconds is None else f" {wait_seconds:g}"))

    def stripe_away(self, error: Unreachable, wait_seconds: float) -> None:
        self.lines.append(f"away {error.code} {wait_seconds:g}")

    def forgotten(self, since: int, until: int) -> None:
        self.lines.append(f"forgotten {since} {until}")


def listener(stripe_events: StripeWithEvents, archive: Archive, backend: Backend, **options: Any) -> Listener:
    waits: list[float] = options.pop("waits", [])
    return Listener(
        client=stripe_events.client,
        archive=archive,
        target=URL,
        types=options.pop("types", ()),
        deliver=backend,
        clock=stripe_events.clock,
        sleep=waits.append,
        observer=options.pop("observer", Notes()),
        **options,
    )


def test_it_forwards_what_comes_after_its_start_in_order(stripe_events: StripeWithEvents, archive: Archive) -> None:
    stripe_events.events(5)
    backend = Backend()
    one = listener(stripe_events, archive, backend)
    assert one.start() is None
    assert one.step() is None
    assert backend.taken == []

    made = stripe_events.events(130, every_seconds=0) + stripe_events.events(3)
    one.step()

    assert backend.taken == made


def test_it_begins_with_an_account_that_has_no_events(stripe_events: StripeWithEvents, archive: Archive) -> None:
    backend = Backend()
    one = listener(stripe_events, archive, backend)
    one.start()
    made = stripe_events.events(2)
    one.step()

    assert backend.taken == made


def test_only_the_wanted_types_are_forwarded(stripe_events: StripeWithEvents, archive: Archive) -> None:
    backend = Backend()
    one = listener(stripe_events, archive, backend, types=("customer.created",))
    one.start()
    stripe_events.events(2)
    stripe_events.client.v1.customers.create(params={"email": "buyer@example.com"})
    one.step()

    (only,) = backend.taken
    assert stripe_events.client.v1.events.retrieve(only).type == "customer.created"


def test_a_backend_that_is_down_is_tried_ever_more_rarely_and_misses_nothing(
    stripe_events: StripeWithEvents, archive: Archive
) -> None:
    backend, notes = Backend(), Notes()
    one = listener(stripe_events, archive, backend, observer=notes)
    one.start()
    made = stripe_events.events(2)
    backend.down = True

    waits = [one.step() for _ in range(7)]
    more = stripe_events.events(1)
    backend.down = False
    assert one.step() is None

    assert waits == [1, 2, 4, 8, 16, 30, 30]
    assert backend.taken == made + more
    assert backend.tried == [made[0]] * 7 + made + more
    assert notes.lines[:2] == [f"--> {made[0]}", f"<-- None {made[0]} 1"]


@pytest.mark.parametrize("status", [302, 400, 404, 429, 500])
def test_anything_but_2xx_is_tried_again_beside_the_others(
    stripe_events: StripeWithEvents, archive: Archive, status: int
) -> None:
    backend = Backend()
    one = listener(stripe_events, archive, backend)
    one.start()
    made = stripe_events.events(2)
    backend.planned = [status]

    assert one.step() == 1
    assert one.step() is None

    assert backend.tried == [*made, made[0]]


class Picky(Backend):
    """A backend that never takes some events."""

    def __init__(self, *refused: str) -> None:
        super().__init__()
        self.refused = set(refused)

    def __call__(self, record: EventRecord) -> DeliveryResult:
        if record.id in self.refused:
            self.tried.append(record.id)
            return DeliveryResult(400)
        return super().__call__(record)


def test_an_event_that_is_never_taken_holds_up_nothing_and_is_tried_ever_more_rarely(
    stripe_events: StripeWithEvents, archive: Archive
) -> None:
    backend = Picky()
    one = listener(stripe_events, archive, backend)
    one.start()
    made = stripe_events.events(150, every_seconds=1)
    backend.refused = {made[0], made[120]}
    for _ in range(20):
        one.step()
        made += stripe_events.events(1)
    one.step()

    assert backend.taken == [name for name in made if name not in backend.refused]
    assert 4 <= backend.tried.count(made[0]) <= 7


def test_a_refused_event_is_not_forgotten_by_a_restart(stripe_events: StripeWithEvents, archive: Archive) -> None:
    backend = Picky()
    first = listener(stripe_events, archive, backend)
    first.start()
    made = stripe_events.events(1)
    backend.refused = set(made)
    first.step()
    later = stripe_events.events(3, every_seconds=3600)
    first.step()
    backend.refused = set()
    listener(stripe_events, archive, backend).step()

    assert backend.taken == [*later, *made]


def test_while_an_event_is_refused_stripe_is_not_asked_for_all_since_then(
    stripe_events: StripeWithEvents, archive: Archive
) -> None:
    backend = Picky()
    one = listener(stripe_events, archive, backend)
    one.start()
    backend.refused = set(stripe_events.events(1))
    stripe_events.events(150, every_seconds=60)
    one.step()
    before = stripe_events.transport.request_count
    one.step()

    assert stripe_events.transport.request_count - before == 1


def test_once_says_what_was_refused_after_everything_else_was_forwarded(
    stripe_events: StripeWithEvents, archive: Archive
) -> None:
    backend = Picky()
    one = listener(stripe_events, archive, backend)
    one.start()
    made = stripe_events.events(3)
    backend.refused = {made[0]}
    with pytest.raises(Unreachable, match=made[0]) as caught:
        one.run_once(3)

    assert (caught.value.code, caught.value.exit_code) == ("events.target_refuses", 5)
    assert backend.taken == made[1:]
    assert backend.tried.count(made[0]) == 3


def test_after_a_kill_it_goes_on_with_the_one_in_flight(stripe_events: StripeWithEvents, archive: Archive) -> None:
    backend = Backend()
    one = listener(stripe_events, archive, backend)
    one.start()
    made = stripe_events.events(5)
    backend.planned = [200, 200, Killed()]
    with pytest.raises(Killed):
        one.step()

    again = listener(stripe_events, archive, backend)
    assert again.start() is not None
    more = stripe_events.events(2)
    again.step()

    assert backend.taken == [*made[:3], *made[2:], *more]


def test_a_late_event_is_found_by_the_overlap(stripe_events: StripeWithEvents, archive: Archive) -> None:
    backend = Backend()
    one = listener(stripe_events, archive, backend)
    one.start()
    stripe_events.events(3, every_seconds=60)
    one.step()
    now = stripe_events.clock.now
    stripe_events.clock.now = now - 150
    stripe_events.events(1, every_seconds=0)
    (late,) = (each for each in stripe_events.ids() if each not in backend.taken)
    stripe_events.clock.now = now
    one.step()

    assert backend.taken[-1] == late
    assert len(set(backend.taken)) == len(backend.taken) == 4


def test_a_stripe_that_is_away_is_waited_for(stripe_events: StripeWithEvents, archive: Archive) -> None:
    backend, notes = Backend(), Notes()
    one = listener(stripe_events, archive, backend, observer=notes)
    one.start()
    made = stripe_events.events(1)
    stripe_events.go_away()

    assert [one.step(), one.step()] == [1, 2]
    stripe_events.http.recover()
    assert one.step() is None

    assert backend.taken == made
    assert notes.lines[:2] == ["away stripe.server_error 1", "away stripe.server_error 2"]


def test_a_key_that_stripe_refuses_ends_it(new_stripe: NewStripe, archive: Archive, clock: Clock) -> None:
    refused = new_stripe(None, "not_a_key")
    one = listener(refused, archive, Backend())

    with pytest.raises(stripe.AuthenticationError):
        one.start()


def test_once_ends_when_all_is_taken_and_fails_when_it_is_not(
    stripe_events: StripeWithEvents, archive: Archive
) -> None:
    backend, waits = Backend(), []  # type: ignore[var-annotated]
    one = listener(stripe_events, archive, backend, waits=waits)
    one.start()
    made = stripe_events.events(2)
    backend.down = True
    with pytest.raises(Unreachable) as caught:
        one.run_once(3)
    assert caught.value.code == "events.target_away"
    assert waits == [1, 2]

    backend.down = False
    one.run_once(3)
    assert backend.taken == made
    assert one.forwarded == 2


def test_since_brings_back_what_was_passed_over_but_nothing_that_was_taken(
    stripe_events: StripeWithEvents, archive: Archive
) -> None:
    before = stripe_events.events(2)
    backend = Backend()
    one = listener(stripe_events, archive, backend)
    one.start()
    after = stripe_events.events(2)
    one.step()
    assert backend.taken == after

    one.start(since=0)
    one.step()

    assert backend.taken == after + before


def test_two_targets_do_not_share_a_place(stripe_events: StripeWithEvents, archive: Archive) -> None:
    first, second = Backend(), Backend()
    one, other = listener(stripe_events, archive, first), listener(stripe_events, archive, second)
    other.target = "http://127.0.0.1:9000/other"
    one.start()
    other.start()
    made = stripe_events.events(2)
    one.step()
    other.step()

    assert first.taken == second.taken == made


def test_what_was_listened_to_is_archived_besides(stripe_events: StripeWithEvents, archive: Archive) -> None:
    one = listener(stripe_events, archive, Backend())
    one.start()
    made = stripe_events.events(3)
    one.step()

    assert archive.ids(EventQuery()) == made


@settings(max_examples=15, deadline=None, suppress_health_check=ONE_FIXTURE)
@given(
    rounds=st.lists(
        st.tuples(st.integers(0, 6), st.sampled_from(["fine", "kill", "500", "stripe", "down"])), min_size=1, max_size=8
    )
)
def test_whatever_happens_all_is_taken_once_in_order_but_what_a_kill_had_in_flight_or_was_refused(
    new_stripe: NewStripe, tmp_path_factory: pytest.TempPathFactory, rounds: list[tuple[int, str]]
) -> None:
    one_stripe, backend = new_stripe(), Backend()
    with Archive.open(tmp_path_factory.mktemp("m") / "m.db", account="acct_example", livemode=False) as archive:
        listener(one_stripe, archive, backend).start()
        kills = 0
        for count, what in rounds:
            one_stripe.http.recover()
            one_stripe.events(count, every_seconds=count % 2)
            backend.down = what == "down"
            planned: dict[str, list[int | BaseException]] = {"kill": [200, Killed()], "500": [200, 500]}
            backend.planned = planned.get(what, [])
            if what == "stripe":
                one_stripe.go_away()
            try:
                listener(one_stripe, archive, backend).step()
            except Killed:
                kills += 1
        backend.down, backend.planned = False, []
        one_stripe.http.recover()
        last = listener(one_stripe, archive, backend)
        while last.step() is not None:
            continue

    taken, refusals = list(dict.fromkeys(backend.taken)), any(what == "500" for _, what in rounds)
    assert (sorted(taken) if refusals else taken) == (sorted(one_stripe.ids()) if refusals else one_stripe.ids())
    assert len(backend.taken) - len(set(backend.taken)) <= kills


def test_the_wait_grows_and_ends() -> None:
    assert [pause_after(failures) for failures in (1, 2, 3, 10, 10_000)] == [1, 2, 4, 30, 30]


def test_an_archive_run_beside_it_that_dies_halfway_makes_it_skip_nothing(
    stripe_events: StripeWithEvents, archive: Archive
) -> None:
    """An archive reads newest first: what it left in the archive must not draw the listener past what it did not."""
    backend = Backend()
    one = listener(stripe_events, archive, backend)
    one.start()
    made = stripe_events.events(1)

    def deliver(record: EventRecord) -> DeliveryResult:
        if not backend.taken:
            made.extend(stripe_events.events(150, every_seconds=10))
            reading = archive.begin("archive", stripe_events.clock(), None)
            newest = next(iter(read_pages(stripe_events.client, EventQuery())))
            archive.store(reading, newest.records)
        return backend(record)

    one.deliver = deliver
    one.step()
    one.step()

    assert backend.taken == made


def test_after_a_pause_longer_than_stripes_memory_it_says_what_cannot_be_had(
    stripe_events: StripeWithEvents, archive: Archive
) -> None:
    backend, notes = Backend(), Notes()
    first = listener(stripe_events, archive, backend)
    first.start()
    made = stripe_events.events(1)
    first.step()
    stripe_events.events(1)
    stripe_events.clock.now += RETENTION_SECONDS + 1000
    new = stripe_events.events(2)

    later = listener(stripe_events, archive, backend, observer=notes)
    since = later.start()
    later.step()
    later.step()

    assert backend.taken == made + new
    assert notes.lines[0] == f"forgotten {since} {stripe_events.clock.now - RETENTION_SECONDS}"
    assert sum(line.startswith("forgotten") for line in notes.lines) == 1


def test_what_the_archive_kept_of_a_long_pause_is_forwarded(stripe_events: StripeWithEvents, archive: Archive) -> None:
    backend = Backend()
    first = listener(stripe_events, archive, backend)
    first.start()
    first.step()
    made = stripe_events.events(3)
    archive_events(stripe_events.client, archive, clock=stripe_events.clock)
    stripe_events.clock.now += RETENTION_SECONDS + 1000
    later = listener(stripe_events, archive, backend)
    later.start()
    later.step()

    assert backend.taken == made


def test_a_short_pause_is_nothing_to_speak_of(stripe_events: StripeWithEvents, archive: Archive) -> None:
    notes = Notes()
    one = listener(stripe_events, archive, Backend(), observer=notes)
    one.start()
    stripe_events.events(1)
    one.step()

    assert not any(line.startswith("forgotten") for line in notes.lines)
