"""Guesses the backend's URL and the webhook's path from the endpoints that exist. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from creditctl.core.project_file.ownership import webhook_path_fault
from creditctl.payments.event_types import PAID_TYPES
from creditctl.provisioning.state import EndpointState

_EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class EndpointGuess:
    """Guess of where the backend takes webhooks. Shape: `api_url` without a path; `reason` says why."""

    api_url: str
    path: str
    reason: str


def guess_endpoint(endpoints: Sequence[EndpointState], api_url: str | None) -> EndpointGuess | None:
    """The one enabled endpoint that hears of payments, at the backend's host where that is known; None for several."""
    hearing = [
        each for each in endpoints if each.status == "enabled" and {_EVERYTHING, *PAID_TYPES} & set(each.enabled_events)
    ]
    wanted = None if api_url is None else _origin(api_url)
    fitting = [each for each in hearing if wanted in (None, _origin(each.url))]
    if len(fitting) != 1:
        return None
    (endpoint,) = fitting
    parts = urlsplit(endpoint.url)
    path = parts.path or "/"
    if parts.query or webhook_path_fault(path):
        return None
    return EndpointGuess(_origin(endpoint.url), path, f"{endpoint.id} delivers there")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()
