"""Secrets and Stripe keys: text that is never printed, key kinds by prefix, redaction."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn

from creditctl.core.errors import ConfigurationError, GuardRefused
from creditctl.core.modes import Mode

_PREFIX = re.compile(r"\A((?:sk|rk|rkcs|pk|ek)_(?:test|live)_|sk_org_|whsec_|oak_)?")
_BODY = re.compile(r"[A-Za-z0-9_]+\Z")
_MIN_BODY_CHARACTERS = 4
_SHOWN_CHARACTERS = 4

EXAMPLE_KEY = "sk_test_emulator0000000000"
"""The emulator takes any key of this shape; this one is for whoever has none, and opens nothing anywhere else."""

SECRET_PATTERN = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:sk|rk|rkcs|ek)_(?:test|live|org)(?!_?emulator\b)_?[A-Za-z0-9_]{4,}"
    r"|oak_[A-Za-z0-9_]{4,}"
    r"|whsec_[A-Za-z0-9+/=_]{4,}"
    r"|(?:pi|seti|cs)_\w+_secret_\w+)"
)
"""What a secret looks like in free text; publishable keys are none, nor is what an emulator's keys begin with."""


class Secret:
    """Secret text that never shows itself: its `repr` gives the prefix and the last four characters."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself, for the one place that has to send or store it."""
        return self._value

    @property
    def fingerprint(self) -> str:
        """The first 8 hex digits of its SHA-256: tells two secrets apart without showing either."""
        return hashlib.sha256(self._value.encode()).hexdigest()[:8]

    def __repr__(self) -> str:
        match = _PREFIX.match(self._value)
        prefix = match.group(0) if match else ""
        body = self._value[len(prefix) :]
        tail = body[-_SHOWN_CHARACTERS:] if len(body) >= 3 * _SHOWN_CHARACTERS else ""
        return f"{prefix}…{tail}"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")


def redact(text: str) -> str:
    """Redacts a text: everything that looks like a secret is cut down to prefix and last four."""
    return SECRET_PATTERN.sub(lambda match: repr(Secret(match.group(0))), text)


class KeyKind(StrEnum):
    """Kind of a Stripe key. Source: Stripe documentation, "API keys"."""

    SECRET = "secret"  # noqa: S105 - a kind of key, not a key
    RESTRICTED = "restricted"
    PUBLISHABLE = "publishable"


_KINDS = {
    "sk": KeyKind.SECRET,
    "rk": KeyKind.RESTRICTED,
    "rkcs": KeyKind.RESTRICTED,
    "pk": KeyKind.PUBLISHABLE,
}


@dataclass(frozen=True, slots=True)
class ApiKey:
    """Stripe API key, by its shape; whether it works only Stripe can say.

    Shape: `mode` is test or live by its prefix, never emulator.
    """

    secret: Secret
    kind: KeyKind
    mode: Mode

    @property
    def livemode(self) -> bool:
        """Stripe's word for "real money"."""
        return self.mode is Mode.LIVE

    @property
    def is_for_emulators(self) -> bool:
        """Whether its body begins with `emulator`, which no key of Stripe's does: it opens nothing but an emulator."""
        return self.secret.reveal().split("_", 2)[2].startswith("emulator")


def require_rehearsal_key(key: ApiKey, url: str) -> None:
    """Key guard: an emulator on this machine gets no live key that might open a real account. Errors: GuardRefused."""
    if not key.livemode or key.is_for_emulators:
        return
    raise GuardRefused(
        f"The key is a live key and {url} is an emulator's place: the key might be a real one, and was not sent.",
        code="guard.live_key_local",
        fix="Unset STRIPE_API_BASE for live mode. To rehearse it: `creditctl emulator --livemode`, and a key that "
        "begins with `sk_live_emulator`.",
    )


def require_emulator_key(key: ApiKey, url: str) -> None:
    """Key guard: another machine gets no key that might open a real account. Errors: GuardRefused."""
    if key.is_for_emulators:
        return
    raise GuardRefused(
        f"{url} is another machine, and the key might be a real one: it was not sent.",
        code="guard.emulator_key",
        fix=f"Use a key whose part after sk_test_ or sk_live_ begins with `emulator`, such as {EXAMPLE_KEY}.",
    )


def parse_api_key(text: str, *, name: str = "STRIPE_SECRET_KEY") -> ApiKey:
    """Parses a Stripe key, judged by its prefix and its characters only.

    Errors: ConfigurationError naming what it looks like instead, never the text.
    Source: Stripe documentation, "API keys"; `rkcs_test_` is what the Stripe CLI makes for a sandbox.
    """
    match = re.match(r"(sk|rk|rkcs|pk)_(test|live)_", text)
    if match is None:
        raise _malformed(name, _looks_like(text))
    body = text[match.end() :]
    if not _BODY.match(body) or len(body) < _MIN_BODY_CHARACTERS:
        raise _malformed(name, "a key with characters that no Stripe key has, or a placeholder")
    return ApiKey(Secret(text), _KINDS[match.group(1)], Mode(match.group(2)))


def parse_server_key(text: str, *, name: str = "STRIPE_SECRET_KEY") -> ApiKey:
    """Parses a key that may stand on a server: secret or restricted.

    Errors: ConfigurationError if it is malformed or publishable.
    """
    key = parse_api_key(text, name=name)
    if key.kind is KeyKind.PUBLISHABLE:
        raise _malformed(name, "a publishable key (pk_…), which belongs in the browser")
    return key


def is_server_key(text: str) -> bool:
    """Whether a text is a key that may stand on a server, rather than a placeholder."""
    try:
        parse_server_key(text)
    except ConfigurationError:
        return False
    return True


def parse_webhook_secrets(text: str, *, name: str = "STRIPE_WEBHOOK_SECRET") -> tuple[Secret, ...]:
    """Parses webhook signing secrets, newest first; several are separated by commas during a rotation.

    Errors: ConfigurationError if one of them does not start with whsec_ or has characters that do not belong.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    for part in parts:
        if not re.fullmatch(r"whsec_[A-Za-z0-9+/=_]{4,}", part):
            raise ConfigurationError(
                f"{name} does not look like a webhook signing secret (whsec_…).",
                code="env.webhook_secret",
                fix="Copy the endpoint's signing secret, or let `creditctl setup` write it.",
            )
    return tuple(Secret(part) for part in parts)


def _looks_like(text: str) -> str:
    if not text.strip():
        return "empty"
    if text.startswith("whsec_"):
        return "a webhook signing secret (whsec_…)"
    if text.startswith("sk_org_"):
        return "an organisation key (sk_org_…), which creditctl does not support"
    return "no Stripe secret key (sk_test_…, sk_live_…, rk_…)"


def _malformed(name: str, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"{name} is {what}.",
        code="env.secret_key",
        fix="Copy the secret key from the Stripe Dashboard (Developers, API keys) into .env, "
        "or run `creditctl demo`, which needs none.",
    )
