"""The shapes of the API's answers; the OpenAPI document is made from them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class Failure(BaseModel):
    """What went wrong, in one sentence."""

    success: Literal[False] = False
    message: str


class PurchaseAnswer(BaseModel):
    """Where the buyer pays."""

    success: Literal[True] = True
    message: str
    payment_url: str = Field(description="Stripe's hosted page for this Checkout session.")


class WebhookAnswer(BaseModel):
    """The delivery is dealt with; Stripe need not come again."""

    success: Literal[True] = True
    received: Literal[True] = True


class SessionBody(BaseModel):
    """A Checkout session. `amount_total` in minor units of its currency."""

    id: str
    payment_status: str = Field(description="paid, unpaid or no_payment_required")
    amount_total: int | None
    metadata: dict[str, str]


class SessionAnswer(BaseModel):
    """What Stripe says of one Checkout session."""

    success: Literal[True] = True
    session: SessionBody


class PackageBody(BaseModel):
    """One package. `amount` in minor units; `price` and `cost_per_credit` for people."""

    package_id: int
    slug: str
    name: str
    credits: int
    amount: int
    currency: str
    price: str
    cost_per_credit: str


class PackagesAnswer(BaseModel):
    """The packages that are sold."""

    success: Literal[True] = True
    packages: list[PackageBody]


class BalanceAnswer(BaseModel):
    """A user's credits; 0 for a user that the ledger does not know."""

    success: Literal[True] = True
    user_id: str
    balance: int


class TransactionBody(BaseModel):
    """One entry of the ledger. `credits` and `amount` are signed; `created` in Unix seconds."""

    id: int
    created: int
    kind: str
    credits: int
    amount: int
    currency: str | None
    package: str | None
    payment_key: str | None


class TransactionsAnswer(BaseModel):
    """A page of a user's entries, oldest first."""

    success: Literal[True] = True
    user_id: str
    transactions: list[TransactionBody]
    next_after: int | None = Field(description="Give it as `after` to read on; null on the last page.")


class HealthAnswer(BaseModel):
    """The backend is up and can read its ledger."""

    success: Literal[True] = True
    status: Literal["ok"] = "ok"
    mode: str


FAILURES: dict[int, str] = {
    400: "The request cannot be read, or its signature is not Stripe's.",
    401: "In live mode: the request does not say who asks.",
    403: "Who the user is cannot be believed here, or the request is not the user's own.",
    404: "There is no such thing.",
    408: "The request's body did not arrive in time.",
    413: "The request's body is too large.",
    422: "A value is missing or not allowed.",
    500: "Something went wrong on our side.",
    502: "Stripe refused the call.",
    503: "Stripe or the ledger cannot be reached, or the package is not for sale.",
}
"""Every way in which an endpoint may fail, with what it means."""


def failures(*statuses: int) -> dict[int | str, dict[str, object]]:
    """The `responses` of an endpoint that can fail in these ways."""
    return {status: {"model": Failure, "description": FAILURES[status]} for status in statuses}
