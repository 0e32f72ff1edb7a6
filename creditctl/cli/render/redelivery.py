"""A redelivery for people: what would be delivered for whom, and what came of each payment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from creditctl.core.text import plural

if TYPE_CHECKING:
    from creditctl.reconciliation.redelivery.outcome import Redelivered

_MOST_SHOWN = 50


def delivery_lines(planned: Sequence[Redelivered], target: str) -> list[str]:
    """What is to be delivered where, as a person is asked about it: its size first."""
    events, credits = sum(len(each.events) for each in planned), sum(each.credits for each in planned)
    size = f"{plural(len(planned), 'payment')}, {credits:+,} credits, {plural(events, 'event')} at most"
    return [f"Deliver again to {target}: {size}", *redelivered_lines(planned)]


def redelivered_lines(results: Sequence[Redelivered]) -> list[str]:
    """What became of each payment, one line each."""
    lines = [f"  {_result(each)}" for each in results[:_MOST_SHOWN]]
    hidden = len(results) - _MOST_SHOWN
    return [*lines, f"… and {hidden:,} more: `--json` shows all."] if hidden > 0 else lines


def _result(each: Redelivered) -> str:
    word = each.outcome.value.replace("_", " ")
    about = f"{each.credits:+,} credits of user {each.user_id}"
    return f"{word:9} {each.payment_key}: {about}; {each.reason}{_events(each)}"


def _events(each: Redelivered) -> str:
    shown = ", ".join(f"{one.type} {one.event_id}" for one in each.events)
    return f" ({shown})" if shown else ""
