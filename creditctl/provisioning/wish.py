"""What the settings say about the webhook endpoint: where it should be, and which secrets we hold."""

from __future__ import annotations

from urllib.parse import urlsplit

from creditctl.core.errors import ConfigurationError
from creditctl.core.keys import Secret
from creditctl.core.modes import Mode
from creditctl.core.settings import WEBHOOK_PATH, Settings
from creditctl.provisioning.secret_sinks import SETTING
from creditctl.provisioning.state import EndpointWish


def endpoint_wish(settings: Settings, *, api_version: str, trust_fingerprint: bool = False) -> EndpointWish | None:
    """The endpoint that the settings ask for, or None where only the catalogue can be set up.

    Shape:  test mode with an absent or local CREDITS_API_URL has none; the emulator accepts local URLs.
    Errors: ConfigurationError where live mode has no public https URL, or the URL is none.
    """
    url = settings.webhook_url
    if settings.mode is Mode.LIVE:
        _require_public(url, settings)
    if url is None or (settings.mode is Mode.TEST and settings.webhook_url_is_local):
        return None
    _require_http(url)
    held = tuple(secret.fingerprint for secret in held_secrets(settings))
    return EndpointWish(url, api_version, held, trust_fingerprint=trust_fingerprint)


def held_secrets(settings: Settings) -> tuple[Secret, ...]:
    """The signing secrets in the settings; a placeholder counts as none, for set-up is about to write a real one."""
    try:
        return settings.webhook_secrets
    except ConfigurationError:
        return ()


def _require_public(url: str | None, settings: Settings) -> None:
    if url is not None and url.startswith("https://") and not settings.webhook_url_is_local:
        return
    said = "not set" if url is None else "local" if settings.webhook_url_is_local else "not an https URL"
    raise ConfigurationError(
        f"CREDITS_API_URL is {said}; a live account delivers webhooks to a public https URL only.",
        code="setup.public_url",
        fix="Set CREDITS_API_URL to the backend's public URL, such as https://api.example.com.",
    )


def _require_http(url: str) -> None:
    parts = urlsplit(url)
    doubled = parts.path.count(WEBHOOK_PATH) > 1
    if parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc and not doubled:
        return
    raise ConfigurationError(
        "CREDITS_API_URL is not a URL that webhooks can be delivered to.",
        code="setup.api_url",
        fix="Write it as https://api.example.com, without user name, password or path to the webhook.",
    )


def require_secret_will_win(settings: Settings) -> None:
    """Refuses when the process environment holds a signing secret, which would win over the one about to be written.

    Errors: ConfigurationError.
    """
    if SETTING in settings.from_process and settings.text(SETTING):
        raise ConfigurationError(
            f"A new endpoint's secret would go into {settings.env_file}, but the process environment holds another "
            f"{SETTING}, which would win.",
            code="setup.secret_overridden",
            fix=f"Unset {SETTING} in the environment, or use --secret-command, then run it again.",
        )
