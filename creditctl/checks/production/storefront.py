"""Checks of the storefront: it answers, its success page is there, and sessions send buyers to it with their id."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

import stripe

from creditctl.checks.answers import CheckAnswer, failed, passed, warned
from creditctl.checks.context import Context
from creditctl.checks.env.rules.urls import url_fault
from creditctl.checks.probe import ProbeAnswer
from creditctl.checks.production.webhook import judge_certificate
from creditctl.checks.redirects import MadeSession, Redirects
from creditctl.core.checks import CheckStatus
from creditctl.core.deployment import is_of_deployment
from creditctl.core.errors import CreditctlError
from creditctl.core.modes import Mode, is_loopback_host
from creditctl.core.urls import is_private_host, port_of, split_url
from creditctl.core.when import iso_time
from creditctl.stripe_api.certificate_faults import certificate_fault
from creditctl.stripe_api.pages import list_all

USUAL_SUCCESS_PATH = "/credits/success"
"""Where buyers come back to. Source: the set-up guide, "Update Frontend URLs"."""

_SESSION_ID = "{CHECKOUT_SESSION_ID}"
"""Source: Stripe documentation, "Customize redirect behavior": Stripe puts the id in its place."""

_NOBODYS_SESSION = "cs_creditctl_probe"
_NOWHERE = "/creditctl-no-such-page"
_CHANGING = re.compile(r"/[\w/.-]*|[0-9a-fA-F-]{8,}|\d+")
_MOST_SESSIONS = 50
_SET_FRONTEND = "Set it to the production storefront's URL, https://…"


def frontend_is_public(context: Context) -> CheckAnswer:
    """FRONTEND_URL is a public https URL, its certificate valid with time left."""
    url = context.settings.text("FRONTEND_URL")
    fault = "it is not set" if url is None else url_fault(url)
    if url is None or fault:
        return failed(f"FRONTEND_URL is not usable: {fault}.", _SET_FRONTEND)
    parts = urlsplit(url)
    if parts.scheme != "https" or is_private_host(parts.hostname or ""):
        return failed(f"{url} is not a public https URL.", _SET_FRONTEND)
    answer = answer_of_page(context, url)
    page = context.page(url)
    if answer.status is not CheckStatus.PASS or page is None or page.certificate_until is None:
        return answer
    found = judge_certificate(context, url, page.certificate_until)
    return found if found.status is not CheckStatus.PASS else answer


def usual_pages(url: str) -> list[str]:
    """The pages of a storefront that its checks look at, unless a session says another success page."""
    home = url.rstrip("/")
    return [home, f"{home}{USUAL_SUCCESS_PATH}?session_id={_NOBODYS_SESSION}", f"{home}{_NOWHERE}"]


def answer_of_page(context: Context, url: str) -> CheckAnswer:
    """Somebody answers at a URL, with a page or at least with an answer of its own, and from there."""
    answer = context.page(url)
    if answer is None:
        return passed(f"{url} is a usable URL; it was not called.")
    certificate = certificate_fault(answer.problem)
    if answer.status is None and certificate is not None:
        return failed(f"{url} cannot be opened over https. {certificate.sentence}", certificate.fix)
    if answer.status is None:
        return failed(
            f"Nobody answers at {url}: {answer.problem}.", "Is it deployed, its name and certificate in order?"
        )
    if answer.status >= 500:
        return failed(f"{url} answers {answer.status}.", "Look into the logs of what runs there.")
    if 300 <= answer.status < 400:
        return _redirected(url, answer.status, answer.location)
    return passed(f"{url} answers {answer.status}.")


def _redirected(url: str, status: int, location: str) -> CheckAnswer:
    """A page of the same host (a language, a login) is the storefront's own affair; another host is not."""
    target, here = urlsplit(location), urlsplit(url)
    if location and (not target.netloc or (target.scheme, target.netloc) == (here.scheme, here.netloc)):
        return passed(f"{url} answers {status}, to a page of its own.")
    return warned(f"{url} redirects ({status}).", "Write the URL to which it redirects.")


def success_page(context: Context) -> CheckAnswer:
    """The storefront answers at FRONTEND_URL, and so does the page to which buyers come back."""
    url = context.settings.text("FRONTEND_URL")
    fault = "it is not set" if url is None else url_fault(url)
    if url is None or fault:
        return failed(f"FRONTEND_URL is not usable: {fault}.", "Write the storefront's URL.")
    home = answer_of_page(context, url.rstrip("/"))
    if not home.status.holds:
        return home
    page = _success_page(context, url)
    answer = context.page(f"{page}?session_id={_NOBODYS_SESSION}")
    if answer is not None and (answer.status or 0) >= 500:
        answer = context.page(page)  # a page may stumble over an unknown session, and be there all the same
    if answer is None or answer.status is None:
        return home if answer is None else failed(f"{page} gave no answer: {answer.problem}.", "Look into its log.")
    if answer.status >= 500 or (answer.status in (404, 410) and _is_no_page(context, url, answer)):
        text = f"{page}, to which buyers come back, answers {answer.status}."
        return failed(text, "Deploy the page, or correct success_url where the backend makes the session.")
    return passed(f"{url} answers, and its success page {page} answers an unknown session with {answer.status}.")


