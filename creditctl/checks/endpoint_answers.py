"""Checks about the webhook endpoint that the checklist and the doctor share."""

from __future__ import annotations

from urllib.parse import urlsplit

import stripe

from creditctl.checks.answers import CheckAnswer, failed, passed, unknown, warned
from creditctl.checks.check import LaunchStage
from creditctl.checks.context import Context
from creditctl.checks.env.rules.urls import url_fault
from creditctl.core.errors import ConfigurationError
from creditctl.core.modes import Mode
from creditctl.payments.event_types import ENDPOINT_EVENTS
from creditctl.provisioning.state import EndpointState, release_name

_EVERYTHING = "*"
_SETUP = "`creditctl setup` puts it in order; `creditctl setup --dry-run` shows how."


def endpoint_in_order(context: Context) -> CheckAnswer:
    """One enabled endpoint delivers the right events to our URL, in the version that we read."""
    url = context.settings.webhook_url
    fault = "it is not set" if url is None else url_fault(url)
    if url is None or fault:
        fix = "Set it to the backend's public URL, https://…"
        return failed(f"CREDITS_API_URL, from which the webhook's URL is made, is not usable: {fault}.", fix)
    ours = context.our_endpoints
    enabled = [endpoint for endpoint in ours if endpoint.status == "enabled"]
    if not ours:
        return _elsewhere(context, url)
    if not enabled:
        fix = f"Run `creditctl webhooks enable {ours[0].id}`; what was missed meanwhile, `creditctl reconcile` finds."
        return failed(f"{ours[0].id} is disabled, so Stripe delivers nothing.", fix)
    if context.stage is LaunchStage.LIVE and context.mode is Mode.LIVE and urlsplit(url).scheme != "https":
        return failed(f"{url} is not https, which Stripe requires.", "Set CREDITS_API_URL to the https URL.")
    return _judged(enabled)


def _elsewhere(context: Context, url: str) -> CheckAnswer:
    """No endpoint is at our URL: none at all, or one that was meant to be, at another host or path."""
    text, fix = f"No webhook endpoint delivers to {url}.", "Run `creditctl setup`, which creates it."
    here = urlsplit(url)
    for each in context.endpoints:
        there = urlsplit(each.url)
        same_host = (there.hostname, there.port) == (here.hostname, here.port)
        if same_host or (each.ours and there.path.rstrip("/") == here.path.rstrip("/")):
            what = "another path" if same_host else "another host"
            move = f"`creditctl setup --move-endpoint {each.id}`, or correct CREDITS_API_URL and [webhook] path"
            return failed(f"{text} {each.id} delivers to {what}: {each.url}.", f"{move}; or run `creditctl setup`.")
    if context.livemode:
        fix = f"{fix} One of test mode does not count here: each mode has its own."
    return failed(text, fix)


def _judged(enabled: list[EndpointState]) -> CheckAnswer:
    endpoint = enabled[0]
    missing = sorted(set.intersection(*(missing_events(item) for item in enabled)))
    if missing:
        return failed(f"{endpoint.id} does not listen for {', '.join(missing)}.", _SETUP)
    wrong = next((item for item in enabled if item.api_version and not _readable(item.api_version)), None)
    if wrong is not None:
        return failed(f"{wrong.id} sends version {wrong.api_version}, this program reads {stripe.api_version}.", _SETUP)
    if len(enabled) > 1 and not any(item.rotation for item in enabled):
        names = ", ".join(item.id for item in enabled)
        return failed(
            f"{len(enabled)} endpoints deliver to the same URL ({names}), so every event comes twice.", _SETUP
        )
    return _remarked(endpoint, rotating=len(enabled) > 1)


def _remarked(endpoint: EndpointState, *, rotating: bool) -> CheckAnswer:
    evidence = f"{endpoint.id} is enabled and delivers to {endpoint.url}."
    if rotating:
        finish = "Finish it: `creditctl webhooks rotate --finish`."
        return warned(f"{evidence} A rotation of its secret is under way.", finish)
    if endpoint.api_version is None:
        return warned(f"{evidence} It has no version of its own; events follow the account's default.", _SETUP)
    if _EVERYTHING in endpoint.enabled_events:
        return warned(f"{evidence} It listens for everything (`*`), which costs both sides work.", _SETUP)
    surplus = ", ".join(sorted(set(endpoint.enabled_events) - set(ENDPOINT_EVENTS)))
    if surplus:
        return warned(f"{evidence} It also listens for {surplus}, which nobody needs.", _SETUP)
    return passed(f"{evidence} It listens for all {len(endpoint.enabled_events)} events.")


