"""Time parsing: moments, durations and windows (--since, --until) as people write them: `2026-11-01`, `36h`, `30d`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from creditctl.core.errors import UsageError

_AGE = re.compile(r"([0-9]{1,9})([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"(?:[0-9]{1,9}[smhdw])+")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:]{5,8}(Z|[+-][0-9]{2}:?[0-9]{2})?)?")


@dataclass(frozen=True, slots=True)
class Window:
    """Time window, half-open, `since` <= t < `until`; None means no bound on that side.

    Units: Unix seconds, UTC.
    """

    since: int | None = None
    until: int | None = None

    @property
    def unbounded(self) -> bool:
        """Whether it is all of time."""
        return self.since is None and self.until is None

    def holds(self, moment: int) -> bool:
        """Whether a moment lies in it."""
        return (self.since is None or self.since <= moment) and (self.until is None or moment < self.until)

    def as_dict(self) -> dict[str, str | None]:
        """Both bounds as a JSON document shows them."""
        return {
            "since": None if self.since is None else iso_time(self.since),
            "until": None if self.until is None else iso_time(self.until),
        }


def in_step() -> int:
    """How far Stripe's clock is ahead where nobody compared the two: not at all. Units: seconds."""
    return 0


def parse_when(text: str, now: int) -> int:
    """Parses a moment: a day or a time (UTC where no offset is given), or an age before `now`.

    Shape:  `2026-11-01` (its first second), `2026-11-01T08:30`, `2026-11-01T08:30:00+02:00`, `45m`, `36h`, `30d`, `2w`.
    Units:  Unix seconds.
    Errors: UsageError with examples of what is understood.
    """
    cleaned = text.strip()
    age = _AGE.fullmatch(cleaned)
    if age is not None:
        return max(0, now - int(age[1]) * _SECONDS[age[2]])
    if _DATE.fullmatch(cleaned) is None:
        raise _not_understood(text)
    try:
        moment = datetime.fromisoformat(cleaned)
    except ValueError:
        raise _not_understood(text) from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def parse_duration(text: str) -> int:
    """Parses a duration: `90s`, `2h`, `3d`, `1d12h`.

    Units:  seconds.
    Errors: UsageError with examples of what is understood.
    """
    cleaned = text.strip()
    if _DURATION.fullmatch(cleaned) is None:
        raise UsageError(
            f"{text!r} is not a length of time.",
            code="usage.duration",
            fix="Write a number and a unit: 90s, 45m, 2h, 3d, 1w, or several of them: 1d12h.",
        )
    return sum(int(number) * _SECONDS[unit] for number, unit in _AGE.findall(cleaned))


def parse_window(since: str | None, until: str | None, now: int) -> Window:
    """Parses a window from two texts of which either may be missing.

    Errors: UsageError where a text is not understood, or the window is empty.
    """
    window = Window(
        None if since is None else parse_when(since, now),
        None if until is None else parse_when(until, now),
    )
    if window.since is not None and window.until is not None and window.since >= window.until:
        raise UsageError(
            f"--since {since} is not before --until {until}: nothing lies between them.",
            code="usage.window",
            fix="Swap them, or leave one out. A window includes its start and excludes its end.",
        )
    return window


def require_begun(window: Window, since: str | None, now: int) -> None:
    """Refuses a window that has not begun: nothing lies in it, and that nothing is wrong there says nothing.

    Errors: UsageError.
    """
    if window.since is not None and window.since >= now:
        raise UsageError(
            f"--since {since} is not past: nothing lies after it.",
            code="usage.window",
            fix="Give a day that is over or an age such as 36h, and look whether the clock of this machine is right.",
        )


def http_date(text: str) -> int:
    """Parses the `Date` header of an HTTP answer; one without a zone is UTC, whatever the zone of this machine.

    Units:  Unix seconds.
    Errors: ValueError where it is no date; OverflowError where it is none that a calendar has.
    Source: RFC 9110, 5.6.7: every form of it is in UTC; a recipient takes the obsolete ones too, and one names no zone.
    """
    from email.utils import parsedate_to_datetime

    moment = parsedate_to_datetime(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def iso_time(moment: int) -> str:
    """Formats a moment as ISO 8601 in UTC: `2026-11-01T00:00:00Z`."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def age_text(seconds: int) -> str:
    """Formats a length of time by its largest unit, rounded down: `2d`, `5h`, `12m`, `30s`."""
    for unit, length in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds >= length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def _not_understood(text: str) -> UsageError:
    return UsageError(
        f"{text!r} is not a time.",
        code="usage.when",
        fix="Write a day (2026-11-01), a time (2026-11-01T08:30:00Z) or an age (45m, 36h, 30d, 2w).",
    )
