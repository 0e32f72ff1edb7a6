"""Responses of a probed webhook: what it answered to each of the deliveries, as values that can be judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from creditctl.core.keys import Secret


class NoAnswer(StrEnum):
    """Why nothing answered, as far as the connection shows."""

    REFUSED = "refused"
    UNKNOWN_HOST = "unknown_host"
    CERTIFICATE = "certificate"
    TIMEOUT = "timeout"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class ProbeResponse:
    """Response to one delivery.

    Shape: `status` is the HTTP status, or None where nothing answered, and then `no_answer` and `error` say why;
    `date` is the server's own clock in Unix seconds where it sent one; `body` is cut short.
    """

    status: int | None
    no_answer: NoAnswer | None = None
    error: str = ""
    location: str = ""
    server: str = ""
    asks_login: bool = False
    date: int | None = None
    body: str = field(default="", repr=False)

    @property
    def accepted(self) -> bool:
        """Whether Stripe would count the delivery as done."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def refused(self) -> bool:
        """Whether it was refused as a bad request: any 4xx that says nothing of routes, methods or limits."""
        return self.status is not None and 400 <= self.status < 500 and self.status not in _NOT_ABOUT_SIGNATURES

    @property
    def words(self) -> str:
        """The response, for a sentence."""
        return f"answered {self.status}" if self.status is not None else f"no answer ({self.error or self.no_answer})"


_NOT_ABOUT_SIGNATURES = frozenset({404, 405, 408, 410, 419, 429})


@dataclass(frozen=True, slots=True)
class ProbeResponses:
    """Responses to a whole probe.

    Shape: `signed` holds one for each secret that we hold, newest first; those after it were asked for only where no
    signed delivery was accepted, else None: other bodies (compact, spaced, with a line end that is not sent), ASCII
    only, signed by the clock of the server, and signed with the secret as it is when something sticks to it, each
    with the words for that.
    """

    unsigned: ProbeResponse
    forged: ProbeResponse
    stale: ProbeResponse | None
    signed: Sequence[tuple[Secret, ProbeResponse]]
    get: ProbeResponse
    compact: ProbeResponse | None = None
    spaced: ProbeResponse | None = None
    with_line_end: ProbeResponse | None = None
    ascii_only: ProbeResponse | None = None
    by_its_clock: ProbeResponse | None = None
    soiled: Sequence[tuple[str, ProbeResponse]] = ()
    clock_skew_seconds: int | None = None

    @property
    def best_signed(self) -> ProbeResponse | None:
        """The response to a signed delivery that counts: an accepted one, else that to the newest secret."""
        responses = [response for _, response in self.signed]
        return next((item for item in responses if item.accepted), responses[0] if responses else None)

    @property
    def posts(self) -> Iterator[ProbeResponse]:
        """The responses to the deliveries, without that to the GET."""
        yield from (self.unsigned, self.forged)
        yield from (response for _, response in self.signed)
