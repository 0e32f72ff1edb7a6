"""Restricted keys: names the permission that an operation needs when Stripe refuses it (403)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import stripe

from creditctl.core.errors import ConfigurationError
from creditctl.stripe_api.errors import missing_permission


@contextmanager
def needs(operation: str, permission: str) -> Iterator[None]:
    """Turns Stripe's 403 into the operation and the permission that it needs.

    Shape:  `operation` as in "the key may not …"; `permission` is our table's answer where Stripe names none.
    Errors: ConfigurationError, code stripe.permission.
    Source: Stripe documentation, "Restricted API keys"; the slugs are those that Stripe's 403 answers name.
    """
    try:
        yield
    except stripe.PermissionError as error:
        named = missing_permission(error) or permission
        raise lacks(operation, named, error.request_id) from error


def lacks(operation: str, permission: str, request_id: str | None = None) -> ConfigurationError:
    """The error that a key may not do something, for want of a permission."""
    return ConfigurationError(
        f"The restricted key may not {operation}: it lacks the permission {permission}.",
        code="stripe.permission",
        fix=f"Give the key {permission} in the Dashboard (Developers, API keys), or use another key.",
        request_id=request_id,
    )
