"""Rules about URLs: whole, reachable for whom they are meant for, safe in live mode, and in agreement."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import SplitResult

from creditctl.checks.env.model import EnvView, Setting, finding
from creditctl.checks.env.passing_hosts import passing_host
from creditctl.checks.env.placeholders import is_placeholder
from creditctl.checks.env.value_patterns import has_stray_characters, refers
from creditctl.core.findings import Finding, Severity
from creditctl.core.modes import Mode, is_loopback_host
from creditctl.core.urls import fault_of, is_private_host, port_of, split_url

_RETURN_PAGE = re.compile(
    r"/credits(/|\Z)|[/_-](success|cancel(l?ed)?|thank[-_]?(you|s))(\.[a-z]{3,5})?/?\Z", re.IGNORECASE
)
_URLS = ("FRONTEND_URL", "CREDITS_API_URL", "NEXT_PUBLIC_API_URL")


def whole(view: EnvView) -> Iterator[Finding]:
    """Each URL has a scheme and a host, and nothing that gets in the way of a path behind it."""
    for setting, url in _urls(view):
        if has_stray_characters(setting.value) or refers(setting.value):
            continue  # rules about values say that, and once is enough
        fault = "it is no URL" if url is None else fault_of(url)
        if fault:
            fix = "Write it like https://app.your-company.com: scheme, host, perhaps a port, no more."
            text = f"{setting.name} is not usable: {fault}."
            yield finding("url.malformed", Severity.HIGH, setting.where, text, fix)
        elif setting.value.strip().endswith("/"):
            text = f"{setting.name} ends in a slash; code that adds a path makes two of it."
            yield finding("url.slash", Severity.LOW, setting.where, text, "Take the slash away.")


def url_fault(value: str) -> str:
    """What makes a URL unusable, in words that show nothing of it; empty where nothing does."""
    if is_placeholder(value):
        return "it still holds a placeholder"
    url = split_url(value)
    return "it is no URL" if url is None else fault_of(url)


def reachable(view: EnvView) -> Iterator[Finding]:
    """In live mode every URL is public and https; Stripe and buyers come from outside."""
    for setting, url in _urls(view):
        if url is None or fault_of(url):
            continue
        local = is_private_host(url.hostname or "")
        if local and view.rehearses_live:
            continue  # the emulator delivers to it
        if view.mode is Mode.LIVE and local:
            text = f"{setting.name} is an address of this machine or network; nobody else can reach it."
            yield finding("url.local", Severity.HIGH, setting.where, text, "Write the public URL.")
        elif url.scheme != "https" and not local:
            severity = Severity.HIGH if view.mode is Mode.LIVE else Severity.LOW
            text = f"{setting.name} is not https; in live mode Stripe requires it."
            yield finding("url.not_https", severity, setting.where, text, "Use https with a valid certificate.")
        elif setting.name == "CREDITS_API_URL" and local and view.mode is Mode.TEST:
            text = "Stripe cannot reach CREDITS_API_URL; set-up does the catalogue only."
            fix = "`creditctl events listen` brings the webhooks to this machine."
            yield finding("url.local", Severity.INFO, setting.where, text, fix)


def lasting(view: EnvView) -> Iterator[Finding]:
    """In live mode no URL is a tunnel to somebody's machine, or a preview that goes away."""
    for setting, url in _urls(view):
        what = "" if url is None or view.mode is not Mode.LIVE else passing_host(url.hostname or "")
        if what:
            text = f"{setting.name} is {what}; it goes away, and payments made then are not credited."
            yield finding("url.passing", Severity.HIGH, setting.where, text, "Write the URL of the live deployment.")


def without_path(view: EnvView) -> Iterator[Finding]:
    """Each URL is a root: the webhook's path, or that of the page after the payment, is added to it."""
    for setting, url in _urls(view):
        if url is None or fault_of(url):
            continue
        is_frontend = setting.name == "FRONTEND_URL"
        if _RETURN_PAGE.search(url.path) if is_frontend else "/api/credits" in url.path:
            added = "/credits/success" if is_frontend else "/api/credits/…"
            text = f"{setting.name} already holds a part of the path {added}, which would then be there twice."
            whose = "storefront's" if is_frontend else "backend's"
            yield finding("url.path", Severity.HIGH, setting.where, text, f"Write the {whose} URL without that path.")


def in_agreement(view: EnvView) -> Iterator[Finding]:
    """Frontend and backend mean the same backend, and are not one another."""
    urls = {setting.name: (setting, url) for setting, url in _urls(view) if url is not None and not fault_of(url)}
    api, public, front = (urls.get(name) for name in ("CREDITS_API_URL", "NEXT_PUBLIC_API_URL", "FRONTEND_URL"))
    if api and public and _place(api[1]) != _place(public[1]) and not _is_inside_view(view, api[1], public[1]):
        text = "NEXT_PUBLIC_API_URL and CREDITS_API_URL name different backends."
        fix = "Check that the storefront calls the backend whose webhooks you set up; write the same URL in both."
        yield finding("url.disagree", Severity.MEDIUM, public[0].where, text, fix)
    if api and front and _place(api[1]) == _place(front[1]):
        text = "FRONTEND_URL and CREDITS_API_URL are the same; buyers would come back to the backend."
        fix = "Right if one server does both; otherwise correct one of them."
        yield finding("url.same", Severity.INFO, front[0].where, text, fix)


def _urls(view: EnvView) -> Iterator[tuple[Setting, SplitResult | None]]:
    """The URLs that were filled in, split; None for what cannot be split."""
    for name in _URLS:
        setting = view.winning(name)
        if setting is None or is_placeholder(setting.value):
            continue
        yield setting, split_url(setting.value.strip())


def _is_inside_view(view: EnvView, url: SplitResult, public: SplitResult) -> bool:
    """Whether the two may differ: a container has another name outside, and `reachable` says the rest."""
    host = url.hostname or ""
    inside = is_private_host(host) and not is_loopback_host(host)
    return inside or (view.mode is Mode.LIVE and is_private_host(public.hostname or ""))


def _place(url: SplitResult) -> tuple[str, int | None, str]:
    """What makes two URLs the same backend; the names of this machine count as one."""
    host = (url.hostname or "").lower().rstrip(".")
    return ("localhost" if is_loopback_host(host) else host, port_of(url), url.path.rstrip("/"))
