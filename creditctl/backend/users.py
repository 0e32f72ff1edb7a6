"""User ids of requests: taken as they were given, or refused; never guessed, cut or repaired."""

from __future__ import annotations

import re

from creditctl.core.entitlement.fields import MAX_USER_ID_CHARACTERS

MAX_CHARACTERS = MAX_USER_ID_CHARACTERS

PATTERN = r"^[^\s\x00-\x1f\x7f-\x9f](?:[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f])?$"
"""No control characters, no space at either end."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class BadUserId(ValueError):
    """A user id that cannot be used; the text says why, for whoever sent it."""


def parse_user_id(text: str) -> str:
    """Validates a user id, and returns it unchanged. Errors: BadUserId."""
    if not text.strip():
        raise BadUserId("The user id is missing.")
    if len(text) > MAX_CHARACTERS:
        raise BadUserId(f"The user id is longer than {MAX_CHARACTERS} characters.")
    if text != text.strip() or _CONTROL.search(text):
        raise BadUserId("The user id has control characters, or spaces around it.")
    return text


def user_id_from_header(values: list[bytes]) -> str:
    """Reads the user id from the `X-User-Id` header fields of one request, as UTF-8.

    Errors: BadUserId, also when the header is absent or there twice: two answers to "who" are none.
    """
    if len(values) > 1:
        raise BadUserId("The header X-User-Id is there more than once.")
    if not values:
        raise BadUserId("The header X-User-Id is missing: it says who is buying.")
    try:
        return parse_user_id(values[0].decode("utf-8"))
    except UnicodeDecodeError:
        raise BadUserId("The header X-User-Id is not UTF-8 text.") from None
