"""Stripe connection: the official SDK's client with our retries, account and live guards, and audit log under it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self

import stripe

from creditctl.core.errors import GuardRefused
from creditctl.core.keys import KeyKind, require_emulator_key, require_rehearsal_key
from creditctl.core.modes import Mode, is_loopback_url
from creditctl.core.settings import Settings
from creditctl.stripe_api.audit import AuditLog
from creditctl.stripe_api.permissions import needs
from creditctl.stripe_api.retry import RetryPolicy
from creditctl.stripe_api.transport import RetryingTransport, real_transport

if TYPE_CHECKING:
    from stripe._base_address import BaseAddresses

EMULATOR_PATH = "/_emulator"
"""Where creditctl's emulator says who it is: a JSON object with `"emulator": "creditctl"`."""


class StripeConnection:
    """One account of Stripe, test or live, or the emulator.

    Shape:  `client` is the SDK's own StripeClient; the first use of it checks the pinned account, if one is set.
            `deployment` is the one on whose behalf it is asked: what others made there is not ours. `restricted` says
            that the key may not do everything.
    Errors: GuardRefused where the key belongs to another account than STRIPE_ACCOUNT_ID.
    """

    def __init__(
        self,
        client: stripe.StripeClient,
        transport: RetryingTransport,
        *,
        mode: Mode,
        livemode: bool,
        pinned_account: str | None,
        audit: AuditLog | None,
        deployment: str | None = None,
        restricted: bool = False,
    ) -> None:
        self._client = client
        self.transport = transport
        self.mode = mode
        self.livemode = livemode
        self.audit = audit
        self.deployment = deployment
        self.restricted = restricted
        self._pinned_account = pinned_account

    @cached_property
    def client(self) -> stripe.StripeClient:
        """The SDK's client, `connection.client.v1.…`, once the account is known to be the pinned one."""
        if self._pinned_account is not None and self.required_account_id != self._pinned_account:
            raise GuardRefused(
                f"The key belongs to account {self.account_id}, but STRIPE_ACCOUNT_ID says {self._pinned_account}.",
                code="guard.account",
                fix="Use a key of the pinned account, or correct STRIPE_ACCOUNT_ID.",
            )
        return self._client

    @property
    def silent_client(self) -> stripe.StripeClient:
        """The SDK's client for whoever sends nothing through it: nothing is asked about its account."""
        return self._client

    @cached_property
    def account(self) -> stripe.Account:
        """The account that the key belongs to.

        Errors: stripe.PermissionError where a restricted key may not read it.
        Source: Stripe API reference, "Retrieve account": without an id it is the key's own.
        """
        return self._client.v1.accounts.retrieve_current()

    @property
    def account_id(self) -> str:
        """The account's id, `acct_…`; read from Stripe at the first use."""
        return str(self.account.id)

    @property
    def required_account_id(self) -> str:
        """The account's id, where nothing goes on without it.

        Errors: ConfigurationError naming the permission that a restricted key lacks.
        """
        with needs("read the account, which has to be known here", "rak_accounts_kyc_basic_read"):
            return self.account_id

    def allow_live_writes(self) -> None:
        """Opens the lock on live writes; only a guard that was satisfied calls this."""
        self.transport.writes_locked = False

    def ahead_seconds(self) -> int:
        """How far Stripe's clock is ahead of this machine's, by its latest answer; 0 where it is not."""
        return self.transport.ahead_seconds

    @property
    def request_count(self) -> int:
        """How many requests went out, retries included."""
        return self.transport.request_count

    def close(self) -> None:
        """Closes connections and files."""
        self.transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def connect(
    settings: Settings,
    *,
    sleep: Callable[[float], None],
    chance: Callable[[], float],
    transport: stripe.HTTPClient | None = None,
    audit: AuditLog | None = None,
    policy: RetryPolicy | None = None,
    clock: Callable[[], int] | None = None,
) -> StripeConnection:
    """Connects with the key and base in the settings; nothing is sent yet, except to prove an emulator (below).

    Shape:  `transport` None means real HTTP; `chance` gives numbers from 0 to 1 for the jitter; with
            `clock` is known how far Stripe's is ahead.
    Errors: ConfigurationError on a bad key or base; GuardRefused where an emulator has to prove itself and does not.
    """
    key, mode, base = settings.api_key, settings.mode, settings.api_base
    local = is_loopback_url(base) or settings.emulator_is_elsewhere
    policy = policy or RetryPolicy()
    inner = transport or real_transport(proxied=not local, answer_seconds=policy.answer_seconds)
    _prove_emulator(inner, settings)
    patient = RetryingTransport(
        inner,
        sleep=sleep,
        chance=chance,
        policy=policy,
        audit=audit,
        writes_locked=mode is Mode.LIVE,
        clock=clock,
    )
    return StripeConnection(
        _sdk_client(settings, patient, base if local else None),
        patient,
        mode=mode,
        livemode=key.livemode,
        pinned_account=settings.account_id,
        audit=audit,
        deployment=settings.deployment.name,
        restricted=key.kind is KeyKind.RESTRICTED,
    )


def _sdk_client(settings: Settings, transport: RetryingTransport, base: str | None) -> stripe.StripeClient:
    """The SDK's client; `base` is another server than Stripe's own."""
    # The SDK knows no other switch: without it every request writes a telemetry id into the user's home.
    stripe.enable_telemetry = False
    return stripe.StripeClient(
        settings.api_key.secret.reveal(),
        base_addresses=None if base is None else _addresses(base),
        max_network_retries=0,
        http_client=transport,
    )


def _addresses(base: str) -> BaseAddresses:
    """All four addresses, so that no kind of call can go anywhere else when the base is an emulator."""
    return {"api": base, "connect": base, "files": base, "meter_events": base}


def _prove_emulator(transport: stripe.HTTPClient, settings: Settings) -> None:
    """Proves what a key may be sent to: another machine gets none that might open a real account."""
    key, base = settings.api_key, settings.api_base
    if settings.emulator_is_elsewhere:
        require_emulator_key(key, base)
        _require_emulator(transport, base, foreign=True)
    elif key.livemode and is_loopback_url(base):
        require_rehearsal_key(key, base)
        _require_emulator(transport, base, foreign=False)


def _require_emulator(transport: stripe.HTTPClient, base: str, *, foreign: bool) -> None:
    """Proves that creditctl's emulator listens at the base; no key is sent for that."""
    try:
        body, status, _ = transport.request("get", base + EMULATOR_PATH, {}, None)
        answer = json.loads(body) if status == 200 else None
    except (stripe.APIConnectionError, ValueError):
        answer = None
    if isinstance(answer, dict) and answer.get("emulator") == "creditctl":
        return
    if foreign:
        raise GuardRefused(
            f"What listens at {base} did not answer as creditctl's emulator: no key was sent to it.",
            code="guard.not_the_emulator",
            fix="Start `creditctl emulator --host 0.0.0.0 --allow-host NAME` there, or unset STRIPE_API_BASE.",
        )
    raise GuardRefused(
        f"STRIPE_SECRET_KEY is a live key, and what listens at {base} did not answer as creditctl's emulator.",
        code="guard.live_key_local",
        fix="Use a test key (sk_test_…) for local work, start `creditctl emulator` there, or unset STRIPE_API_BASE.",
    )
