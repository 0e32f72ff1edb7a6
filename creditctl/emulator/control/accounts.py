"""Controls over an account's keys and the emulator's limits: restricted keys, rate limit, auto-disabling."""

from typing import Any

from creditctl.emulator.control.command import Command, control
from creditctl.emulator.control.params import Names
from creditctl.emulator.protocol.errors import invalid
from creditctl.emulator.protocol.fields import Integer, Text
from creditctl.emulator.protocol.schema import Fields
from creditctl.emulator.resources.table import ROUTES

_KEY: Fields = {"permissions": Names(item=Text()), "key": Text(unset=True), "expires": Integer(unset=True)}
_RATE_LIMIT: Fields = {"requests": Integer(required=True, low=0)}
_AUTO_DISABLE: Fields = {"days": Integer(required=True, low=0)}


def restrict(command: Command) -> Any:
    """Make a restricted key of the account: `permissions` (`rak_product_read`, …), perhaps `expires`."""
    permissions = command.params.get("permissions") or []
    unknown = sorted(set(permissions) - {entry.permission for entry in ROUTES})
    if unknown:
        raise invalid(f"Unknown permission: {unknown[0]}", param="permissions")
    scope = command.scope()
    mode = "live" if scope.livemode else "test"
    key = command.params.get("key") or f"rk_{mode}_emulator{command.services.ids.token(16)}"
    if not key.startswith(f"rk_{mode}_"):
        raise invalid(f"A restricted key of this mode starts with rk_{mode}_.", param="key")
    expires = command.params.get("expires")
    command.emulator.accounts.restrict(scope, key, permissions, expires)
    return {"key": key, "account": scope.account, "permissions": permissions, "expires": expires}


def keys(command: Command) -> Any:
    """The restricted keys of the account, masked, and every permission there is."""
    held = command.emulator.accounts.restricted(command.scope())
    return {"object": "list", "data": held, "permissions": sorted({entry.permission for entry in ROUTES})}


def rate_limit(command: Command) -> Any:
    """Allow `requests` a second and answer 429 beyond; 0 switches the limit off."""
    most = command.params["requests"]
    command.services.options.rate_limit = most or None
    return {"requests": most}


def auto_disable(command: Command) -> Any:
    """Switch endpoints off after `days` of nothing but failures; 0 never does."""
    days = command.params["days"]
    command.services.options.disable_after_days = days or None
    return {"days": days}


CONTROLS = (
    control("GET", "keys", keys),
    control("POST", "keys", restrict, _KEY),
    control("POST", "rate_limit", rate_limit, _RATE_LIMIT),
    control("POST", "auto_disable", auto_disable, _AUTO_DISABLE),
)
