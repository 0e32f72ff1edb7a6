"""HTTP transport under the Stripe SDK: retries, audits every change, and refuses writes while live mode is locked."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import msgspec
import requests
import stripe

from creditctl.core.errors import GuardRefused
from creditctl.core.when import http_date
from creditctl.stripe_api.answer_shape import require_answer, require_refusal
from creditctl.stripe_api.audit import AuditLog
from creditctl.stripe_api.permission_table import is_question
from creditctl.stripe_api.rate import RateBudget
from creditctl.stripe_api.retry import HttpTry, RetryPolicy, should_retry, wait_seconds

Response = tuple[Any, int, Mapping[str, str]]

_TOO_MANY = 429
"""Whatever its words are, it is waited for."""
_IN_STEP_SECONDS = 60
"""Clocks that differ by no more count as one: an answer's date is in whole seconds, and was made before it arrived."""
_CONNECT_TIMEOUT_SECONDS = 5
_MOST_CONNECTIONS = 32
"""More threads than this never read at once; with fewer, urllib3 would warn on stderr of connections that it drops."""


def real_transport(*, proxied: bool, answer_seconds: float) -> stripe.HTTPClient:
    """Builds the real HTTP client: time-outs by the retry policy, no redirects, no proxy to an emulator."""
    session = requests.Session()
    session.max_redirects = 0
    session.trust_env = proxied
    for scheme in ("https://", "http://"):
        session.mount(scheme, requests.adapters.HTTPAdapter(pool_maxsize=_MOST_CONNECTIONS))
    return stripe.RequestsClient(timeout=(_CONNECT_TIMEOUT_SECONDS, answer_seconds), session=session)


class RetryingTransport(stripe.HTTPClient):
    """Retrying HTTP client around another one; the idempotency key stays the same over all tries of a request.

    Shape:  `writes_locked` refuses everything but GET, and questions of `permission_table.py`, which change nothing,
            until a guard has been satisfied. `budget` spreads the requests over time, where a command has set one.
            `clock` is this machine's, in Unix seconds, and `ahead_seconds` how far Stripe's is ahead of it by the
            latest answer; 0 where it is not, or without a clock.
    Errors: GuardRefused; stripe.APIConnectionError when the last try broke too.
    """

    name = "creditctl"

    def __init__(
        self,
        inner: stripe.HTTPClient,
        *,
        sleep: Callable[[float], None],
        chance: Callable[[], float],
        policy: RetryPolicy,
        audit: AuditLog | None,
        writes_locked: bool,
        clock: Callable[[], int] | None = None,
    ) -> None:
        super().__init__()
        self._inner = inner
        self._sleep = sleep
        self._chance = chance
        self._policy = policy
        self._audit = audit
        self.writes_locked = writes_locked
        self.request_count = self.ahead_seconds = 0
        self._clock = clock
        self.budget: RateBudget | None = None
        self._counting = Lock()

    def request_with_retries(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        post_data: Any = None,
        max_network_retries: int | None = None,  # noqa: ARG002 - ours is the only policy
        *,
        _usage: list[str] | None = None,
    ) -> Response:
        """One request of the SDK, tried until it is answered or patience ends."""
        if method.lower() == "get" or is_question(url):
            return self._try(method, url, headers, post_data)
        if self.writes_locked:
            raise GuardRefused(
                "Nothing is written with a live key before it was confirmed.",
                code="guard.live_write",
                fix="Run the command with --mode live and --confirm acct_… (the account's id).",
            )
        return self._change(method, url, headers, post_data)

    def _change(self, method: str, url: str, headers: Mapping[str, str], post_data: Any) -> Response:
        if self._audit is None:
            return self._try(method, url, headers, post_data)
        entry = {
            "what": f"{method.upper()} {urlsplit(url).path}",
            "idempotency_key": headers.get("Idempotency-Key"),
        }
        self._audit.begin(entry)
        try:
            response = self._try(method, url, headers, post_data)
        except stripe.APIConnectionError:
            self._audit.append({**entry, "object": None, "request_id": None, "outcome": "unknown"})
            raise
        if _may_have_changed(response[1]):
            self._audit.append({**entry, **_outcome(response)})
        else:
            self._audit.settle()
        return response

    def _try(self, method: str, url: str, headers: Mapping[str, str], post_data: Any) -> Response:
        tries = 0
        while True:
            tries += 1
            self._count()
            broken: stripe.APIConnectionError | None = None
            response: Response | None = None
            try:
                response = _complete(method, url, self._inner.request(method, url, headers, post_data))
            except stripe.APIConnectionError as error:
                if not _worth_retrying(error):
                    raise
                broken = error
            answer = HttpTry(None, {}) if response is None else HttpTry(response[1], response[2])
            self._note_time(answer)
            if answer.status == _TOO_MANY and self.budget is not None:
                self.budget.slow_down()
            if not should_retry(answer, tries, self._policy):
                if broken is not None:
                    raise broken
                if response is not None:
                    return _quiet(response)
            self._sleep(wait_seconds(answer, tries, self._chance(), self._policy))

    def _count(self) -> None:
        if self.budget is not None:
            self.budget.take()
        with self._counting:
            self.request_count += 1

    def _note_time(self, answer: HttpTry) -> None:
        """Source: RFC 9110, 6.6.1: `Date` is when the answer was made, by the clock of whoever made it."""
        dated = answer.header("Date")
        if dated is None or self._clock is None:
            return
        with suppress(ValueError, OverflowError):  # some other server's, that is no date
            ahead = http_date(dated) - self._clock()
            self.ahead_seconds = ahead if ahead > _IN_STEP_SECONDS else 0

    def close(self) -> None:
        """Closes the connections and the audit file."""
        self._inner.close()
        if self._audit is not None:
            self._audit.close()


