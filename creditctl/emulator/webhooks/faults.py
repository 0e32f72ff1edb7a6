"""Fault injection: into answers (status, latency, cut) and deliveries (loss, copies, delay, order).

Rules are matched by method, path and event type; `count` and a seeded `probability` say how often.
"""

import random
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from creditctl.emulator.protocol.limits import RATE_LIMITED
from creditctl.emulator.protocol.wire import Response

ANSWER_KINDS = frozenset({"status", "latency", "cut_before", "cut_after"})
DELIVERY_KINDS = frozenset({"drop", "duplicate", "delay", "reorder"})


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
    return Response(status, headers, msgspec.json.encode({"error": error}))


class Faults:
    """The rules in force, and the seeded chance that they share."""

    def __init__(self, seed: str | None) -> None:
        self.rules: list[Fault] = []
        self._next_id = 1
        self._random = random.Random(seed)  # noqa: S311 - chance for tests, not secrets

    def add(self, given: Mapping[str, Any]) -> Fault:
        """Put a rule with these fields in force under the next number; the control API has validated them."""
        rule = Fault(**given)
        rule.id, rule.hits = self._next_id, 0
        self._next_id += 1
        self.rules.append(rule)
        return rule

    def remove(self, fault_id: int | None) -> int:
        """Lift one rule, or all; answers how many."""
        before = len(self.rules)
        self.rules = [] if fault_id is None else [rule for rule in self.rules if rule.id != fault_id]
        return before - len(self.rules)

    def for_answer(self, method: str, path: str) -> list[Fault]:
        """The rules that strike this request."""
        return [
            rule
            for rule in self.rules
            if rule.kind in ANSWER_KINDS
            and rule.method in ("*", method)
            and fnmatchcase(path, rule.path)
            and self._strikes(rule)
        ]

    def for_delivery(self, event_type: str) -> list[Fault]:
        """The rules that strike the deliveries of this event."""
        return [
            rule
            for rule in self.rules
            if rule.kind in DELIVERY_KINDS and fnmatchcase(event_type, rule.event) and self._strikes(rule)
        ]

    def rank(self) -> int:
        """A chance place in the order of delivery."""
        return self._random.randint(-1_000_000, 1_000_000)

    def _strikes(self, rule: Fault) -> bool:
        if rule.count is not None and rule.hits >= rule.count:
            return False
        if rule.probability < 1.0 and self._random.random() >= rule.probability:
            return False
        rule.hits += 1
        return True
