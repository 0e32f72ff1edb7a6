"""Status item: one thing that is known, absent, or unknown with the reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum

import stripe

from creditctl.core.errors import CreditctlError
from creditctl.core.keys import redact
from creditctl.stripe_api.errors import translate


class StatusState(StrEnum):
    """State of an item. Shape: UNSETTLED is known, and asks for something to be done."""

    KNOWN = "known"
    UNSETTLED = "unsettled"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class StatusItem:
    """One line of the status. Shape: `title` is what is asked, `text` what is so, or why nobody knows."""

    id: str
    title: str
    state: StatusState
    text: str

    def as_dict(self) -> dict[str, str]:
        """The item as a JSON document shows it."""
        return asdict(self)


def known(id_: str, title: str, text: str) -> StatusItem:
    """An item that is known, and in order."""
    return StatusItem(id_, title, StatusState.KNOWN, text)


def unsettled(id_: str, title: str, text: str) -> StatusItem:
    """An item that is known, and about which something is to be done."""
    return StatusItem(id_, title, StatusState.UNSETTLED, text)


def absent(id_: str, title: str, text: str) -> StatusItem:
    """An item that is not there."""
    return StatusItem(id_, title, StatusState.ABSENT, text)


def unknown(id_: str, title: str, reason: str) -> StatusItem:
    """An item that could not be looked at."""
    return StatusItem(id_, title, StatusState.UNKNOWN, redact(reason))


def looked_at(id_: str, title: str, look: Callable[[], StatusItem]) -> StatusItem:
    """What a look shows; unknown with the reason where it fails, so that one item never hides another."""
    try:
        return look()
    except CreditctlError as error:
        return unknown(id_, title, error.message)
    except stripe.StripeError as error:
        translated = translate(error)
        return unknown(id_, title, str(error) if translated is None else translated.message)
