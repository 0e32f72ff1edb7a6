"""Stripe metadata that marks an object as ours: `managed_by=creditctl`, on everything that creditctl makes there."""

from __future__ import annotations

from collections.abc import Mapping

MANAGED_BY_KEY = "managed_by"
MANAGED_BY = "creditctl"
"""The value of `managed_by` in the metadata of every product, price, endpoint, session and payment intent of ours."""


def is_managed(metadata: Mapping[str, object]) -> bool:
    """Whether an object says of itself that it is ours."""
    return metadata.get(MANAGED_BY_KEY) == MANAGED_BY
