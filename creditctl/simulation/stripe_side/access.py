"""Access to the Stripe behind the backend: its API in both modes, and the emulator's controls where it is one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from creditctl.core.errors import GuardRefused
from creditctl.simulation.results import ScenarioNotTried

if TYPE_CHECKING:
    import stripe

    from creditctl.emulator_client.client import EmulatorControl

StripeObject = dict[str, Any]
ApiCall = Callable[[str, str, Mapping[str, Any]], StripeObject]


@dataclass(frozen=True)
class StripeAccess:
    """One account of one Stripe.

    Shape:  `call` sends one request with flat parameters, such as `line_items[0][price]`; `control` is None where it
            is no emulator.
    Errors: of every request: StripeRefused, Unreachable; GuardRefused for an object of live mode.
    """

    call: ApiCall
    control: EmulatorControl | None = None

    def get(self, path: str, **params: Any) -> StripeObject:
        """Reads."""
        return _no_live(self.call("GET", path, params))

    def post(self, path: str, params: Mapping[str, Any] | None = None) -> StripeObject:
        """Makes or changes something."""
        return _no_live(self.call("POST", path, params or {}))

    @property
    def emulator(self) -> EmulatorControl:
        """The controls. Errors: ScenarioNotTried where this Stripe is no emulator."""
        if self.control is None:
            raise ScenarioNotTried("it needs creditctl's emulator: Stripe's own test mode cannot do this on demand")
        return self.control


def _no_live(found: StripeObject) -> StripeObject:
    if found.get("livemode") is True:
        raise GuardRefused(
            "Stripe answered with an object of live mode: simulate never touches one.",
            code="guard.live",
            fix="Use a test key (sk_test_…), and an emulator without --livemode.",
        )
    return found


def emulator_access(control: EmulatorControl) -> StripeAccess:
    """Access to a running emulator, over its own client."""
    return StripeAccess(control.api, control)


def sandbox_access(client: stripe.StripeClient) -> StripeAccess:
    """Access to Stripe's test mode, through the SDK with its guards and its audit."""

    def call(method: str, path: str, params: Mapping[str, Any]) -> StripeObject:
        import stripe

        from creditctl.stripe_api.errors import translate

        try:
            response = client.raw_request(method.lower(), path, **params)
        except stripe.StripeError as error:
            raise translate(error) or error from error
        found: StripeObject = json.loads(response.body)
        return found

    return StripeAccess(call)
