"""Table of recipes: which columns, kinds and statuses the usual stacks write. A name with `?` may be absent."""

from __future__ import annotations

from creditctl.core.project_file.source import (
    AmountUnit,
    OtherRows,
    SourceBalance,
    SourceRule,
    SourceSection,
    SourceUsers,
    UserForm,
)
from creditctl.sources.recipes.recipe import SourceRecipe
from creditctl.sources.recipes.words import USUAL_KINDS, USUAL_STATUSES

_CAMEL = {
    "id": ("id",),
    "created": ("createdAt",),
    "user_id": ("userId",),
    "kind": ("type?", "kind?", "transactionType?"),
    "credits": ("credits?", "creditAmount?", "creditsDelta?", "delta?", "amount?"),
    "amount": ("amountCents?", "amountTotal?", "priceCents?", "amountPaid?", "price?", "amount?"),
    "currency": ("currency?",),
    "payment_key": (
        "stripePaymentIntentId?", "paymentIntentId?", "stripePaymentId?", "stripePaymentIntent?", "stripeSessionId?",
        "stripeCheckoutSessionId?", "checkoutSessionId?", "sessionId?", "stripeChargeId?", "stripeId?", "paymentId?",
        "stripeRefundId?", "externalId?", "referenceId?",
    ),
    "livemode": ("livemode?", "liveMode?", "isLive?"),
    "status": ("status?",),
}  # fmt: skip
_SNAKE = {
    "id": ("id",),
    "created": ("created_at?", "created?", "inserted_at?", "createdAt?"),
    "user_id": ("user_id?", "account_id?", "owner_id?", "customer_id?"),
    "kind": ("type?", "kind?", "transaction_type?"),
    "credits": ("credits?", "credit_amount?", "credits_delta?", "delta?", "points?", "amount?"),
    "amount": ("amount_cents?", "amount_total?", "price_cents?", "amount_paid?", "price?", "amount?"),
    "currency": ("currency?",),
    "payment_key": (
        "stripe_payment_intent_id?", "payment_intent_id?", "stripe_payment_intent?", "payment_intent?",
        "stripe_payment_id?", "stripe_session_id?", "stripe_checkout_session_id?", "checkout_session_id?",
        "session_id?", "stripe_charge_id?", "stripe_id?", "payment_id?", "stripe_refund_id?", "external_id?",
        "reference_id?", "reference?",
    ),
    "livemode": ("livemode?", "is_live?"),
    "status": ("status?",),
}  # fmt: skip
_SNAKE_SECTION = SourceSection(
    table="credit_transactions",
    columns=_SNAKE,
    kind=USUAL_KINDS,
    status=USUAL_STATUSES,
)
_DJANGO_QUERY = """
select t.id, t.created_at, t.user_id, t.kind, t.credits, p.amount_cents, p.currency, p.stripe_payment_intent_id,
p.stripe_session_id
from billing_credittransaction t left join billing_payment p on p.id = t.payment_id
"""
_EXPORT_KINDS = (
    SourceRule("Status in ('Paid', 'Refunded', 'Partial Refund', 'Partially refunded', 'succeeded')", "purchase"),
)

_ALL = (
    SourceRecipe(
        "prisma",
        "Prisma: a model CreditTransaction, its columns in camel case as they stand in the schema.",
        SourceSection(table="CreditTransaction", columns=_CAMEL, kind=USUAL_KINDS, status=USUAL_STATUSES),
        "_prisma_migrations",
    ),
    SourceRecipe("drizzle", "Drizzle: a table credit_transactions in snake case.", _SNAKE_SECTION,
        "drizzle.__drizzle_migrations"),
    SourceRecipe("supabase", "Supabase: public.credit_transactions, its users the UUIDs of auth.users.",
        SourceSection(
            table="public.credit_transactions",
            columns={**_SNAKE, "payment_key": (*_SNAKE["payment_key"], "metadata.stripe_payment_intent_id?",
                "metadata.payment_intent?", "metadata.session_id?")},
            users=SourceUsers(form=UserForm.UUID),
            kind=USUAL_KINDS,
            status=USUAL_STATUSES,
        ),
        "auth.users",
    ),
    SourceRecipe(
        "django",
        "Django: an app `billing` with CreditTransaction and Payment, two tables that a query joins.",
        SourceSection(
            query=_DJANGO_QUERY.strip(),
            columns=_SNAKE,
            kind=USUAL_KINDS,
            status=USUAL_STATUSES,
        ),
        "django_migrations",
    ),
    SourceRecipe(
        "laravel",
        "Laravel: a table credit_transactions with its timestamps, what Stripe says in a JSON column `meta`.",
        SourceSection(
            table="credit_transactions",
            columns={**_SNAKE, "payment_key": (*_SNAKE["payment_key"], "meta.payment_intent?", "meta.session_id?",
                "meta.charge_id?")},
            kind=USUAL_KINDS,
            status=USUAL_STATUSES,
        ),
        "migrations.batch",
    ),
    SourceRecipe("sqlalchemy", "SQLAlchemy: a model CreditTransaction, table credit_transactions in snake case.",
        _SNAKE_SECTION, "alembic_version"),
    SourceRecipe(
        "gringotts-api",
        "gringotts-api (PyPI) as it is: credit_transactions, and the balance that it keeps in users.",
        SourceSection(
            table="credit_transactions",
            columns={
                "id": ("id",),
                "created": ("created_at",),
                "user_id": ("user_id",),
                "kind": ("kind",),
                "credits": ("amount",),
                "amount": ("amount_cents",),
                "currency": ("currency?",),
                "payment_key": ("payment_intent_id?", "external_id"),
            },
            kind={
                "purchase": "purchase", "charge": "usage", "refund": "adjustment", "grant": "adjustment",
                "clawback": "refund", "reinstate": "dispute_reversal",
            },
            rules=(SourceRule("kind = 'clawback' and endpoint = 'stripe:dispute'", "dispute"),),
            balance=SourceBalance("users", "id", "credits"),
        ),
    ),
    SourceRecipe(
        "stripe-payments",
        "The Payments export of Stripe's Dashboard (all columns): user and credits from the metadata of a payment.",
        SourceSection(
            columns={
                "id": ("id",),
                "created": ("Created date (UTC)?", "Created (UTC)?"),
                "user_id": ("user_id (metadata)",),
                "credits": ("credits (metadata)",),
                "amount": ("Amount",),
                "currency": ("Currency",),
                "payment_key": ("PaymentIntent ID?", "id"),
                "livemode": ("Mode?",),
            },
            amounts=AmountUnit.MAJOR,
            rules=_EXPORT_KINDS,
            other=OtherRows.IGNORE,
        ),
    ),
    SourceRecipe(
        "stripe-balance",
        "The itemized Balance report of Stripe: charges, refunds and disputes with the metadata of their payment.",
        SourceSection(
            columns={
                "id": ("balance_transaction_id",),
                "created": ("created_utc?", "created?"),
                "user_id": ("payment_metadata[user_id]",),
                "credits": ("payment_metadata[credits]",),
                "amount": ("customer_facing_amount?", "gross?"),
                "currency": ("customer_facing_currency?", "currency?"),
                "payment_key": ("payment_intent_id?", "charge_id?", "source_id"),
            },
            amounts=AmountUnit.MAJOR,
            rules=(SourceRule("reporting_category in ('charge', 'payment')", "purchase"),),
            other=OtherRows.IGNORE,
        ),
    ),
)  # fmt: skip

RECIPES = {recipe.name: recipe for recipe in _ALL}
"""Every recipe by its name."""
