"""Account endpoints: the caller's own account.

Source: Stripe API reference, "Accounts"; `requirements` and `capabilities` as an activated US account has them.
"""

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.routes import route
from creditctl.emulator.api.updates import NO_ADDRESS
from creditctl.emulator.protocol.errors import invalid
from creditctl.emulator.storage.object_types import Body

_NAME = "creditctl emulator"


def account(context: RequestContext) -> Body:
    """The account of the key."""
    return {
        "id": context.scope.account,
        "object": "account",
        "business_profile": _business_profile(),
        "business_type": None,
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "controller": {"type": "account"},
        "country": "US",
        "created": 1_700_000_000,
        "default_currency": "usd",
        "details_submitted": True,
        "email": "owner@example.com",
        "external_accounts": {
            "object": "list",
            "data": [],
            "has_more": False,
            "url": f"/v1/accounts/{context.scope.account}/external_accounts",
        },
        "future_requirements": _requirements(),
        "metadata": {},
        "payouts_enabled": True,
        "requirements": _requirements(),
        "settings": _settings(),
        "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
        "type": "standard",
    }


def _business_profile() -> Body:
    return {
        "annual_revenue": None,
        "estimated_worker_count": None,
        "mcc": None,
        "minority_owned_business_designation": None,
        "name": _NAME,
        "product_description": None,
        "specified_commercial_transactions_act_url": None,
        "support_address": dict(NO_ADDRESS),
        "support_email": "support@example.com",
        "support_phone": None,
        "support_url": None,
        "url": "https://example.com",
    }


def _requirements() -> Body:
    return {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": [],
        "disabled_reason": None,
        "errors": [],
        "eventually_due": [],
        "past_due": [],
        "pending_verification": [],
    }


def _settings() -> Body:
    return {
        "bacs_debit_payments": {"display_name": None, "service_user_number": None},
        "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
        "card_issuing": {"tos_acceptance": {"date": None, "ip": None}},
        "card_payments": {
            "decline_on": {"avs_failure": False, "cvc_failure": False},
            "statement_descriptor_prefix": None,
            "statement_descriptor_prefix_kana": None,
            "statement_descriptor_prefix_kanji": None,
        },
        "dashboard": {"display_name": _NAME, "timezone": "Etc/UTC"},
        "invoices": {"default_account_tax_ids": None, "hosted_payment_method_save": "offer"},
        "payments": {
            "statement_descriptor": "CREDITS EXAMPLE",
            "statement_descriptor_kana": None,
            "statement_descriptor_kanji": None,
            "statement_descriptor_prefix_kana": None,
            "statement_descriptor_prefix_kanji": None,
        },
        "payouts": {
            "debit_negative_balances": True,
            "schedule": {"delay_days": 2, "interval": "manual"},
            "statement_descriptor": None,
        },
        "sepa_debit_payments": {},
    }


def account_by_id(context: RequestContext) -> Body:
    """The own account by its id; there are no others here."""
    if context.args[0] != context.scope.account:
        raise invalid(
            f"The provided key does not have access to account '{context.args[0]}' (or that account does not exist). "
            "Application access may have been revoked.",
            code="account_invalid",
            status=403,
        )
    return account(context)


ROUTES = (
    route("GET", "/v1/account", account, permission="accounts_kyc_basic"),
    route("GET", "/v1/accounts/{id}", account_by_id, permission="accounts_kyc_basic"),
)
