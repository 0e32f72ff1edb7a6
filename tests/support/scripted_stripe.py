"""Scriptable Stripe client for tests: a `stripe.HTTPClient` with canned answers or the emulator behind it, and faults.

What answers is a function of the request (`emulated`, `by_path`, `queue`); what goes wrong is a rule (`on`): which
requests, the how manyth of them, and what happens then, before Stripe has carried the request out or after it has.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
import stripe

from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient

REQUEST_ID = "req_1"
"""What an answer that the test laid out is called, unless it brings a name of its own."""


@dataclass(frozen=True)
class SentRequest:
    """One request of the SDK, as the client kept it; `number` counts from 1."""

    number: int
    method: str
    url: str
    headers: Mapping[str, str]
    body: str | bytes | None

    @property
    def path(self) -> str:
        """The path without the query: `/v1/products`."""
        return urlsplit(self.url).path

    @property
    def query(self) -> dict[str, list[str]]:
        """The parameters in the URL."""
        return parse_qs(urlsplit(self.url).query)


def is_write(request: SentRequest) -> bool:
    """Whether the request may change something on Stripe: for `on(…, when=is_write)`."""
    return request.method != "GET"


@dataclass(frozen=True)
class StripeAnswer:
    """A body (JSON as a mapping, anything else as text), a status and headers."""

    body: Mapping[str, object] | str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Scripted = StripeAnswer | Mapping[str, Any] | str | int | BaseException
"""What a test may lay out: an answer, its body, the status of an error, or what is raised."""

Answerer = Callable[[SentRequest], StripeAnswer]
Forward = Callable[[], StripeAnswer]
Act = Callable[[SentRequest, Forward], StripeAnswer]
"""What a rule does with a request; `forward()` lets it be carried out and returns the answer."""


class Killed(BaseException):
    """Stands for SIGKILL inside one process: nothing in the program may catch it."""


def error(status: int, *, code: str | None = None, **headers: str) -> StripeAnswer:
    """An error as Stripe renders it."""
    type_ = "api_error" if status >= 500 or status == 429 else "invalid_request_error"
    code = code or {404: "resource_missing", 429: "rate_limit"}.get(status)
    body: dict[str, object] = {"error": {"type": type_, "message": f"planned: {status}", "code": code}}
    return StripeAnswer(body, status, headers)


def lost(message: str = "cut", *, should_retry: bool = True) -> stripe.APIConnectionError:
    """A connection that broke."""
    return stripe.APIConnectionError(message, should_retry=should_retry)


def timed_out() -> stripe.APIConnectionError:
    """A request that waited for its answer in vain, as the SDK reports it."""
    late = lost("Request timed out.")
    late.__cause__ = requests.exceptions.ReadTimeout()
    return late


def play(scripted: Scripted) -> StripeAnswer:
    """The answer that was laid out, or the exception, raised."""
    if isinstance(scripted, BaseException):
        raise scripted
    if isinstance(scripted, StripeAnswer):
        return scripted
    return error(scripted) if isinstance(scripted, int) else StripeAnswer(scripted)


def emulated(emulator: Emulator) -> Answerer:
    """The emulator answers, in process."""
    inner = EmulatorHTTPClient(emulator)

    def answer(request: SentRequest) -> StripeAnswer:
        body, status, headers = inner.request(request.method, request.url, request.headers, request.body)
        return StripeAnswer(body, status, headers)

    return answer


def by_path(answers: Mapping[str, Scripted], otherwise: Scripted = 404) -> Answerer:
    """Fixed answers by path."""
    return lambda request: play(answers.get(request.path, otherwise))


def queue(*answers: Scripted) -> Answerer:
    """Each answer once, in turn; a request too many is a bug of the test or of the program."""
    left = list(answers)

    def answer(request: SentRequest) -> StripeAnswer:
        assert left, f"no answer is left for request {request.number}: {request.method} {request.url}"
        return play(left.pop(0))

    return answer


def answers(scripted: Scripted, *, committed: bool = False) -> Act:
    """Answers or raises what was laid out; `committed` says that Stripe carried the request out first."""

    def act(_request: SentRequest, forward: Forward) -> StripeAnswer:
        if committed:
            forward()
        return play(scripted)

    return act


def in_turn(*scripted: Scripted) -> Act:
    """Answers each once, in turn, then nothing goes wrong any more."""
    left = list(scripted)
    return lambda _request, forward: play(left.pop(0)) if left else forward()


def sigkill(*, committed: bool = False) -> Act:
    """Kills this very process; for children of a test."""

    def act(_request: SentRequest, forward: Forward) -> StripeAnswer:
        if committed:
            forward()
        os.kill(os.getpid(), signal.SIGKILL)
        raise Killed

    return act


def slow(seconds: float, sleep: Callable[[float], object] = time.sleep) -> Act:
    """The answer comes late."""

    def act(_request: SentRequest, forward: Forward) -> StripeAnswer:
        sleep(seconds)
        return forward()

    return act


def meanwhile(happens: Callable[[], object], *, committed: bool = False) -> Act:
    """Somebody else does their work before the request is carried out, or before its answer arrives."""

    def act(_request: SentRequest, forward: Forward) -> StripeAnswer:
        if not committed:
            happens()
        answer = forward()
        if committed:
            happens()
        return answer

    return act


@dataclass
class Rule:
    """Which requests something happens to; `seen` counts those that fit, `hits` those to which it happened."""

    act: Act
    fits: Callable[[SentRequest], bool]
    at: Container[int] | None
    seen: int = 0
    hits: int = 0

    def takes(self, request: SentRequest) -> bool:
        """Whether it happens to this request, which is counted."""
        if not self.fits(request):
            return False
        self.seen += 1
        taken = self.at is None or self.seen in self.at
        self.hits += taken
        return taken


class ScriptedStripe(stripe.HTTPClient):
    """Answers as its script says, and remembers what it was asked: `requests`."""

    name = "scripted"

    def __init__(self, answer: Answerer | Emulator) -> None:
        super().__init__()
        self.answer = emulated(answer) if isinstance(answer, Emulator) else answer
        self.requests: list[SentRequest] = []
        self.rules: list[Rule] = []
        self._lock = threading.Lock()

    def on(
        self,
        act: Act,
        *,
        method: str = "*",
        path: str = "*",
        when: Callable[[SentRequest], bool] = lambda _request: True,
        at: int | Container[int] | None = None,
    ) -> Rule:
        """Adds a rule; of several that take a request the oldest acts.

        Shape: `method` and `path` are patterns ("*/line_items"), `at` numbers the requests that fit, from 1.
        """

        def fits(request: SentRequest) -> bool:
            return fnmatchcase(request.method, method) and fnmatchcase(request.path, path) and when(request)

        rule = Rule(act, fits, {at} if isinstance(at, int) else at)
        self.rules.append(rule)
        return rule

    def recover(self) -> None:
        """From now on nothing goes wrong."""
        self.rules.clear()

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """One request of the SDK."""
        with self._lock:
            sent = SentRequest(len(self.requests) + 1, method.upper(), url, dict(headers or {}), post_data)
            self.requests.append(sent)
            taken = [rule for rule in self.rules if rule.takes(sent)]
        got = taken[0].act(sent, lambda: self.answer(sent)) if taken else self.answer(sent)
        body = got.body if isinstance(got.body, str) else json.dumps(got.body)
        known = requests.structures.CaseInsensitiveDict({"Request-Id": REQUEST_ID})
        known.update(got.headers)
        return body, got.status, known

    def close(self) -> None:
        """Nothing is held open."""
