"""Redirects of a Checkout session: where it sends its buyer back to; of one that was made for the checklist, too."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Redirects:
    """Where a Checkout session sends its buyer back to. Units: `created` in Unix seconds."""

    session: str
    created: int
    success_url: str | None
    cancel_url: str | None


@dataclass(frozen=True, slots=True)
class MadeSession:
    """A session that was made through the backend. Shape: `problem` says what went wrong, empty where nothing did."""

    found: Redirects | None = None
    problem: str = ""
