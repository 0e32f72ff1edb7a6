"""User ids: the one rule of what can name a user, from the purchase API and the webhook to the ledger and an import.

A user id is taken as it was given, or refused; it is never guessed, cut or repaired.
"""

from __future__ import annotations

import re
from uuid import UUID

from creditctl.core.limits import MAX_USER_ID_CHARACTERS

USER_ID_PATTERN = r"^[^\s\x00-\x1f\x7f-\x9f](?:[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f])?$"
"""The rule as an OpenAPI document can say it: no control characters, no space at either end."""

USER_ID_WORDS = f"a text of 1 to {MAX_USER_ID_CHARACTERS} characters, without control characters or spaces around it"
"""The rule in a sentence."""

_UUID_DIGITS = 32

# Line and paragraph separators end a line of a log as a newline does; half a surrogate pair has no form in UTF-8.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def canonical_uuid(text: str) -> str | None:
    """A UUID in its usual form, lower case with dashes; None for another text. Two spellings of one are one user."""
    digits = text.strip("{}").replace("-", "")
    if len(digits) != _UUID_DIGITS or not digits.isascii():
        return None
    try:
        return str(UUID(hex=digits))
    except ValueError:
        return None


def user_id_fault(text: str) -> str | None:
    """What is wrong with a user id, as a sentence about it; None for one that can be used."""
    if not text.strip():
        return "The user id is missing."
    if len(text) > MAX_USER_ID_CHARACTERS:
        return f"The user id is longer than {MAX_USER_ID_CHARACTERS} characters."
    if text != text.strip() or _CONTROL.search(text):
        return "The user id has control characters, or spaces around it."
    return None


def is_user_id(text: str) -> bool:
    """Whether a text can name a user."""
    return user_id_fault(text) is None
