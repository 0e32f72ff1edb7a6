"""Checklist item about the webhook's address: public, https with a certificate that lasts, and answering by itself."""

from __future__ import annotations

from urllib.parse import urlsplit

from creditctl.checks.answers import CheckAnswer, failed, passed, unknown, warned
from creditctl.checks.context import Context
from creditctl.checks.env.passing_hosts import passing_host
from creditctl.checks.env.rules.urls import url_fault
from creditctl.core.urls import is_private_host
from creditctl.core.when import iso_time
from creditctl.stripe_api.certificate_faults import certificate_fault

DAY_SECONDS = 86_400
_SHORT_DAYS = 14


def webhook_is_public(context: Context) -> CheckAnswer:
    """Stripe reaches the webhook's URL: public, https, a valid certificate with time left, and no redirect."""
    url = context.settings.webhook_url
    if url is None or url_fault(url):
        return failed("There is no usable CREDITS_API_URL.", "Set it to the backend's public URL, https://…")
    parts = urlsplit(url)
    if parts.scheme != "https" or is_private_host(parts.hostname or ""):
        return failed(f"{url} is not a public https URL.", "Set CREDITS_API_URL to the backend's public URL, https://…")
    passing = passing_host(parts.hostname or "")
    if passing:
        return failed(f"{url} is {passing}; it goes away.", "Set CREDITS_API_URL to the URL of the live deployment.")
    return _answered(context, url)


def _answered(context: Context, url: str) -> CheckAnswer:
    answer = context.page(url)
    if answer is None:
        return unknown(f"{url} was not called.", "Run it where the network may be used.")
    if answer.status is None:
        certificate = certificate_fault(answer.problem)
        if certificate is not None:
            return failed(f"{url} cannot be reached over https. {certificate.sentence}", certificate.fix)
        fix = "Is the backend deployed, its name in DNS, its certificate valid with its whole chain?"
        return failed(f"Nobody answers at {url}: {answer.problem}.", fix)
    if 300 <= answer.status < 400:
        text = f"{url} redirects ({answer.status}) to {answer.location.partition('?')[0]}; Stripe follows no redirect."
        return failed(text, "Set CREDITS_API_URL to the address behind the redirect.")
    return judge_certificate(context, url, answer.certificate_until)


def judge_certificate(context: Context, url: str, until: int | None) -> CheckAnswer:
    """Judges how long a certificate that was accepted has left. Units: `until` in Unix seconds, None if unknown."""
    host = urlsplit(url).hostname
    if until is None:
        return passed(f"{url} answers over https without a redirect, with a certificate that is accepted here.")
    days = (until - context.clock()) // DAY_SECONDS
    text = f"The certificate of {host} is accepted here, and valid until {iso_time(until)} ({days} days)."
    if days < _SHORT_DAYS:
        return warned(text, "Renew it now, and see why it was not renewed by itself.")
    return passed(f"{text} {url} answers without a redirect.")
