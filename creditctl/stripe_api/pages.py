"""Pagination of Stripe's lists as plain data: complete, or an error; never with a silent gap.

The SDK's own objects cost a hundred times the decoding of a page, so none are made here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import stripe

from creditctl.core.errors import Unreachable
from creditctl.stripe_api.errors import translate

PAGE_SIZE = 100
"""The largest page. Source: Stripe API reference, "Pagination", limit: between 1 and 100."""

Body = Mapping[str, Any]
Progress = Callable[[str, int], None]
"""Told after every page: the list's path and how many objects have been read of it."""


def list_all(
    client: stripe.StripeClient,
    path: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    progress: Progress | None = None,
) -> Iterator[Body]:
    """Reads every object of a list, newest first, page by page.

    Shape:  `path` below `/v1/`, such as `refunds`; `parameters` as the SDK takes them, `created={"gte": …}`.
    Errors: Unreachable where Stripe fails in between or answers with what is no page; stripe.StripeError where it
            refuses. What was yielded before an error is not the whole: drop it.
    Source: Stripe API reference, "Pagination": `has_more` says whether to go on after the last object's id.
    """
    count = 0
    cursor: str | None = None
    cursors: set[str] = set()
    wanted = {**(parameters or {}), "limit": PAGE_SIZE}
    while True:
        page = _page(client, path, wanted if cursor is None else {**wanted, "starting_after": cursor}, count)
        data = page["data"]
        yield from data
        count += len(data)
        if progress is not None:
            progress(path, count)
        if not page["has_more"]:
            return
        cursor = _next_cursor(path, data, cursors, count)
        cursors.add(cursor)


def retrieve(client: stripe.StripeClient, path: str, parameters: Mapping[str, Any] | None = None) -> Body | None:
    """Reads one object as plain data; None where Stripe knows none of that id.

    Errors: stripe.StripeError for any other refusal or failure.
    Source: Stripe API reference, "Errors": 404, code `resource_missing`.
    """
    try:
        body = client.raw_request("get", f"/v1/{path}", **(parameters or {})).data
    except stripe.InvalidRequestError as error:
        if error.http_status == 404 and error.code == "resource_missing":
            return None
        raise
    if not isinstance(body, dict):
        raise incomplete(path, 0, "the answer is not an object")
    return body


def incomplete(path: str, count: int, reason: str, request_id: str | None = None) -> Unreachable:
    """Error for a list that could not be read to its end."""
    return Unreachable(
        f"The list of {path.replace('/', ' ').replace('_', ' ')} is incomplete: after {count} objects {reason}.",
        code="stripe.incomplete",
        fix="Nothing was concluded from the part that was read. Run the same command again.",
        request_id=request_id,
    )


def _page(client: stripe.StripeClient, path: str, parameters: Mapping[str, Any], count: int) -> Body:
    try:
        page = client.raw_request("get", f"/v1/{path}", **parameters).data
    except stripe.StripeError as error:
        known = translate(error)
        if isinstance(known, Unreachable) and count:
            raise incomplete(path, count, f"this happened: {known.message}", error.request_id) from error
        raise
    if not (isinstance(page, dict) and isinstance(page.get("data"), list) and isinstance(page.get("has_more"), bool)):
        raise incomplete(path, count, "the answer was not a page of a list")
    return page


def _next_cursor(path: str, data: list[Body], cursors: Collection[str], count: int) -> str:
    """The id to go on from; a page that leads nowhere, or back, would otherwise end the list early, or never."""
    last = data[-1].get("id") if data and isinstance(data[-1], dict) else None
    if not isinstance(last, str) or last in cursors:
        raise incomplete(path, count, "Stripe announced more but sent nothing to go on from")
    return last
