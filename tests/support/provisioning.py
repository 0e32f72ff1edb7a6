"""Provisioning worlds for tests: connections to the emulator, catalogues, and an independent model for the planner."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import stripe

from creditctl.core.catalog import Catalog
from creditctl.provisioning.planning.steps import Action, Step, StepKind
from creditctl.provisioning.state import (
    EndpointState,
    Observed,
    PriceState,
    ProductState,
    SecretState,
    with_shared_marks,
)
from creditctl.stripe_api.client import StripeConnection
from tests.support.scripted_stripe import ScriptedStripe


class Doors(Protocol):
    """Connects to the emulator, or to another Stripe: `make_door(transport, key=…)`."""

    def __call__(
        self, transport: stripe.HTTPClient | None = None, key: str = ..., **values: str
    ) -> StripeConnection: ...


class Mortal(Protocol):
    """A client of the emulator that dies at the n-th change, before or after it: `mortal(3, after=True)`."""

    def __call__(self, dies_at: int, *, after: bool) -> ScriptedStripe: ...


class Catalogs(Protocol):
    """A catalogue of packages from (slug, credits, amount) rows."""

    def __call__(self, *rows: tuple[str, int, int], currency: str = "usd") -> Catalog: ...


@dataclass
class TinyStripe:
    """What Stripe does with the planner's steps, and nothing else: an independent model in memory."""

    products: dict[str, ProductState] = field(default_factory=dict)
    prices: dict[str, PriceState] = field(default_factory=dict)
    endpoints: dict[str, EndpointState] = field(default_factory=dict)
    held: list[str] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1000))

    @classmethod
    def holding(cls, observed: Observed, held: Sequence[str] = ()) -> TinyStripe:
        return cls(
            {product.id: product for product in observed.products},
            {price.id: price for price in observed.prices},
            {endpoint.id: endpoint for endpoint in observed.endpoints},
            list(held),
        )

    def observed(self) -> Observed:
        endpoints = with_shared_marks(list(self.endpoints.values()))
        return Observed(tuple(self.products.values()), tuple(self.prices.values()), endpoints)

    def apply(self, steps: Sequence[Step], *, dies_at: int | None = None, in_the_middle: bool = False) -> None:
        """Applies the steps; killed before step `dies_at`, or in its middle: an endpoint is made, its secret lost."""
        made: dict[str, str] = {}
        for number, step in enumerate(steps):
            if number == dies_at:
                if in_the_middle and step.kind is StepKind.ENDPOINT and step.action in (Action.CREATE, Action.REPLACE):
                    self._made_endpoint(dict(step.params), dict(step.metadata))
                return
            params = {name: self._resolve(value, made) for name, value in step.params.items()}
            if step.kind is StepKind.PRODUCT:
                self._product(step, params)
            elif step.kind is StepKind.PRICE:
                self._price(step, params, made)
            else:
                self._endpoint(step, params, made)

    def _resolve(self, value: Any, made: Mapping[str, str]) -> Any:
        return made[value.removeprefix("@price:")] if isinstance(value, str) and value.startswith("@price:") else value

    def _product(self, step: Step, params: dict[str, Any]) -> None:
        if step.action is Action.CREATE:
            assert params["id"] not in self.products
            self.products[params["id"]] = ProductState(**params)
            return
        before = self.products[str(step.id)]
        if params.get("default_price"):
            price = self.prices[params["default_price"]]
            assert price.product == before.id
            assert price.active
        self.products[before.id] = replace(before, **_merged(before.metadata, params))

    def _price(self, step: Step, params: dict[str, Any], made: dict[str, str]) -> None:
        key, transfer = params.get("lookup_key"), params.pop("transfer_lookup_key", False)
        if step.action in (Action.CREATE, Action.REPLACE):
            self._claim(key, transfer, None)
            price = PriceState(id=f"price_{next(self.numbers)}", **params)
            self.prices[price.id] = price
            made[step.subject] = price.id
            return
        before = self.prices[str(step.id)]
        if params.get("active") is False:
            assert self.products[before.product].default_price != before.id, "a default price cannot be archived"
        self._claim(key, transfer, before.id)
        self.prices[before.id] = replace(before, **_merged(before.metadata, params))

    def _claim(self, key: str | None, transfer: bool, holder: str | None) -> None:
        for price in list(self.prices.values()):
            if key and price.active and price.lookup_key == key and price.id != holder:
                assert transfer, "the lookup key is taken"
                self.prices[price.id] = replace(price, lookup_key=None)

    def _endpoint(self, step: Step, params: dict[str, Any], made: dict[str, str]) -> None:
        if step.action in (Action.CREATE, Action.REPLACE):
            assert params["metadata"]["secret_state"] == "pending"
            marks = {name: value for name, value in params["metadata"].items() if name != "secret_state"}
            mark = f"{next(self.numbers):08x}"
            self.held = [mark, *(known for known in self.held if known in step.keeps)]
            self._made_endpoint(params, {**marks, "secret_fingerprint": mark})
        elif step.action is Action.DELETE:
            gone = self.endpoints.pop(str(step.id))
            assert step.gives_up_secret or gone.secret_state is SecretState.PENDING
        elif step.action is not Action.KEEP:
            before = self.endpoints[str(step.id)]
            disabled = params.pop("disabled", before.status == "disabled")
            if "enabled_events" in params:
                params["enabled_events"] = tuple(sorted(params["enabled_events"]))
            after = replace(before, **_merged(before.metadata, params), status="disabled" if disabled else "enabled")
            self.endpoints[before.id] = after

    def _made_endpoint(self, params: Mapping[str, Any], metadata: dict[str, Any]) -> None:
        number = next(self.numbers)
        self.endpoints[f"we_{number}"] = EndpointState(
            f"we_{number}",
            params["url"],
            tuple(sorted(params["enabled_events"])),
            api_version=params["api_version"],
            created=number,
            metadata=metadata,
        )


def _merged(metadata: Mapping[str, str], params: dict[str, Any]) -> dict[str, Any]:
    """Source: Stripe API reference, "Metadata": an update adds and replaces keys, and empty values remove them."""
    merged = {**metadata, **params.pop("metadata", {})}
    return {**params, "metadata": {name: value for name, value in merged.items() if value != ""}}
