"""Replay: in order, once, freshly signed; stops, limits and kills lose nothing and repeat only the one in flight."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
import stripe
from hypothesis import given, settings
from hypothesis import strategies as st

from creditctl.core.errors import UsageError
from creditctl.core.keys import Secret
from creditctl.events.replay import Replayer, ReplayPolicy, ReplayReport, ReplayResult, fingerprint
from creditctl.events.selection import gather_named, select_events
from creditctl.events.sending import post_signed, resend_by_stripe
from creditctl.ledger.archive.models import EventQuery, EventRecord
from creditctl.ledger.archive.store import Archive
from creditctl.stripe_api.delivery import DeliveryResult
from tests.support.events import StripeWithEvents
from tests.support.examples import ONE_FIXTURE
from tests.support.scripted_stripe import Killed
from tests.support.waiting import patience
from tests.support.webhook_server import WebhookServer

SECRET = Secret("whsec_example0000000000")


class Target:
    """What events are sent to: keeps their ids, answers as planned, or is killed with one in flight."""

    def __init__(self, answers: dict[int, int | BaseException] | None = None) -> None:
        self.ids: list[str] = []
        self.answers = answers or {}

    def __call__(self, record: EventRecord) -> DeliveryResult:
        self.ids.append(record.id)
        planned = self.answers.pop(len(self.ids) - 1, 200)
        if isinstance(planned, BaseException):
            raise planned
        return DeliveryResult(planned)


def begin(archive: Archive, ids: list[str], key: str = "k") -> int:
    return archive.replays.begin(key, "http://127.0.0.1/x", 1, ids)


def play(
    archive: Archive,
    number: int,
    send: Callable[[EventRecord], DeliveryResult],
    *,
    told: list[ReplayResult] | None = None,
    pauses: list[float] | None = None,
    **policy: Any,
) -> ReplayReport:
    replayer = Replayer(
        archive=archive,
        send=send,
        ledger=None,
        clock=lambda: 1,
        sleep=lambda seconds: None if pauses is None else pauses.append(seconds),
        tell=lambda result: None if told is None else told.append(result),
    )
    return replayer.run(number, "http://127.0.0.1/x", ReplayPolicy(**policy), resumed=False)


@pytest.fixture
def chosen(stripe_events: StripeWithEvents, archive: Archive) -> list[str]:
    """Eight events, several in one second, as the replay will send them."""
    made = stripe_events.events(4, every_seconds=0) + stripe_events.events(4)
    assert select_events(stripe_events.client, archive, EventQuery(), clock=stripe_events.clock) == made
    return made


def test_everything_goes_in_stripes_order(archive: Archive, chosen: list[str]) -> None:
    target = Target()

    report = play(archive, begin(archive, chosen), target)

    assert target.ids == chosen
    assert (report.count("accepted"), report.left, report.stopped) == (8, 0, "")


def test_the_limit_holds_and_the_next_run_goes_on(archive: Archive, chosen: list[str]) -> None:
    target, number = Target(), begin(archive, chosen)

    first = play(archive, number, target, limit=3)
    assert (len(target.ids), first.left, first.stopped) == (3, 5, "the limit of 3 deliveries")
    assert not first.stopped_by_failures
    assert archive.replays.unfinished("k") is not None
    play(archive, number, target, limit=100)

    assert target.ids == chosen
    assert archive.replays.unfinished("k") is None


def test_failures_stop_it_and_are_the_first_to_go_again(archive: Archive, chosen: list[str]) -> None:
    target, number = Target({1: 500, 2: 404}), begin(archive, chosen)

    report = play(archive, number, target, max_failures=2)
    assert report.stopped_by_failures
    assert (report.count("failed"), report.left) == (2, 7)
    play(archive, number, target)

    assert target.ids == [*chosen[:3], *chosen[1:]]


def test_a_kill_repeats_only_what_was_in_flight(archive: Archive, chosen: list[str]) -> None:
    target, number = Target({4: Killed()}), begin(archive, chosen)

    with pytest.raises(Killed):
        play(archive, number, target)
    play(archive, number, target)

    assert target.ids == [*chosen[:5], *chosen[4:]]


@settings(max_examples=25, deadline=None, suppress_health_check=ONE_FIXTURE)
@given(
    plan=st.dictionaries(st.integers(0, 30), st.sampled_from(["kill", "500", "302"]), max_size=12),
    limit=st.integers(1, 9),
)
def test_whatever_happens_everything_is_accepted_once_and_in_order(
    archive: Archive, chosen: list[str], plan: dict[int, str], limit: int
) -> None:
    answers: dict[int, int | BaseException] = {
        place: Killed() if what == "kill" else int(what) for place, what in plan.items()
    }
    target, accepted = Target(answers), []

    def send(record: EventRecord) -> DeliveryResult:
        answer = target(record)
        if answer.accepted:
            accepted.append(record.id)
        return answer

    number = begin(archive, chosen)
    while archive.replays.unfinished("k") is not None:
        try:
            play(archive, number, send, limit=limit, max_failures=1)
        except Killed:
            continue

    assert accepted == chosen
    assert len(target.ids) == len(chosen) + len(plan) - len(target.answers)


def test_between_two_deliveries_there_is_a_pause(archive: Archive, chosen: list[str]) -> None:
    pauses: list[float] = []

    play(archive, begin(archive, chosen[:3]), Target(), pauses=pauses, pause_seconds=0.25)

    assert pauses == [0.25, 0.25]


def test_every_result_is_told_as_it_comes(archive: Archive, chosen: list[str]) -> None:
    told: list[ReplayResult] = []

    play(archive, begin(archive, chosen[:2]), Target({1: 503}), told=told)

    assert [(result.record.id, result.state, result.answer) for result in told] == [
        (chosen[0], "accepted", "200"),
        (chosen[1], "failed", "503"),
    ]


def test_the_body_and_the_signature_are_those_of_a_real_delivery(
    stripe_events: StripeWithEvents, archive: Archive, chosen: list[str], receiver: WebhookServer
) -> None:
    with httpx.Client(trust_env=False, timeout=patience(20)) as http:
        send = post_signed(http, receiver.url, SECRET, stripe_events.clock)
        play(archive, begin(archive, chosen[:2]), send)

    assert receiver.ids == chosen[:2]
    for body, signature in zip(receiver.bodies, receiver.signatures, strict=True):
        event = stripe.Webhook.construct_event(body, signature, SECRET.reveal(), tolerance=None)  # type: ignore[arg-type]
        assert event.to_dict(recursive=True) == stripe_events.client.v1.events.retrieve(event.id).to_dict(
            recursive=True
        )


def test_a_backend_that_is_down_or_cuts_the_line_is_a_failure(
    archive: Archive, chosen: list[str], receiver: WebhookServer
) -> None:
    receiver.decide = lambda _event: None
    with httpx.Client(trust_env=False, timeout=patience(20)) as http:
        cut = play(archive, begin(archive, chosen), post_signed(http, receiver.url, SECRET, lambda: 1), max_failures=1)
        nobody = post_signed(http, "http://127.0.0.1:9/x", SECRET, lambda: 1)
        down = play(archive, begin(archive, chosen), nobody, max_failures=2)

    assert (cut.left, down.left) == (8, 8)
    assert (cut.count("failed"), down.count("failed")) == (1, 2)
    assert "ConnectError" in down.results[0].answer


def test_stripes_own_resend_reaches_the_endpoint(
    stripe_events: StripeWithEvents, archive: Archive, receiver: WebhookServer
) -> None:
    client = stripe_events.client
    endpoint = client.v1.webhook_endpoints.create(params={"url": receiver.url, "enabled_events": ["*"]})
    made = stripe_events.events(2)
    stripe_events.emulator.pump()
    select_events(client, archive, EventQuery(), clock=stripe_events.clock)

    report = play(archive, begin(archive, made), resend_by_stripe(client, endpoint.id))
    stripe_events.emulator.pump()

    assert report.count("accepted") == 2
    assert receiver.ids == made + made


def test_a_resend_that_stripe_refuses_is_a_failure_with_its_words(
    stripe_events: StripeWithEvents, archive: Archive, chosen: list[str]
) -> None:
    report = play(archive, begin(archive, chosen[:1]), resend_by_stripe(stripe_events.client, "we_unknown"))

    assert report.count("failed") == 1
    assert "we_unknown" in report.results[0].answer


def test_named_events_are_put_in_order_and_unknown_ones_refused(
    stripe_events: StripeWithEvents, archive: Archive
) -> None:
    made = stripe_events.events(3)
    found = gather_named(stripe_events.client, archive, [made[2], made[0], made[2]], clock=stripe_events.clock)
    assert found == [made[0], made[2]]

    with pytest.raises(UsageError, match="evt_nobody"):
        gather_named(stripe_events.client, archive, ["evt_nobody"], clock=stripe_events.clock)


def test_events_that_stripe_forgot_come_from_the_archive(stripe_events: StripeWithEvents, archive: Archive) -> None:
    old = stripe_events.events(3)
    select_events(stripe_events.client, archive, EventQuery(), clock=stripe_events.clock)
    stripe_events.clock.now += 40 * 86_400
    new = stripe_events.events(2)

    assert select_events(stripe_events.client, archive, EventQuery(), clock=stripe_events.clock) == old + new
    assert gather_named(stripe_events.client, archive, [old[0]], clock=stripe_events.clock) == [old[0]]
    assert select_events(None, archive, EventQuery(since=0), clock=stripe_events.clock)[:3] == old


def test_undelivered_ones_are_those_that_stripe_says(
    stripe_events: StripeWithEvents, archive: Archive, receiver: WebhookServer
) -> None:
    stripe_events.client.v1.webhook_endpoints.create(params={"url": receiver.url, "enabled_events": ["*"]})
    delivered = stripe_events.events(2)
    stripe_events.emulator.pump()
    receiver.decide = lambda _event: 500
    undelivered = stripe_events.events(2)
    stripe_events.emulator.pump()

    found = select_events(stripe_events.client, archive, EventQuery(), clock=stripe_events.clock, undelivered=True)

    assert found == undelivered
    assert not set(found) & set(delivered)


@pytest.mark.parametrize(
    "query",
    [
        EventQuery(types=("product.*",)),
        EventQuery(types=("product.created", "price.created")),
        EventQuery(types=("product.created", "price.*")),
        EventQuery(since=1_790_000_003, until=1_790_000_006),
        EventQuery(user_id="nobody"),
    ],
)
def test_stripe_and_the_archive_answer_a_query_alike(
    stripe_events: StripeWithEvents, archive: Archive, query: EventQuery
) -> None:
    stripe_events.events(8)
    select_events(stripe_events.client, archive, EventQuery(), clock=stripe_events.clock)
    with_stripe = select_events(stripe_events.client, archive, query, clock=stripe_events.clock, undelivered=False)

    from creditctl.events.source import read_pages

    listed = [record.id for page in read_pages(stripe_events.client, query) for record in page.records][::-1]
    assert listed == archive.ids(query) == with_stripe


def test_the_same_wish_has_the_same_fingerprint_whatever_its_order() -> None:
    assert fingerprint({"a": 1, "b": ["x"]}) == fingerprint({"b": ["x"], "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": 2})


def test_one_that_always_fails_does_not_keep_a_changing_selection_from_being_made_anew(
    archive: Archive, chosen: list[str]
) -> None:
    kept, anew = begin(archive, chosen, "kept"), begin(archive, chosen, "anew")

    assert play(archive, kept, Target({2: 500})).count("failed") == 1
    report = play(archive, anew, Target({2: 500}), each_once=True)

    assert (report.count("failed"), report.left) == (1, 1)
    assert archive.replays.unfinished("kept") == (kept, 1)
    assert archive.replays.unfinished("anew") is None


def test_a_changing_selection_that_was_not_tried_to_its_end_goes_on(archive: Archive, chosen: list[str]) -> None:
    number = begin(archive, chosen)

    play(archive, number, Target(), each_once=True, limit=3)

    assert archive.replays.unfinished("k") == (number, 1)
