"""Guesses the mark of this deployment: a metadata key of which the application booked one value only. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from creditctl.provisioning.scaffold.booked import Bookings, booked_for
from creditctl.provisioning.scaffold.sales import RecentSale, RecentSession, SalesLook

_KEY = re.compile(
    r"region|env|deploy|site|app|shop|store|instance|stage|brand|cluster|system|project|origin|server|domain|market|"
    r"country|locale|tier|cell",
    re.IGNORECASE,
)
_FEWEST = 3
_MOST_VALUES = 12


@dataclass(frozen=True, slots=True)
class DeploymentGuess:
    """Guess of a mark. Shape: sessions whose metadata `key` has this value are ours; `reason` says why."""

    key: str
    value: str
    reason: str


def guess_deployment(sessions: Sequence[RecentSession], bookings: Bookings) -> DeploymentGuess | None:
    """The mark that tells this deployment's sessions from another's; None where nothing does."""
    keys = dict.fromkeys(key for session in sessions for key in session.metadata if _KEY.search(key))
    return next((guess for key in keys if (guess := _by_key(key, sessions, bookings)) is not None), None)


def ours_only(look: SalesLook, guess: DeploymentGuess | None) -> SalesLook:
    """What was sold here: sales that carry another deployment's mark say nothing of this one."""
    if guess is None:
        return look

    def is_ours(of: RecentSale | RecentSession) -> bool:
        metadata = of.metadata if isinstance(of, RecentSession) else of.session_metadata
        return metadata.get(guess.key, guess.value) == guess.value

    return SalesLook(
        tuple(filter(is_ours, look.sales)),
        tuple(filter(is_ours, look.sessions)),
        look.products,
        tuple(each for each in look.charges if each.metadata.get(guess.key, guess.value) == guess.value),
        look.more,
    )


def _by_key(key: str, sessions: Sequence[RecentSession], bookings: Bookings) -> DeploymentGuess | None:
    totals: defaultdict[str, int] = defaultdict(int)
    booked: defaultdict[str, int] = defaultdict(int)
    for session in sessions:
        value = session.metadata.get(key)
        if value:
            totals[value] += 1
            booked[value] += booked_for(session.names, bookings) is not None
    ours = [value for value in totals if booked[value]]
    others = sum(count for value, count in totals.items() if not booked[value])
    if len(ours) != 1 or not 1 < len(totals) <= _MOST_VALUES or others < _FEWEST:
        return None
    (value,) = ours
    if 2 * booked[value] <= totals[value]:
        return None
    reason = (
        f"the application booked {booked[value]} of {totals[value]} sessions with {key} = {value}, "
        f"and none of {others} with another"
    )
    return DeploymentGuess(key, value, reason)