def _is_no_page(context: Context, url: str, answer: ProbeAnswer) -> bool:
    """Whether a 404 says that there is no page: the same that a path is answered with at which none can be.

    Shape: a page that is there may answer 404, too, about the session, but then in other words.
    """
    nowhere = context.page(url.rstrip("/") + _NOWHERE)
    return nowhere is None or (nowhere.status == answer.status and _plain(nowhere.body) == _plain(answer.body))


def _plain(body: str) -> str:
    """A body without what differs from request to request: paths, and ids of more than a few digits."""
    for path in (_NOWHERE, _NOBODYS_SESSION):
        body = body.replace(path, "")
    return _CHANGING.sub("", body)


def _success_page(context: Context, url: str) -> str:
    """The success page of the latest session that comes back to the storefront, else the usual one."""
    usual = url.rstrip("/") + USUAL_SUCCESS_PATH
    try:
        found = [each.success_url or "" for each in latest_redirects(context)]
    except (CreditctlError, stripe.StripeError):
        return usual  # why Stripe says nothing, the checks that are about it say
    latest = next((each for each in found if _place(each) == _place(url)), None)
    return usual if latest is None else latest.partition("?")[0].partition("#")[0]


def _place(url: str) -> tuple[str, str, int | None]:
    """What makes two URLs one storefront: scheme, host and port, however written; names of this machine are one."""
    parts = split_url(url)
    if parts is None:
        return ("", url, None)
    host = (parts.hostname or "").lower().rstrip(".")
    return (parts.scheme, "localhost" if is_loopback_host(host) else host, port_of(parts))


def sessions_return_home(context: Context) -> CheckAnswer:
    """The latest Checkout session sends its buyer to FRONTEND_URL, with the session's id; older ones are history."""
    if context.made is not None:
        return _judged_made(context, context.made)
    latest = next(iter(latest_redirects(context)), None)
    if latest is None:
        return passed("No session of ours was found, so no buyer was sent anywhere else.")
    made = f"{latest.session}, the latest ({iso_time(latest.created)})"
    return fault_of_redirects(context, latest) or passed(
        f"{made}, sends its buyer to FRONTEND_URL, and the success page gets the session's id."
    )


def _judged_made(context: Context, made: MadeSession) -> CheckAnswer:
    if made.found is None or made.problem:
        return failed(
            made.problem or "No session was made.", "Look into the backend's log for the error of this moment."
        )
    return fault_of_redirects(context, made.found) or passed(
        f"{made.found.session}, made through the backend and expired now, sends its buyer to FRONTEND_URL, and the "
        "success page gets the session's id."
    )


def fault_of_redirects(context: Context, found: Redirects) -> CheckAnswer | None:
    """What is wrong with where a session sends its buyer, or None."""
    home = context.settings.frontend_url
    for name, url in (("success_url", found.success_url), ("cancel_url", found.cancel_url)):
        if url and _place(url) != _place(home):
            target = urlsplit(url)
            where = f"{target.scheme}://{target.netloc}"
            text = f"{name} of {found.session} sends its buyer to {where}, which is not FRONTEND_URL ({home})."
            return failed(text, "Give the backend the right FRONTEND_URL, restart it, and build the redirects from it.")
    if found.success_url and not _carries_id(found):
        text = f"success_url of {found.session} does not carry the session's id: the page cannot know what was paid."
        return failed(text, f"Add it where the session is made: …{USUAL_SUCCESS_PATH}?session_id={_SESSION_ID}")
    return None


def _carries_id(found: Redirects) -> bool:
    url = (found.success_url or "").replace("%7B", "{").replace("%7D", "}")
    return _SESSION_ID in url or found.session in url


def latest_redirects(context: Context) -> Sequence[Redirects]:
    """Where the latest sessions of ours send their buyers, open ones too, newest first."""
    return context.facts.get("the latest sessions on Stripe", lambda: list(_redirects(context)))


def _redirects(context: Context) -> Iterator[Redirects]:
    ours = {each.session.id for each in context.sales if each.session is not None}
    name = context.settings.deployment.name
    listed = list_all(context.connection.client, "checkout/sessions", {})
    for body in itertools.islice(listed, _MOST_SESSIONS):
        if str(body["id"]) in ours or is_of_deployment(body.get("metadata") or {}, name):
            yield Redirects(str(body["id"]), int(body["created"]), body.get("success_url"), body.get("cancel_url"))


def storefront_answers(context: Context) -> CheckAnswer:
    """The storefront for the doctor: it answers, and in live mode buyers reach it from outside."""
    url = context.settings.text("FRONTEND_URL")
    parts = urlsplit(url or "")
    public = parts.scheme == "https" and not is_private_host(parts.hostname or "")
    if url and not public and context.mode is Mode.LIVE and not context.settings.rehearses_live:
        return failed(f"{url} is not a public https URL.", "Use the production storefront's URL.")
    answer = success_page(context)
    if answer.status is CheckStatus.FAIL and url and is_private_host(parts.hostname or "") and _is_silent(context, url):
        return answer if _expects_buyers(context) else warned(answer.evidence, "Start it, if it should run here.")
    return answer


def _is_silent(context: Context, url: str) -> bool:
    page = context.page(url.rstrip("/"))
    return page is not None and page.status is None


def _expects_buyers(context: Context) -> bool:
    """Whether a session was made that sends its buyer there: then nobody at home is a fault, on any machine."""
    home = _place(context.settings.frontend_url)
    return any(_place(each.success_url or "") == home for each in latest_redirects(context)[:1])
