"""Translates the Stripe SDK's exceptions to CreditctlError, each with a fix."""

from __future__ import annotations

import re
import traceback
from pathlib import Path

import stripe

from creditctl.core.errors import ConfigurationError, CreditctlError, StripeRefused, Unreachable
from creditctl.stripe_api.answer_shape import NotStripe

_PERMISSION = re.compile(r"Having the ((?:'rak_[a-z0-9_]+'[, or]*)+) permissions?\b")


def missing_permission(error: stripe.StripeError) -> str | None:
    """Reads the permission that a restricted key lacks from Stripe's answer; None where it names none.

    Shape:  where each of several would do, `rak_… or rak_…`.
    Source: the wording of Stripe's 403 answers, as seen in public reports.
    """
    match = _PERMISSION.search(str(error))
    return " or ".join(re.findall(r"rak_[a-z0-9_]+", match[1])) if match else None


def translate(error: Exception) -> CreditctlError | None:
    """Translates an exception of the Stripe SDK to a CreditctlError; None for anything else.

    Source: Stripe API reference, "Errors": 401 bad key, 403 permission, 429 rate limit, 5xx Stripe's side.
    """
    if not isinstance(error, stripe.StripeError):
        return None
    text = error.user_message or str(error)
    return _unanswered(error, text) or _refused(error, text)


def not_stripe(message: str) -> Unreachable:
    """The error for an answer that is not one of Stripe's."""
    return Unreachable(
        message,
        code="stripe.not_stripe",
        fix="Check STRIPE_API_BASE, and whether a proxy or the login page of this network answers in Stripe's place.",
    )


def lacking(error: Exception) -> Unreachable | None:
    """Translates that an object of the SDK lacks a field which Stripe's have; None for any other error."""
    frames = traceback.extract_tb(error.__traceback__)
    if not isinstance(error, AttributeError | KeyError) or not frames:
        return None
    if Path(frames[-1].filename).name != Path(str(stripe._stripe_object.__file__)).name:
        return None
    return not_stripe(f"An object that was answered in Stripe's place has no {error.args[0]!r}.")


def _unanswered(error: stripe.StripeError, text: str) -> CreditctlError | None:
    """What another try may mend: no connection, the rate limit, a failure on Stripe's side."""
    if isinstance(error, NotStripe):
        return not_stripe(str(error))
    if isinstance(error, stripe.APIConnectionError):
        return Unreachable(
            "Stripe could not be reached.",
            code="stripe.unreachable",
            fix="Check the network and STRIPE_API_BASE (is the emulator running?), then run the same command again.",
        )
    if isinstance(error, stripe.RateLimitError) or error.http_status == 429:
        return Unreachable(
            "Stripe's rate limit was still exceeded after waiting and trying again.",
            code="stripe.rate_limit",
            fix="Run the same command again in a minute; it goes on where it stopped.",
            request_id=error.request_id,
        )
    if (error.http_status or 0) >= 500:
        return Unreachable(
            f"Stripe answered {error.http_status}: {text}",
            code="stripe.server_error",
            fix="Look at status.stripe.com and run the same command again.",
            request_id=error.request_id,
        )
    return None


def _refused(error: stripe.StripeError, text: str) -> CreditctlError:
    """What Stripe said no to, and would again."""
    if isinstance(error, stripe.AuthenticationError):
        return StripeRefused(
            f"Stripe refused the key: {text}",
            code="stripe.authentication",
            fix="Check STRIPE_SECRET_KEY: it may be rolled, expired or of another account.",
            request_id=error.request_id,
        )
    if isinstance(error, stripe.PermissionError):
        return _permission(error, text)
    return StripeRefused(
        f"Stripe refused: {text}",
        code=f"stripe.{getattr(error.error, 'code', None) or 'refused'}",
        fix="Correct what it names, then run the same command again.",
        request_id=error.request_id,
    )


def _permission(error: stripe.StripeError, text: str) -> CreditctlError:
    permission = missing_permission(error)
    wanted = f" the permission {permission}" if permission else " a permission"
    return ConfigurationError(
        f"The restricted key lacks{wanted}: {text}",
        code="stripe.permission",
        fix="Give the key that permission in the Dashboard (Developers, API keys), or use another key.",
        request_id=error.request_id,
    )
