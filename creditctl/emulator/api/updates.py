"""Helpers of create and update actions: metadata, addresses, plain updates, deletion."""

import copy
from typing import Any

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.protocol.errors import bad_parameter
from creditctl.emulator.storage.object_types import Body, ObjectType

MOST_METADATA_KEYS = 50
"""Source: Stripe API reference, "Metadata"."""
NO_ADDRESS: Body = {
    "city": None,
    "country": None,
    "line1": None,
    "line2": None,
    "postal_code": None,
    "state": None,
}


def merged(old: dict[str, str], given: dict[str, str] | None) -> dict[str, str]:
    """Metadata after an update: keys are added or replaced, empty values remove, an empty hash removes all."""
    if given is None:
        return {}
    result = {key: value for key, value in {**old, **given}.items() if value != ""}
    if len(result) > MOST_METADATA_KEYS:
        raise bad_parameter(
            f"Metadata can have up to {MOST_METADATA_KEYS} keys, but you passed in {len(result)} keys.", "metadata"
        )
    return result


def given_metadata(params: dict[str, Any]) -> dict[str, str]:
    """Metadata of a new object."""
    given = params.get("metadata")
    return merged({}, given) if given else {}


def updated(before: Body, params: dict[str, Any], names: tuple[str, ...]) -> Body:
    """A copy with the given parameters of these names, and metadata, applied."""
    after = copy.deepcopy(before)
    for name in names:
        if name in params:
            after[name] = params[name]
    if "metadata" in params:
        after["metadata"] = merged(before.get("metadata") or {}, params["metadata"])
    return after


def address(given: Body | None) -> Body | None:
    """An address with all of its keys."""
    return None if given is None else {**NO_ADDRESS, **given}


def shipping(given: Body | None) -> Body | None:
    """Shipping details with all of their keys."""
    if given is None:
        return None
    empty = {"address": None, "carrier": None, "name": None, "phone": None, "tracking_number": None}
    return {**empty, **given, "address": address(given.get("address"))}


def billing_details(given: Body | None) -> Body:
    """Billing details with all of their keys."""
    empty: Body = {"address": NO_ADDRESS.copy(), "email": None, "name": None, "phone": None, "tax_id": None}
    if not given:
        return empty
    return {**empty, **given, "address": {**NO_ADDRESS, **(given.get("address") or {})}}


def erase(context: RequestContext, kind: ObjectType, object_id: str) -> Body:
    """Delete an object and answer the stub that stands for it."""
    context.services.store.delete(context.scope.id, object_id)
    return {"id": object_id, "object": kind.name, "deleted": True}
