"""Place of a row of worth: the number by which its table is sorted, so that it lies where its session lies in time.

A webhook's entry has the time of its session, so that whoever walks the entries finds what they are worth one row after
the other, however payments are named. A place only makes a row quicker to find: by its payment each is found as well.
"""

from __future__ import annotations

PER_SECOND = 1024
"""How many places a second has; `probes.sql` reckons with as many. Stripe lets nobody open a tenth of it in one."""

_LATEST = 1 << 40
_FREE = """
    SELECT CASE WHEN max(place) IS NULL THEN {first} WHEN max(place) < {first} + {last} THEN max(place) + 1 END
    FROM worth WHERE place BETWEEN {first} AND {first} + {last}
"""
# Where nothing was opened, or too much at once, the place is before all others.
_BEFORE_ALL = "SELECT min(coalesce(min(place), 0), 0) - 1 FROM worth"


def free_place(opened: str) -> str:
    """The SQL of a place that no row has yet. Shape: `opened` is SQL for the second in which the session was opened."""
    first = f"(CASE WHEN {opened} > 0 AND {opened} < {_LATEST} THEN {opened} * {PER_SECOND} END)"
    return f"coalesce(({_FREE.format(first=first, last=PER_SECOND - 1)}), ({_BEFORE_ALL}))"
