"""Dates as HTTP writes them. Source: RFC 9110, 5.6.7."""

import time

_dates: dict[int, str] = {}
_MOST_KEPT = 8
"""The emulator's clock and this machine's, and a little more: they are asked for in turn."""


def http_date(moment: int) -> str:
    """A moment as HTTP writes it, made once a second. Units: Unix seconds."""
    date = _dates.get(moment)
    if date is None:
        if len(_dates) >= _MOST_KEPT:
            _dates.clear()
        date = _dates[moment] = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(moment))
    return date
