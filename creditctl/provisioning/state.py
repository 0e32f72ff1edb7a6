"""Observed state (products, prices, endpoints) and desired endpoint: the fields that the plan compares."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from urllib.parse import urlsplit

from creditctl.core.catalog import named_by_product
from creditctl.core.deployment import is_of_deployment
from creditctl.payments.event_types import ENDPOINT_EVENTS


@dataclass(frozen=True, slots=True)
class ProductState:
    """A product as Stripe has it. Shape: `deployment` is the one that looks, here and below."""

    id: str
    name: str
    active: bool = True
    description: str | None = None
    default_price: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    deployment: str | None = None

    @property
    def ours(self) -> bool:
        """Whether it carries the marker of the deployment that looks."""
        return is_of_deployment(self.metadata, self.deployment)


@dataclass(frozen=True, slots=True)
class PriceState:
    """A price as Stripe has it.

    Shape:  `other_currencies` are those that it has amounts of its own in; `divides` says that its amount is
            for several; `product_managed` that its product carries our marker.
    Units:  `unit_amount` in minor units; `created` in Unix seconds.
    Source: Stripe API reference, "The Price object", currency_options and transform_quantity.
    """

    id: str
    product: str
    currency: str
    unit_amount: int | None
    active: bool = True
    recurring: bool = False
    lookup_key: str | None = None
    created: int = 0
    metadata: Mapping[str, str] = field(default_factory=dict)
    deployment: str | None = None
    other_currencies: tuple[str, ...] = ()
    divides: bool = False
    product_managed: bool = False

    @property
    def ours(self) -> bool:
        """Whether it is this deployment's to change: it carries our marker, and so does its product, or that has an id
        of ours."""
        by_id = named_by_product(self.product)
        own_product = self.product_managed or (by_id is not None and by_id[0] == self.deployment)
        return is_of_deployment(self.metadata, self.deployment) and own_product

    @property
    def copied_mark(self) -> bool:
        """Whether it carries our marker on a product that is not ours: metadata is copied with a price."""
        return is_of_deployment(self.metadata, self.deployment) and not self.ours


FINGERPRINT_KEY = "secret_fingerprint"
"""Metadata key of our endpoint: the fingerprint of the signing secret that was handed over, or proven."""
STATE_KEY = "secret_state"
"""Metadata key of our endpoint that has no fingerprint: pending or unproven."""
PROBED_KEY = "secret_probed"
"""Metadata key of an unproven endpoint: which secret the backend accepted, and when."""


class SecretState(StrEnum):
    """What is known of an endpoint's signing secret.

    Shape: `pending` was created, and its secret not handed over yet: nobody can hold it; `unproven` was adopted, or
           carries no mark: somebody may hold it; `handed_over` carries its fingerprint.
    """

    PENDING = "pending"
    UNPROVEN = "unproven"
    HANDED_OVER = "handed_over"


@dataclass(frozen=True, slots=True)
class EndpointState:
    """A webhook endpoint as Stripe has it; its secret is never among what Stripe shows.

    Shape: `shares_mark` says that another endpoint carries the same fingerprint, so that neither proves anything.
    """

    id: str
    url: str
    enabled_events: tuple[str, ...]
    status: str = "enabled"
    api_version: str | None = None
    created: int = 0
    metadata: Mapping[str, str] = field(default_factory=dict)
    deployment: str | None = None
    shares_mark: bool = False

    @property
    def ours(self) -> bool:
        """Whether it carries the marker of the deployment that looks."""
        return is_of_deployment(self.metadata, self.deployment)

    @property
    def secret_state(self) -> SecretState:
        """What is known of its signing secret; without any mark it counts as unproven."""
        state, marked = self.metadata.get(STATE_KEY), self.metadata.get(FINGERPRINT_KEY)
        if state == SecretState.PENDING and not marked:
            return SecretState.PENDING
        if marked and state != SecretState.UNPROVEN and not self.shares_mark:
            return SecretState.HANDED_OVER
        return SecretState.UNPROVEN

    @property
    def fingerprint(self) -> str | None:
        """The mark that its secret was handed over or proven, and which one it was; None where there is none."""
        return self.metadata[FINGERPRINT_KEY] if self.secret_state is SecretState.HANDED_OVER else None

    @property
    def rotation(self) -> str | None:
        """The endpoint that this one is taking over from, during a rotation."""
        return self.metadata.get("rotation") or None


def with_shared_marks(endpoints: Sequence[EndpointState]) -> tuple[EndpointState, ...]:
    """Notes which endpoints carry one fingerprint together: a secret belongs to one, so it is none of theirs."""
    marks = [endpoint.fingerprint for endpoint in endpoints]
    shared = {mark for mark in marks if mark is not None and marks.count(mark) > 1}
    return tuple(
        replace(endpoint, shares_mark=True) if endpoint.fingerprint in shared else endpoint for endpoint in endpoints
    )


@dataclass(frozen=True, slots=True)
class Observed:
    """Observed state: everything that one look at Stripe showed."""

    products: tuple[ProductState, ...] = ()
    prices: tuple[PriceState, ...] = ()
    endpoints: tuple[EndpointState, ...] = ()

    def __post_init__(self) -> None:
        """Tells each price whether its product carries our marker."""
        marked = {product.id for product in self.products if product.ours}
        told = tuple(replace(price, product_managed=price.product in marked) for price in self.prices)
        object.__setattr__(self, "prices", told)

    def product(self, product_id: str) -> ProductState | None:
        """The product with this id, or None."""
        return next((product for product in self.products if product.id == product_id), None)


@dataclass(frozen=True, slots=True)
class DesiredEndpoint:
    """Desired endpoint, and the fingerprints of the signing secrets that we hold, newest first.

    Shape: `trust_fingerprint` is set where the secret lives in another place than ours: a command took it, or
           creditctl.toml says so.
    """

    url: str
    api_version: str
    held: tuple[str, ...] = ()
    events: tuple[str, ...] = ENDPOINT_EVENTS
    trust_fingerprint: bool = False
    deployment: str | None = None


def same_url(one: str, other: str) -> bool:
    """Whether two URLs are the same: host and scheme in any case, default ports and a last slash left out."""
    return _normal(one) == _normal(other)


def _normal(url: str) -> tuple[str, str, int | None, str, str]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ("", url, None, "", "")
    scheme = parts.scheme.lower()
    default = {"https": 443, "http": 80}.get(scheme)
    return (scheme, parts.hostname or "", None if port == default else port, parts.path.rstrip("/"), parts.query)


def release_name(version: str | None) -> str | None:
    """Release name of an API version, `endive` in `2026-10-28.endive`: only another name may break anything.

    Source: Stripe documentation, "API versioning"; versions before 2024-09-30 are a date alone, which is their name.
    """
    return None if version is None else version.partition(".")[2] or version


def digest(value: object) -> str:
    """Digest of a plain JSON value: SHA-256, 32 hex digits, the same for equal values."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def plain(state: ProductState | PriceState | EndpointState) -> dict[str, object]:
    """Converts a state to plain JSON values."""
    return asdict(state)