def _may_have_changed(status: int) -> bool:
    return 200 <= status < 300 or status >= 500


def _outcome(response: Response) -> dict[str, Any]:
    body, status, headers = response
    answer = HttpTry(status, headers)
    known = {"request_id": answer.header("Request-Id")}
    if status >= 300:
        return {"object": None, **known, "outcome": "unknown", "status": status}
    data = json.loads(body)
    outcome = "replayed" if answer.header("Idempotent-Replayed") == "true" else "done"
    return {"object": data.get("id") if isinstance(data, dict) else None, **known, "outcome": outcome}


def _complete(method: str, url: str, response: Response) -> Response:
    """The answer, unless its body broke off: then it counts as a lost connection.

    Errors: stripe.APIConnectionError, to be retried; an idempotency key or the method makes that safe. NotStripe, which
            is not retried.
    """
    body, status, _ = response
    if 400 <= status < 500 and status != _TOO_MANY:
        require_refusal(url, body)
    if not 200 <= status < 300:
        return response
    try:
        require_answer(method, url, body)
    except msgspec.DecodeError:
        raise _broken_off() from None
    return response


def _broken_off() -> stripe.APIConnectionError:
    return stripe.APIConnectionError("The answer broke off in the middle.", should_retry=True)


def _worth_retrying(error: stripe.APIConnectionError) -> bool:
    """Whether the connection error may pass by itself.

    Source: the SDK's own list leaves out an answer that breaks off, which a repeated request repairs.
    """
    return bool(error.should_retry) or isinstance(error.__cause__, requests.exceptions.ChunkedEncodingError)


class _QuietText(str):
    """The text of an answer that is short where it is only described.

    Source: the SDK makes the repr of each answer for its debug log, whether anybody reads that or not: of a page of a
    hundred objects it costs half of all processor time.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{len(self)} characters>"


def _quiet(response: Response) -> Response:
    """The answer without what the SDK would only log, and Stripe's notice, which becomes a Python warning on stderr."""
    body, status, headers = response
    if isinstance(body, bytes | str):  # the page of a proxy that refuses may be in any encoding
        body = _QuietText(body.decode(errors="replace") if isinstance(body, bytes) else body)
    if HttpTry(status, headers).header("Stripe-Notice") is None:
        return body, status, headers
    kept = requests.structures.CaseInsensitiveDict(
        {key: value for key, value in headers.items() if key.lower() != "stripe-notice"}
    )
    return body, status, kept