def missing_events(endpoint: EndpointState) -> set[str]:
    """What an endpoint should listen for and does not."""
    return set() if _EVERYTHING in endpoint.enabled_events else set(ENDPOINT_EVENTS) - set(endpoint.enabled_events)


def _readable(api_version: str) -> bool:
    return release_name(api_version) == release_name(str(stripe.api_version))


def secret_matches(context: Context) -> CheckAnswer:
    """One of our signing secrets is the endpoint's own, by the fingerprint that set-up left on it."""
    try:
        ours = {secret.fingerprint for secret in context.settings.webhook_secrets}
    except ConfigurationError as error:
        return failed(error.message, error.fix)
    if not ours:
        return failed(
            "STRIPE_WEBHOOK_SECRET is not set.", "Run `creditctl setup`, which creates the endpoint and writes it."
        )
    enabled = [item for item in context.our_endpoints if item.status == "enabled"]
    if not enabled:
        return failed("There is no enabled endpoint at our URL that the secret could belong to.", _SETUP)
    strangers = [item for item in enabled if item.fingerprint is not None and item.fingerprint not in ours]
    if strangers and (answer := _rotating_alone(enabled, strangers, ours)) is not None:
        return answer
    if strangers:
        text = f"STRIPE_WEBHOOK_SECRET is not the secret of {strangers[0].id}: {_whose(context, ours)}."
        return failed(
            text, "Write that endpoint's secret, or see with `creditctl setup --dry-run` what else can be done."
        )
    silent = next((item for item in enabled if item.fingerprint is None), None)
    if silent is not None and not silent.ours and ours <= {item.fingerprint for item in enabled}:
        return _another_ones(silent)
    if silent is not None:
        return _unproven(silent)
    return passed(f"The fingerprint on {enabled[0].id} is the one of our secret.")


def _rotating_alone(enabled: list[EndpointState], strangers: list[EndpointState], held: set[str]) -> CheckAnswer | None:
    """A rotation that has the new secret alone, because the old one was lost: the mend is to end it."""
    new = next((item for item in enabled if item.rotation and item.fingerprint in held), None)
    if new is None or [item.id for item in strangers] != [new.rotation]:
        return None
    text = (
        f"STRIPE_WEBHOOK_SECRET is the secret of {new.id}, which takes over from {new.rotation}; what {new.rotation} "
        "delivers is verified by nobody who has only that."
    )
    return warned(text, "Give the backend the new secret, then run `creditctl webhooks rotate --finish`.")


def _whose(context: Context, held: set[str]) -> str:
    """Whose the secrets here are, as far as marks on endpoints show it."""
    owner = next((each for each in context.endpoints if each.fingerprint in held), None)
    if owner is not None:
        return f"it is that of {owner.id}, which delivers to {owner.url}"
    return "it is of no endpoint of this account and mode, but of the other mode, another account, or the Stripe CLI"


def _another_ones(stranger: EndpointState) -> CheckAnswer:
    """An endpoint at our URL that set-up did not make, where the secret is proven to be that of another."""
    text = (
        f"STRIPE_WEBHOOK_SECRET is the secret of the endpoint that set-up made; {stranger.id} delivers to the same "
        "URL, and each of its deliveries fails."
    )
    delete = f"`creditctl webhooks delete {stranger.id}`"
    return warned(text, f"Find out who made it (`creditctl webhooks list`). If nobody needs it: {delete}.")


def _unproven(endpoint: EndpointState) -> CheckAnswer:
    """An endpoint without a mark of its secret: adopted, or not ours at all."""
    if endpoint.ours:
        text = f"The secret of {endpoint.id} is unproven: nothing shows that STRIPE_WEBHOOK_SECRET is its own."
        return unknown(
            text, "`creditctl webhooks probe` proves it: run it, and again after the next event was delivered."
        )
    text = f"{endpoint.id} was not made by set-up, so nothing shows which secret is its own."
    take_over = f"`creditctl setup --adopt {endpoint.id}` takes it over"
    return unknown(text, f"Compare it with STRIPE_WEBHOOK_SECRET in the Dashboard (Webhooks, Reveal); {take_over}.")
