"""Common paths of credit backends, tried where no document tells: those of guides, templates and frameworks."""

from __future__ import annotations

NO_SUCH_PATH = "/creditctl-simulate/no-such-path"
"""A path that no backend has: what answers there answers anywhere."""

_WEBHOOKS = ("webhook", "webhooks", "stripe/webhook", "stripe/webhooks", "webhook/stripe", "webhooks/stripe")

COMMON_PATHS: dict[str, tuple[str, ...]] = {
    "webhook": (
        "/api/credits/webhook",
        *(f"{base}/{path}" for base in ("", "/api") for path in _WEBHOOKS),
        "/stripe-webhook", "/stripe_webhook", "/api/stripe-webhook", "/credits/webhook", "/billing/webhook",
        "/api/billing/webhook", "/payments/webhook", "/api/payments/webhook", "/api/v1/webhooks/stripe",
        "/stripe/events", "/api/stripe/events", "/stripe-events", "/api/stripe-events", "/stripe", "/api/stripe",
        "/hooks/stripe", "/api/hooks/stripe", "/pay/webhook", "/payment/webhook", "/webhook/", "/stripe/webhook/",
        "/webhooks/stripe/", "/pay/webhook/", "/payments/webhook/", "/billing/webhook/",
    ),
    "purchase": (
        "/api/credits/purchase", "/api/credits/buy", "/api/credits/checkout", "/credits/purchase", "/credits/buy",
        "/credits/checkout", "/api/checkout", "/checkout", "/create-checkout-session", "/api/create-checkout-session",
        "/api/stripe/checkout", "/api/stripe/create-checkout-session", "/api/billing/checkout", "/billing/checkout",
        "/api/payments/checkout", "/payments/checkout", "/api/checkout/session", "/api/checkout/sessions",
        "/api/purchase", "/purchase", "/api/buy", "/buy", "/api/topup", "/topup", "/api/v1/checkout",
        "/api/payments/create",
    ),
    "balance": (
        "/api/credits/balance?user_id={user}", "/api/credits?user_id={user}", "/credits?user_id={user}",
        "/api/balance?user_id={user}", "/balance?user_id={user}", "/credits/balance?user_id={user}",
        "/api/credits/{user}", "/api/users/{user}/credits", "/api/users/{user}/balance", "/users/{user}/credits",
        "/users/{user}/balance", "/credits/{user}", "/balance/{user}", "/api/balance/{user}", "/api/wallet", "/wallet",
        "/api/me", "/me", "/api/user", "/api/account", "/account",
        "/me/credits", "/api/me/credits", "/credits", "/balance", "/profile", "/api/v1/credits", "/api/users/{user}",
        "/users/{user}",
    ),
    "session": (
        "/api/credits/session/{session}", "/api/checkout/session/{session}", "/api/checkout/sessions/{session}",
        "/api/session/{session}", "/checkout/session/{session}", "/success?session_id={session}",
        "/checkout/success?session_id={session}", "/api/checkout/success?session_id={session}",
    ),
    "spend": (
        "/api/credits/spend", "/api/credits/use", "/api/credits/consume", "/api/credits/deduct", "/credits/spend",
        "/credits/use", "/credits/consume", "/spend", "/api/spend", "/consume", "/api/usage",
    ),
}  # fmt: skip
"""By role; the guide's own first. Those with a user in the query are also answered where the header says who it is."""
