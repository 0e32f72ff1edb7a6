"""Bad value: what a cell holds and a field cannot take, as an error and as text that shows no secret."""

from __future__ import annotations

from creditctl.core.keys import redact
from creditctl.core.text import cut_text

_MAX_SHOWN = 40


class BadRow(ValueError):
    """A row that cannot become an entry; its text says why."""


def shown(value: object) -> str:
    """A value as a message shows it: cut where it is long, without secrets."""
    return cut_text(redact(repr(value)), _MAX_SHOWN)
