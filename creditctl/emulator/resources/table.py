"""The tables of the API: every route, every job that can be scheduled, every part that `expand[]` can include."""

from creditctl.emulator.api.expand import Includable
from creditctl.emulator.api.jobs import Jobs
from creditctl.emulator.api.routes import Route
from creditctl.emulator.payments import balances, discount_validity, settlement
from creditctl.emulator.payments import disputes as dispute_states
from creditctl.emulator.payments import refunds as refund_states
from creditctl.emulator.resources import account, radar, search, stripecli, webhook_endpoints
from creditctl.emulator.resources.billing import invoices, tax_ids
from creditctl.emulator.resources.checkout import flow, included_parts, payment_pages, sessions
from creditctl.emulator.resources.core import (
    balance,
    charges,
    customers,
    disputes,
    events,
    payment_methods,
    payouts,
    refunds,
    setup_intents,
    sources,
)
from creditctl.emulator.resources.core.payment_intents import cancellations
from creditctl.emulator.resources.core.payment_intents import endpoints as payment_intents
from creditctl.emulator.resources.products import coupons, prices, products, promotion_codes, tax_rates

ROUTES: tuple[Route, ...] = (
    *account.ROUTES,
    *balance.ROUTES,
    *charges.ROUTES,
    *sessions.ROUTES,
    *coupons.ROUTES,
    *customers.ROUTES,
    *disputes.ROUTES,
    *events.ROUTES,
    *invoices.ROUTES,
    *payment_intents.ROUTES,
    *payment_methods.ROUTES,
    *payment_pages.ROUTES,
    *payouts.ROUTES,
    *prices.ROUTES,
    *products.ROUTES,
    *promotion_codes.ROUTES,
    *radar.ROUTES,
    *refunds.ROUTES,
    *search.ROUTES,
    *setup_intents.ROUTES,
    *sources.ROUTES,
    *stripecli.ROUTES,
    *tax_ids.ROUTES,
    *tax_rates.ROUTES,
    *webhook_endpoints.ROUTES,
)
JOBS: Jobs = {
    "coupon_expires": discount_validity.coupon_expires,
    "delayed_result": flow.delayed_result,
    "dispute_due": dispute_states.due,
    "dispute_outcome": dispute_states.decide,
    "expire_authorization": cancellations.expire_authorization,
    "expire_session": flow.expire_by_time,
    "inquiry_closes": dispute_states.inquiry_closes,
    "payout_arrives": payouts.arrives,
    "payout_leaves": payouts.leaves,
    "promotion_code_expires": discount_validity.code_expires,
    "refund_fails": refund_states.refund_fails,
    "refund_reference": refund_states.reference_arrives,
    "refund_succeeds": refund_states.pending_refund_succeeds,
    "settle_balance": balances.settle,
    "settle_charge": settlement.settle_charge_later,
    "tax_id_verification": tax_ids.verification_ends,
}
"""A scheduled job is kept by its name, in snapshots too: a name that was ever used keeps its meaning."""
INCLUDABLE: Includable = {
    ("charge", "refunds"): charges.refunds,
    ("checkout.session", "line_items"): included_parts.included_items,
    ("checkout.session", "total_details.breakdown"): included_parts.breakdown,
    ("coupon", "applies_to"): coupons.applies_to,
    ("coupon", "currency_options"): coupons.currency_options,
    ("customer", "cash_balance"): customers.cash_balance,
    ("customer", "invoice_credit_balance"): customers.no_invoice_credit,
    ("customer", "default_source"): sources.default_source,
    ("customer", "sources"): sources.included_sources,
    ("customer", "subscriptions"): customers.empty_list("subscriptions"),
    ("customer", "tax"): customers.tax,
    ("customer", "tax_ids"): tax_ids.included_tax_ids,
    ("invoice", "confirmation_secret"): invoices.confirmation_secret,
    ("invoice", "payments"): invoices.payments,
    ("item", "discounts"): included_parts.item_discounts,
    ("item", "taxes"): included_parts.item_part("taxes"),
    ("payment_intent", "amount_details.line_items"): payment_intents.no_amount_lines,
    ("price", "currency_options"): prices.currency_options,
    ("price", "tiers"): prices.tiers,
    ("promotion_code", "restrictions.currency_options"): promotion_codes.restriction_options,
}
"""Source: Stripe API reference, the fields that are marked "Expandable" and hold no id; Stripe docs, "Expanding
responses"; for `invoice_credit_balance` and `line_items.data.discounts` recorded calls of pay and dj-stripe."""
