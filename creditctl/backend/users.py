"""User ids of requests: by the rule that holds everywhere, with a reason for whoever sent one."""

from __future__ import annotations

from creditctl.core.entitlement.user_ids import USER_ID_PATTERN, user_id_fault
from creditctl.core.limits import MAX_USER_ID_CHARACTERS

MAX_CHARACTERS = MAX_USER_ID_CHARACTERS
PATTERN = USER_ID_PATTERN


class BadUserId(ValueError):
    """A user id that cannot be used; the text says why, for whoever sent it."""


class NotSignedIn(BadUserId):
    """A request that does not say who asks."""


def parse_user_id(text: str) -> str:
    """Validates a user id, and returns it unchanged. Errors: BadUserId."""
    fault = user_id_fault(text)
    if fault is not None:
        raise BadUserId(fault)
    return text


def user_id_from_header(values: list[bytes]) -> str:
    """The user id in the `X-User-Id` header fields of one request, as UTF-8.

    Errors: NotSignedIn when the header is absent or blank; BadUserId, also when it is there twice.
    """
    if len(values) > 1:
        raise BadUserId("The header X-User-Id is there more than once.")
    if not values or not values[0].strip():
        raise NotSignedIn("The header X-User-Id is missing: it says who is asking.")
    try:
        return parse_user_id(values[0].decode("utf-8"))
    except UnicodeDecodeError:
        raise BadUserId("The header X-User-Id is not UTF-8 text.") from None
