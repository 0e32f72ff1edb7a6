"""Fault injection: into answers (status, latency, cut), events (never made) and deliveries (lost, double, late, …).

Rules are matched by method, path and event type, and by the object or user that they are bound to; `count` and a seeded
`probability` say how often.

Source: Stripe docs, "Handle webhook event generation failures": an event can fail to be made for good; then it is
neither delivered nor listed.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from creditctl.emulator.protocol.json_text import written
from creditctl.emulator.protocol.limits import RATE_LIMITED
from creditctl.emulator.protocol.wire import Response
from creditctl.emulator.webhooks.subjects import Binding, Subjects

ANSWER_KINDS = frozenset({"status", "latency", "cut_before", "cut_after"})
DELIVERY_KINDS = frozenset({"drop", "duplicate", "delay", "reorder"})
ATTEMPT_KINDS = frozenset({"refuse"})
EVENT_KINDS = frozenset({"omit"})
KINDS = ANSWER_KINDS | DELIVERY_KINDS | ATTEMPT_KINDS | EVENT_KINDS


class Fault(msgspec.Struct):
    """One rule: what goes wrong, where, and how often."""

    kind: str
    id: int = 0
    path: str = "*"
    method: str = "*"
    event: str = "*"
    count: int | None = None
    probability: float = 1.0
    status: int = 500
    seconds: float = 0.0
    hits: int = 0
    binding: Binding | None = None
    """What it is bound to; None: it strikes whatever else fits."""


def apply_faults(struck: list[Fault], answer: Callable[[], Response]) -> Response:
    """An answer as the faults leave it: late, replaced, or cut off before or after the work was done."""
    delay = sum(rule.seconds for rule in struck if rule.kind == "latency")
    kinds = {rule.kind for rule in struck}
    if "cut_before" in kinds:
        return Response(0, {}, b"", "cut", delay)
    # `status` replaces the answer before any work is done: nothing is created behind a 500 ordered this way.
    status = next((rule.status for rule in struck if rule.kind == "status"), None)
    response = _fault_answer(status) if status is not None else answer()
    response.delay_seconds = delay
    if "cut_after" in kinds:
        response.fate = "cut"
    return response


def _fault_answer(status: int) -> Response:
    """An error that Stripe's side made; 429 carries the headers of a rate limit."""
    type_ = "invalid_request_error" if status < 500 else "api_error"
    error = {"type": type_, "message": "This error was ordered by a fault of the emulator."}
    headers = {"Content-Type": "application/json", "Request-Id": "req_fault000000000"}
    if status == 429:
        error |= {"code": "rate_limit", "message": RATE_LIMITED}
        headers |= {"Stripe-Rate-Limited-Reason": "global-rate", "Retry-After": "1"}
    return Response(status, headers, written({"error": error}))


class Faults:
    """The rules in force, and the seeded chance that they share."""

    def __init__(self, seed: str | None) -> None:
        self.rules: list[Fault] = []
        self._next_id = 1
        self._seed = seed
        self._random = random.Random(seed)  # noqa: S311 - chance for tests, not secrets
        self._chances: dict[Binding, random.Random] = {}

    def add(self, given: Mapping[str, Any], binding: Binding | None = None) -> Fault:
        """Put a rule with these fields in force under the next number; the control API has validated them."""
        rule = Fault(**given, binding=binding)
        rule.id, rule.hits = self._next_id, 0
        self._next_id += 1
        self.rules.append(rule)
        return rule

    def remove(self, fault_id: int | None) -> int:
        """Lift one rule, or all; answers how many."""
        return self._keep(lambda rule: fault_id is not None and rule.id != fault_id)

    def unbind(self, binding: Binding) -> int:
        """Lift the rules that are bound so; answers how many."""
        return self._keep(lambda rule: rule.binding != binding)

    def _keep(self, stays: Callable[[Fault], bool]) -> int:
        before = len(self.rules)
        self.rules = [rule for rule in self.rules if stays(rule)]
        return before - len(self.rules)

    def for_answer(self, method: str, path: str, subjects: Subjects | None) -> list[Fault]:
        """The rules that strike this request; without subjects (no key fits) none that is bound does."""
        return [
            rule
            for rule in self._of(ANSWER_KINDS)
            if rule.method in ("*", method)
            and fnmatchcase(path, rule.path)
            and _is_about(rule, subjects)
            and self._strikes(rule)
        ]

    def for_delivery(self, event_type: str, subjects: Subjects) -> list[Fault]:
        """The rules that strike the deliveries of this event."""
        return self._for_event(DELIVERY_KINDS, event_type, subjects)

    def for_attempt(self, event_type: str, subjects: Subjects) -> Fault | None:
        """The rule that refuses this attempt, before the receiver hears of it."""
        return next(iter(self._for_event(ATTEMPT_KINDS, event_type, subjects)), None)

    def omits(self, event_type: str, subjects: Subjects) -> bool:
        """Whether this event is never made."""
        return bool(self._for_event(EVENT_KINDS, event_type, subjects))

    def has(self, kinds: frozenset[str]) -> bool:
        """Whether a rule of these kinds is in force."""
        return any(True for _ in self._of(kinds))

    def _of(self, kinds: frozenset[str]) -> Iterator[Fault]:
        return (rule for rule in self.rules if rule.kind in kinds)

    def _for_event(self, kinds: frozenset[str], event_type: str, subjects: Subjects) -> list[Fault]:
        if not self.rules:
            return []
        return [
            rule
            for rule in self._of(kinds)
            if fnmatchcase(event_type, rule.event) and _is_about(rule, subjects) and self._strikes(rule)
        ]

    def rank(self, rule: Fault) -> int:
        """A chance place in the order of delivery."""
        return self._chance(rule).randint(-1_000_000, 1_000_000)

    def _chance(self, rule: Fault) -> random.Random:
        """The chance of a rule: each binding has its own, so that scenarios side by side do not share one."""
        bound = rule.binding
        if bound is None:
            return self._random
        if bound not in self._chances:
            seed = None if self._seed is None else f"{self._seed}:{bound.object}:{bound.user}"
            self._chances[bound] = random.Random(seed)  # noqa: S311 - as above
        return self._chances[bound]

    def _strikes(self, rule: Fault) -> bool:
        if rule.count is not None and rule.hits >= rule.count:
            return False
        if rule.probability < 1.0 and self._chance(rule).random() >= rule.probability:
            return False
        rule.hits += 1
        return True


def _is_about(rule: Fault, subjects: Subjects | None) -> bool:
    return rule.binding is None or (subjects is not None and subjects.fit(rule.binding))
