"""Usual names of columns: in which order they are looked for, in snake or camel case or with blanks. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_PARTS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")

NAMES = {
    "id": ("id", "uuid", "entry_id", "transaction_id", "_id", "row_id", "nr", "number"),
    "created": ("created_at", "created", "inserted_at", "occurred_at", "timestamp", "created_on", "date_created",
                "created_date", "create_date", "creation_date", "created_time", "create_time", "creation_time", "ts",
                "date", "time", "datum", "booked_at", "posted_at", "recorded_at", "issued_at", "event_at",
                "transaction_date", "transaction_time", "purchased_at", "granted_at", "at"),
    "updated": ("updated_at", "updated", "modified_at", "modified", "last_modified"),
    "user_id": ("user_id", "userid", "account_id", "owner_id", "customer_id", "member_id", "profile_id", "tenant_id",
                "payable_id", "holder_id", "wallet_id", "workspace_id", "organization_id", "org_id", "team_id",
                "subscriber_id", "billable_id", "creditable_id", "accountable_id", "ledgerable_id", "beneficiary_id",
                "recipient_id", "buyer_id", "uid", "user", "account", "customer", "owner", "kunde"),
    "kind": ("type", "kind", "transaction_type", "entry_type", "event_type", "reason", "action", "category", "source",
             "operation", "art", "entry_kind", "transaction_kind", "credit_type", "direction"),
    "credits": ("credits", "credit_amount", "credits_amount", "credits_delta", "credit_delta", "delta", "points",
                "tokens", "credits_change", "change", "units", "quantity", "amount", "value", "balance_change"),
    "amount": ("amount_cents", "amount_total", "amount_paid", "price_cents", "amount_minor", "money_amount",
               "amount_usd", "price", "price_paid", "paid", "total", "cost", "betrag", "amount"),
    "currency": ("currency", "currency_code", "waehrung"),
    "status": ("status", "state", "payment_status"),
}  # fmt: skip
"""Our names, and theirs in the order in which they are looked for."""

LIVE = ("livemode", "live_mode", "is_live", "live")
TEST = ("is_test", "test_mode", "testmode", "test", "sandbox", "is_sandbox")
ENVIRONMENT = ("env", "environment", "mode")
CONFIRMED = ("confirmed", "is_confirmed", "completed", "is_completed", "paid", "is_paid", "settled", "is_settled",
             "processed", "is_processed", "approved", "is_approved", "succeeded")  # fmt: skip
"""Flags that say of a row whether it counts."""

DELETED = ("deleted_at", "deleted", "archived_at")


def folded(name: str) -> str:
    """A name in snake case: `stripePaymentId` and `Stripe payment ID` are one."""
    return "_".join(part.lower() for part in _PARTS.findall(name)) or name.lower()


def ending_like(wanted: Sequence[str], available: Iterable[str]) -> str | None:
    """The column whose name ends with the first of some usual names of several parts, such as `app_user_id`."""
    names = list(available)
    ends = [each for each in wanted if "_" in each]
    return next((name for end in ends for name in names if folded(name).endswith(f"_{end}")), None)


def first_named(wanted: Sequence[str], available: Iterable[str]) -> str | None:
    """The column that has the first of some usual names; of a path into JSON its end counts where no name fits."""
    names = list(available)
    by_name: dict[str, str] = {}
    for name in names:
        by_name.setdefault(folded(name), name)
    for name in names:
        by_name.setdefault(folded(name.rpartition(".")[2]), name)
    return next((by_name[name] for name in wanted if name in by_name), None)
