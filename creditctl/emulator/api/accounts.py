"""API keys: from the key of a request to its account in one mode, and what a restricted key may do.

Source: Stripe docs, "API keys". Keys with an equal body share an account (our rule: Stripe's keys name no account).
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping

import msgspec

from creditctl.emulator.api.context import EmulatorOptions
from creditctl.emulator.protocol.errors import NO_KEY, PUBLISHABLE_KEY, StripeError, invalid, masked, unauthorized
from creditctl.emulator.storage.account_scope import AccountScope
from creditctl.emulator.storage.ids import account_id
from creditctl.emulator.storage.store import Store, decode, encode

_KEY = re.compile(r"(sk|rk|rkcs|pk)_(test|live)_([A-Za-z0-9_]+)\Z")
SHORTEST_KEY = 12


class Caller(msgspec.Struct, frozen=True):
    """Whose key it is, and what a restricted key may do (None = everything)."""

    scope: AccountScope
    hint: str
    permissions: frozenset[str] | None = None
    expires: int | None = None


class Accounts:
    """The accounts that keys have opened so far."""

    def __init__(self, store: Store, options: EmulatorOptions) -> None:
        self._store = store
        self._options = options
        self._callers: dict[str, Caller] = {}
        self._scopes: dict[int, AccountScope] = {}

    def caller(self, headers: Mapping[str, str], now: int) -> Caller:
        """The caller behind an Authorization header; refuses with 401."""
        header = headers.get("authorization", "")
        caller = self._callers.get(header) or self._open(header)
        if caller.expires is not None and caller.expires <= now:
            raise unauthorized(f"Expired API Key provided: {caller.hint}", "api_key_expired")
        return caller

    def _open(self, header: str) -> Caller:
        key = _key_in(header)
        match = _KEY.match(key)
        if match is None or len(key) < SHORTEST_KEY:
            raise unauthorized(f"Invalid API Key provided: {masked(key)}")
        kind, mode, body = match.groups()
        if kind == "pk":
            raise unauthorized(PUBLISHABLE_KEY, "secret_key_required")
        livemode = mode == "live"
        if livemode and not self._options.livemode:
            raise unauthorized(f"Invalid API Key provided: {masked(key)} (this emulator was not started for live mode)")
        # A key that was not restricted may do everything; its body alone decides the account.
        caller = self._registered(key) or Caller(self.scope(account_id(body), livemode), masked(key))
        self._callers[header] = caller
        return caller

    def scope(self, account: str, livemode: bool) -> AccountScope:
        """The scope of an account in a mode, made on first use."""
        self._store.tables.execute(
            "INSERT OR IGNORE INTO scopes (account, livemode) VALUES (?, ?)", (account, int(livemode))
        )
        row = self._store.tables.execute(
            "SELECT scope FROM scopes WHERE account = ? AND livemode = ?", (account, int(livemode))
        ).fetchone()
        return self.by_id(row[0])

    def by_id(self, scope_id: int) -> AccountScope:
        """A scope by its number."""
        if scope_id not in self._scopes:
            account, livemode = self._store.tables.execute(
                "SELECT account, livemode FROM scopes WHERE scope = ?", (scope_id,)
            ).fetchone()
            self._scopes[scope_id] = AccountScope(scope_id, account, bool(livemode))
        return self._scopes[scope_id]

    def all(self) -> list[AccountScope]:
        """Every scope there is."""
        return [self.by_id(row[0]) for row in self._store.tables.execute("SELECT scope FROM scopes ORDER BY scope")]

    def restrict(self, scope: AccountScope, key: str, permissions: list[str], expires: int | None) -> None:
        """Register a restricted key of an account."""
        self._store.tables.execute(
            "INSERT OR REPLACE INTO keys (digest, scope, hint, permissions, expires) VALUES (?, ?, ?, ?, ?)",
            (_digest(key), scope.id, masked(key), encode(permissions), expires),
        )
        self.forget()

    def restricted(self, scope: AccountScope) -> list[dict[str, object]]:
        """The restricted keys of an account, as hints."""
        rows = self._store.tables.execute("SELECT hint, permissions, expires FROM keys WHERE scope = ?", (scope.id,))
        return [{"key": hint, "permissions": decode(names), "expires": expires} for hint, names, expires in rows]

    def forget(self) -> None:
        """Drop what is remembered outside the database."""
        self._callers.clear()
        self._scopes.clear()

    def _registered(self, key: str) -> Caller | None:
        row = self._store.tables.execute(
            "SELECT scope, hint, permissions, expires FROM keys WHERE digest = ?", (_digest(key),)
        ).fetchone()
        if row is None:
            return None
        return Caller(self.by_id(row[0]), row[1], frozenset(decode(row[2])), row[3])


def check_permission(caller: Caller, permission: str) -> None:
    """Refuse what a restricted key may not do; write includes read."""
    allowed = caller.permissions
    if allowed is None or permission in allowed:
        return
    if permission.endswith("_read") and permission[:-5] + "_write" in allowed:
        return
    raise forbidden(caller, permission)


def forbidden(caller: Caller, permission: str) -> StripeError:
    """The 403 that names the permission. Source: Stripe error messages quoted in public code."""
    return invalid(
        f"The provided key '{caller.hint}' does not have the required permissions for this endpoint on account "
        f"'{caller.scope.account}'. Having the '{permission}' permission would allow this request to continue.",
        code="more_permissions_required",
        status=403,
        executed=False,
    )


def _key_in(header: str) -> str:
    scheme, _, value = header.partition(" ")
    value = value.strip()
    if scheme.lower() == "basic":
        try:
            value = base64.b64decode(value, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            value = ""
    elif scheme.lower() != "bearer":
        value = ""
    if not value:
        raise unauthorized(NO_KEY)
    return value


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
