"""Steps of webhooks: kept back and let go by the emulator, posted by us in every form, refused ones sent again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from creditctl.payments.event_types import SESSION_COMPLETED_TYPE
from creditctl.simulation.play.at_once import all_at_once
from creditctl.simulation.play.forgery import SignedBody, forge
from creditctl.simulation.results import ScenarioFailed, ScenarioNotTried
from creditctl.simulation.stripe_side import events
from creditctl.simulation.stripe_side.events import OpenDelivery
from creditctl.simulation.target.bounded_http import request_bounded
from creditctl.stripe_api.delivery import HEADERS, DeliveryResult

if TYPE_CHECKING:
    from creditctl.simulation.play.state import Bench, Play
    from creditctl.simulation.scenarios.steps import Deliver, HoldBack, Release
    from creditctl.simulation.stripe_side.access import StripeObject

_EVENT_SECONDS = 5.0
_IN_FLIGHT_SECONDS = 30.0
_RETRY_ROUNDS = 2
_INTENT_TYPE = "payment_intent.succeeded"


def post_event(bench: Bench, signed: SignedBody, ready: Callable[[], None] | None = None) -> DeliveryResult:
    """POSTs one body with its signature header to the webhook, once; the body waits for `ready`."""
    import httpx

    headers = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
    headers += [] if signed.header is None else [(b"Stripe-Signature", signed.header)]
    try:
        url = bench.backend.target.webhook_url
        response = request_bounded(bench.backend.http, "POST", url, headers=headers, content=signed.body, ready=ready)
    except httpx.HTTPError as error:
        return DeliveryResult(None, error=type(error).__name__)
    return DeliveryResult(response.status_code, response.text[:200])


def hold(play: Play, step: HoldBack) -> None:
    """Keeps webhooks about a session back."""
    place = f"{step.name} {step.event} to the end" if step.to_the_end else step.name
    play.holds[place] = events.hold(play.bench.stripe, play.bought[step.name].session_id, step.event)
    play.say("webhooks of this session are kept back")


def release(play: Play, step: Release) -> None:
    """Lets what is kept go out in order."""
    number = play.holds.pop(step.name)
    kept = [type_ for _, type_ in events.held_events(play.bench.stripe, number)]
    order = [type_ for type_ in step.first if type_ in kept]
    events.release(play.bench.stripe, number, order or None)
    play.say(f"let go: {', '.join([*order, *(type_ for type_ in kept if type_ not in order)])}")


def event_of(play: Play, name: str, type_: str) -> StripeObject:
    """An event about a session, as soon as Stripe lists it. Errors: ScenarioNotTried where it never does."""
    for _ in play.bench.pace.ticks(_EVENT_SECONDS):
        event = _listed(play, name, type_)
        if event is not None:
            return event
    raise ScenarioNotTried(f"this Stripe lists no {type_} for the payment")


def _listed(play: Play, name: str, type_: str) -> StripeObject | None:
    """An event about a session, kept back or not; None where Stripe lists none."""
    bought, stripe = play.bought[name], play.bench.stripe
    about = bought.session_id if type_.startswith("checkout.") else bought.payment_intent
    kept = events.held_events(stripe, play.holds[name]) if name in play.holds else []
    found = next((event_id for event_id, kind in kept if kind == type_), "")
    return events.read_event(stripe, found) if found else events.find_event(stripe, type_, about)


def deliver(play: Play, step: Deliver) -> None:
    """Posts events ourselves, and judges the answers where a step says how they must be."""
    bodies = []
    for event in _to_post(play, step):
        bodies += [forge(step.how, event, play.bench.secret, play.bench.clock())] * step.times
    answers = _post_all(play.bench, bodies, together=step.together)
    for answer in answers:
        play.note_delivery(f"{step.type} {step.how}, posted by simulate", str(answer.status or answer.error))
    said = ", ".join(str(answer.status or answer.error) for answer in answers)
    play.say(f"posted {step.type}, {step.how}, {len(answers)} times: {said}")
    _judge_answers(step, answers)


def _to_post(play: Play, step: Deliver) -> list[StripeObject]:
    """The events that a step posts: beside a session's completion its payment intent, which some grant on alone."""
    names = step.name.split(",")
    found = [event_of(play, name, step.type) for name in names]
    if step.type != SESSION_COMPLETED_TYPE or step.must != "any":
        return found
    beside = [_listed(play, name, _INTENT_TYPE) for name in names if play.bought[name].payment_intent]
    return [*found, *(event for event in beside if event is not None)]


def _post_all(bench: Bench, bodies: list[SignedBody], *, together: bool) -> list[DeliveryResult]:
    if not together:
        return [post_event(bench, body) for body in bodies]
    return all_at_once([partial(post_event, bench, body) for body in bodies])


def _judge_answers(step: Deliver, answers: list[DeliveryResult]) -> None:
    bad = [answer for answer in answers if answer.accepted != (step.must == "accepted")]
    if step.must == "any" or not bad:
        return
    wanted = "answered with 2xx" if step.must == "accepted" else "refused"
    seen = bad[0].status or bad[0].error
    raise ScenarioFailed(step.cause, f"{step.type}, {step.how}, should be {wanted}", f"it was answered with {seen}")


def open_of(play: Play) -> list[OpenDelivery]:
    """What of this scenario is not accepted yet."""
    return events.open_deliveries(play.bench.stripe, play.subjects)


def wait_for_deliveries(play: Play, tried: Mapping[int, int] | None = None) -> list[OpenDelivery]:
    """Waits until every event has been attempted; returns those that were refused.

    Shape: `tried` has the attempts that a delivery had before it was sent again.
    """
    found: list[OpenDelivery] = []
    for _ in play.bench.pace.ticks(_IN_FLIGHT_SECONDS):
        found = open_of(play)
        if all(each.refused_with is not None and each.attempts > (tried or {}).get(each.delivery, 0) for each in found):
            return found
    return found


def retry_refused(play: Play, rounds: int = _RETRY_ROUNDS) -> list[OpenDelivery]:
    """Sends what was refused again, as Stripe would in the next hours; returns what is refused still."""
    refused = wait_for_deliveries(play)
    for _ in range(rounds):
        if not refused or play.bench.stripe.control is None:
            return refused
        for each in refused:
            play.note_delivery(each.type, f"refused with {each.refused_with}, sent again")
            events.retry(play.bench.stripe, each.delivery)
        refused = wait_for_deliveries(play, {each.delivery: each.attempts for each in refused})
    return refused
