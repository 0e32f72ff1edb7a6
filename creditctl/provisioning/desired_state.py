"""Desired state of the webhook endpoint from the settings: its URL, and the signing secrets that we hold."""

from __future__ import annotations

from creditctl.core.errors import ConfigurationError
from creditctl.core.keys import Secret
from creditctl.core.modes import Mode
from creditctl.core.settings import Settings
from creditctl.core.urls import fault_of, is_private_host, split_url
from creditctl.provisioning.secret_sinks import SETTING
from creditctl.provisioning.state import DesiredEndpoint


def desired_endpoint(
    settings: Settings, *, api_version: str, trust_fingerprint: bool = False
) -> DesiredEndpoint | None:
    """Desired endpoint of the settings, or None where only the catalogue can be set up.

    Shape:  test mode with an absent or local CREDITS_API_URL has none; the emulator accepts local URLs.
            So does a rehearsal of live mode.
            `trust_fingerprint` says that a command holds the secrets, as creditctl.toml may.
    Errors: ConfigurationError where live mode has no public https URL, or nothing could be delivered to the URL.
    """
    url = settings.webhook_url
    if settings.mode is Mode.LIVE and (url is None or not settings.rehearses_live):
        _require_public(url)
    if url is None or (settings.mode is Mode.TEST and settings.webhook_url_is_local):
        return None
    _require_usable(url, settings.webhook_path)
    held = tuple(secret.fingerprint for secret in held_secrets(settings))
    trusts = trust_fingerprint or settings.project.webhook.secret_is_elsewhere
    return DesiredEndpoint(url, api_version, held, trust_fingerprint=trusts, deployment=settings.deployment.name)


def held_secrets(settings: Settings) -> tuple[Secret, ...]:
    """Signing secrets in the settings; a placeholder counts as none: set-up is about to write a real one."""
    try:
        return settings.webhook_secrets
    except ConfigurationError:
        return ()


def _require_public(url: str | None) -> None:
    parts = None if url is None else split_url(url)
    if parts is not None and parts.scheme == "https" and not is_private_host(parts.hostname or ""):
        return
    said = "not set" if url is None else "local" if parts and is_private_host(parts.hostname or "") else "not https"
    raise ConfigurationError(
        f"CREDITS_API_URL is {said}; a live account delivers webhooks to a public https URL only.",
        code="setup.public_url",
        fix="Set CREDITS_API_URL to the backend's public URL, such as https://api.example.com.",
    )


def _require_usable(url: str, path: str) -> None:
    parts = split_url(url)
    fault = "it is no URL" if parts is None else fault_of(parts)
    if path != "/" and url.removesuffix(path).rstrip("/").endswith(path.rstrip("/")):
        fault = f"it already ends in {path.rstrip('/')}, and {path} is added to it"
    if fault:
        raise ConfigurationError(
            f"CREDITS_API_URL is not usable: {fault}.",
            code="setup.api_url",
            fix="Write it as https://api.example.com: scheme, host, perhaps a port.",
        )


def require_secret_will_arrive(settings: Settings) -> None:
    """Refuses where a new signing secret would not arrive at the backend, and no command takes it.

    Shape:  the process environment sets one, be it empty, which would win over what is written; or the secrets are
            elsewhere, as creditctl.toml says.
    Errors: ConfigurationError.
    """
    if settings.project.webhook.secret_is_elsewhere:
        raise ConfigurationError(
            "creditctl.toml says that the signing secret is kept elsewhere, and nothing takes a new one there.",
            code="setup.secret_nowhere",
            fix="Name the command that takes it on its standard input: --secret-command.",
        )
    if SETTING in settings.from_process:
        holds = f"holds another {SETTING}" if settings.text(SETTING) else f"holds an empty {SETTING}"
        raise ConfigurationError(
            f"A new endpoint's secret would go into {settings.env_file}, but the process environment {holds}, "
            "which would win.",
            code="setup.secret_overridden",
            fix=f"Unset {SETTING} in the environment, or use --secret-command, then run it again.",
        )
