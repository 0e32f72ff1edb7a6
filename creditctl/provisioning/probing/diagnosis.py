"""Probe diagnosis: from the responses of a backend's webhook to the one cause that they prove, with its mend."""

from __future__ import annotations

import re
from collections.abc import Callable

from creditctl.core.checks import CheckStatus
from creditctl.provisioning.probing.answer_texts import is_page, misses_signature, says_the_same, was_given_an_object
from creditctl.provisioning.probing.causes import DEAD_ENDS, ProbeCause, ProbeDiagnosis
from creditctl.provisioning.probing.responses import NoAnswer, ProbeResponse, ProbeResponses
from creditctl.provisioning.probing.send import STALE_SECONDS
from creditctl.stripe_api.certificate_faults import certificate_fault


def diagnose(responses: ProbeResponses) -> ProbeDiagnosis:
    """Names the one cause that explains all responses; the first rule that fits decides."""
    return next(found for rule in _RULES for found in [rule(responses)] if found is not None)


Rule = Callable[[ProbeResponses], ProbeDiagnosis | None]


def _no_answer(responses: ProbeResponses) -> ProbeDiagnosis | None:
    posts, signed = list(responses.posts), responses.best_signed
    silent = [item for item in posts if item.status is None]
    if len(silent) < len(posts) and (signed is None or signed.status is not None):
        return None
    cause, sentence, fix = DEAD_ENDS[silent[0].no_answer or NoAnswer.BROKEN]
    certificate = certificate_fault(silent[0].error) if cause is ProbeCause.CERTIFICATE else None
    if certificate is not None:
        sentence, fix = certificate.sentence, certificate.fix
    if len(silent) < len(posts):
        sentence = f"It answers what it refuses, but not a delivery that is rightly signed. {sentence}"
    return ProbeDiagnosis(cause, CheckStatus.FAIL, sentence, fix)


def _redirect(responses: ProbeResponses) -> ProbeDiagnosis | None:
    found = next((item for item in responses.posts if item.status is not None and 300 <= item.status < 400), None)
    if found is None:
        return None
    target = found.location.partition("?")[0] or "an address that it does not name"
    text = f"It redirects with {found.status} to {target}; Stripe follows no redirect, so every delivery fails."
    fix = "Register the address behind the redirect: set CREDITS_API_URL (host, https) or [webhook] path (slash) to it."
    return ProbeDiagnosis(ProbeCause.REDIRECT, CheckStatus.FAIL, text, fix)


def _not_there(responses: ProbeResponses) -> ProbeDiagnosis | None:
    if not _all_status(responses, 404, 405, 410):
        return None
    if responses.get.status in (404, 410):
        text = f"Nothing is at this path: GET {responses.get.words}, POST {responses.unsigned.words}."
        fix = "Compare [webhook] path and CREDITS_API_URL with the backend's routes; a prefix may stand there twice."
        return ProbeDiagnosis(ProbeCause.WRONG_PATH, CheckStatus.FAIL, text, fix)
    text = f"The path takes no POST (answered {responses.unsigned.status}), though a GET {responses.get.words}."
    fix = "Route POST of this path to the webhook handler; a page or a file server may stand before it."
    return ProbeDiagnosis(ProbeCause.POST_NOT_ROUTED, CheckStatus.FAIL, text, fix)


def _csrf(responses: ProbeResponses) -> ProbeDiagnosis | None:
    if not any(item.status == 419 or (item.status == 403 and _CSRF.search(item.body)) for item in responses.posts):
        return None
    if any(item.accepted for item in responses.posts):
        return None
    text = "The framework's CSRF protection refuses the delivery before the webhook handler sees it."
    fix = "Exempt the webhook's path from CSRF protection: the signature is its protection."
    return ProbeDiagnosis(ProbeCause.CSRF, CheckStatus.FAIL, text, fix)


_CSRF = re.compile(r"csrf|xsrf|page expired|forgery", re.IGNORECASE)
_FIREWALLS = re.compile(r"cf-ray|cloudflare|akamai|sucuri|imperva|incapsula|awselb|cloudfront|barracuda", re.IGNORECASE)


def _login(responses: ProbeResponses) -> ProbeDiagnosis | None:
    signed = responses.best_signed
    if signed is None or not _all_status(responses, 401, 403) or _says_another_layout(responses):
        return None
    status = signed.status
    if any(_FIREWALLS.search(f"{item.server} {item.body}") for item in responses.posts) and status == 403:
        text = "A firewall or proxy in front of the backend refuses the deliveries (403)."
        fix = "Let POST to the webhook's path pass without challenge; Stripe publishes the addresses it sends from."
        return ProbeDiagnosis(ProbeCause.FIREWALL, CheckStatus.FAIL, text, fix)
    if any(item.asks_login for item in responses.posts) or responses.get.status == status:
        text = f"A login stands before the webhook: every request is answered {status}, whatever its signature."
        fix = "Take the webhook's path out of the login or middleware: Stripe has no account there."
        return ProbeDiagnosis(ProbeCause.LOGIN, CheckStatus.FAIL, text, fix)
    text = f"Every delivery is refused with {status}: a login, middleware or firewall, or another signing secret."
    fix = "Look in the backend's log whether its webhook handler was reached; if it was, deploy the secret held here."
    return ProbeDiagnosis(ProbeCause.REFUSES_ALL, CheckStatus.FAIL, text, fix)


def _rate_limited(responses: ProbeResponses) -> ProbeDiagnosis | None:
    if not any(item.status == 429 for item in responses.posts) or _any_signed(responses):
        return None
    text = "The deliveries are rate limited (429); a burst of Stripe's would be, too."
    fix = "Take the webhook's path out of the rate limit, or run the probe again after a pause."
    return ProbeDiagnosis(ProbeCause.RATE_LIMITED, CheckStatus.FAIL, text, fix)


def _server_error(responses: ProbeResponses) -> ProbeDiagnosis | None:
    signed = responses.best_signed or responses.unsigned
    if signed.status is None or signed.status < 500:
        return None
    if responses.unsigned.refused and responses.forged.refused:
        text = f"It checks the signature, and then fails ({signed.status}): its own code, settings or database."
        fix = "Look into the backend's log for the error of this moment; an unknown type of event must be answered 200."
        return ProbeDiagnosis(ProbeCause.FAILS_AFTER_VERIFYING, CheckStatus.FAIL, text, fix)
    alone = responses.get.status is not None and responses.get.status < 500
    text = f"It fails with {signed.status}" + (" for POST only." if alone else ", for GET, too.")
    fix = "Look into the log of backend and proxy: 502 and 504 say that no backend answered behind the proxy."
    return ProbeDiagnosis(ProbeCause.SERVER_ERROR, CheckStatus.FAIL, text, fix)


def _refused_though_signed(responses: ProbeResponses) -> ProbeDiagnosis | None:
    signed = responses.best_signed
    if signed is None or signed.accepted:
        return None
    other = _other_signing(responses) or _refused_for_itself(responses, signed)
    if other is not None:
        return other
    text = f"A delivery signed with the secret held here is refused ({signed.words}), in every layout."
    fix = (
        "The backend holds another one (of the other mode, of the Stripe CLI, an old one): deploy the one held here. "
        "If its log says otherwise: a proxy that drops Stripe-Signature, or a refusal of unknown types, looks the same."
    )
    return ProbeDiagnosis(ProbeCause.ANOTHER_SECRET, CheckStatus.FAIL, text, fix)


def _refused_for_itself(responses: ProbeResponses, signed: ProbeResponse) -> ProbeDiagnosis | None:
    """Refusals that are not about the secret: by the form of the request, or after the signature was verified."""
    if was_given_an_object(signed):
        text = "The body is parsed before it is verified: the handler gets an object, not the bytes that were signed."
        fix = "Give the handler the raw body: `express.raw({type: 'application/json'})` before `express.json()`."
        return ProbeDiagnosis(ProbeCause.BODY_CHANGED, CheckStatus.FAIL, text, fix)
    if signed.status in _ABOUT_FORM:
        text = f"Something refuses the form of the request ({signed.status}) before its signature is looked at."
        fix = "Let JSON of any size that Stripe sends pass: look at limits and filters of proxy and framework."
        return ProbeDiagnosis(ProbeCause.REFUSES_FORM, CheckStatus.FAIL, text, fix)
    if not says_the_same(signed, responses.forged) and not responses.forged.accepted:
        text = f"What is rightly signed is refused ({signed.status}), but not as what is forged: after it was verified."
        fix = "Answer 200 to types that it does not handle: Stripe disables endpoints whose deliveries fail."
        return ProbeDiagnosis(ProbeCause.REFUSES_EVENT, CheckStatus.WARN, text, fix)
    return None


_ABOUT_FORM = frozenset({406, 411, 413, 414, 415, 431})


def _signature_lost(responses: ProbeResponses) -> ProbeDiagnosis | None:
    signed = responses.best_signed
    if signed is None or signed.accepted or not misses_signature(signed) or not misses_signature(responses.forged):
        return None
    text = "The signature does not arrive: the backend says that a signed delivery has none."
    fix = "Let proxy, gateway and middleware pass the header Stripe-Signature on, as it is."
    return ProbeDiagnosis(ProbeCause.SIGNATURE_LOST, CheckStatus.FAIL, text, fix)


def _other_signing(responses: ProbeResponses) -> ProbeDiagnosis | None:
    """The causes that another delivery with the same secret proves, because that one was accepted."""
    sticking = next((words for words, response in responses.soiled if response.accepted), None)
    if sticking is not None and not responses.forged.accepted:
        text = f"The backend holds this secret with {sticking}, so every signature of Stripe's is wrong for it."
        fix = "Take it off where the backend gets its setting (secret store, compose file, shell), and restart it."
        return ProbeDiagnosis(ProbeCause.STRAY_CHARACTERS, CheckStatus.FAIL, text, fix)
    if responses.ascii_only is not None and responses.ascii_only.accepted:
        text = "Bodies with characters beyond ASCII are refused: they are decoded or escaped before they are verified."
        fix = "Verify the raw bytes of the request, before any decoding; buyers' names hold such characters."
        return ProbeDiagnosis(ProbeCause.BODY_ENCODING, CheckStatus.FAIL, text, fix)
    rewritten = _rewritten(responses)
    if rewritten:
        text = f"The body is changed before it is verified: only {rewritten} passes, Stripe's does not."
        fix = "Verify the raw bytes of the request; take the path out of the framework's JSON parser."
        return ProbeDiagnosis(ProbeCause.BODY_CHANGED, CheckStatus.FAIL, text, fix)
    if responses.by_its_clock is not None and responses.by_its_clock.accepted:
        skew = responses.clock_skew_seconds or 0
        where = "ahead of" if skew > 0 else "behind"
        text = f"The backend's clock is {abs(skew)} s {where} this machine's: it takes fresh signatures for old ones."
        fix = "Set the clock that is wrong (NTP); a longer tolerance only hides it."
        return ProbeDiagnosis(ProbeCause.CLOCK_SKEW, CheckStatus.FAIL, text, fix)
    return None


def _rewritten(responses: ProbeResponses) -> str:
    """The body that passes in place of Stripe's, for a sentence; empty where none does."""
    bodies = (
        ("JSON without white space", responses.compact),
        ("JSON as Python writes it", responses.spaced),
        ("one with a line end behind it", responses.with_line_end),
    )
    return next((words for words, response in bodies if response is not None and response.accepted), "")


def _says_another_layout(responses: ProbeResponses) -> bool:
    return _other_signing(responses) is not None


def _accepts_too_much(responses: ProbeResponses) -> ProbeDiagnosis | None:
    if not responses.unsigned.accepted and not responses.forged.accepted:
        return None
    signed = responses.best_signed
    if responses.unsigned.accepted and responses.forged.accepted and (signed is None or signed.accepted):
        if all(is_page(item) for item in responses.posts):
            text = "A page answers the deliveries, with 2xx: they reach no webhook handler."
            fix = "Route POST of this path to the webhook handler; a single-page storefront may answer every path."
            return ProbeDiagnosis(ProbeCause.POST_NOT_ROUTED, CheckStatus.FAIL, text, fix)
        text = "It answers 2xx to everything: it verifies nothing, or it queues first and verifies later."
        if signed is not None and not says_the_same(signed, responses.forged):
            text = "It answers 2xx to everything, though otherwise to what is forged: Stripe cannot tell what failed."
        fix = "Verify before answering; if a queue verifies, say so with --answers-first and prove it with simulate."
        return ProbeDiagnosis(ProbeCause.ANSWERS_EVERYTHING, CheckStatus.UNKNOWN, text, fix)
    what = "without a signature" if responses.unsigned.accepted else "signed with another secret"
    text = f"A delivery {what} is accepted: anybody can add credits."
    fix = "Verify every delivery with the SDK's own function; do not go live."
    return ProbeDiagnosis(ProbeCause.SIGNATURE_NOT_CHECKED, CheckStatus.FAIL, text, fix)


def _no_time_limit(responses: ProbeResponses) -> ProbeDiagnosis | None:
    if responses.stale is None or not responses.stale.accepted:
        return None
    text = f"A signature {STALE_SECONDS // 60} minutes old is accepted: a recorded delivery can be sent again."
    fix = "Refuse signatures older than five minutes: verify with the SDK's function and its default tolerance."
    return ProbeDiagnosis(ProbeCause.NO_TIME_LIMIT, CheckStatus.FAIL, text, fix)


def _older_secret(responses: ProbeResponses) -> ProbeDiagnosis | None:
    if len(responses.signed) < 2 or responses.signed[0][1].accepted or not _any_signed(responses):
        return None
    text = "The backend holds an older secret, but refuses the newest one of STRIPE_WEBHOOK_SECRET."
    fix = "Deploy the settings with both secrets to the backend and restart it, before the rotation goes on."
    return ProbeDiagnosis(ProbeCause.OLDER_SECRET, CheckStatus.FAIL, text, fix)


def _unclear_refusal(responses: ProbeResponses) -> ProbeDiagnosis | None:
    bad = {"unsigned": responses.unsigned, "forged": responses.forged, "ten minutes old": responses.stale}
    unclear = [f"what is {name}: {item.words}" for name, item in bad.items() if item is not None and not item.refused]
    if not unclear or not responses.signed:
        return None
    text = f"It takes what is signed with the secret held here, but does not plainly refuse {'; '.join(unclear)}."
    fix = "Answer 400 to what is not rightly signed and fresh; the backend's log shows why it did something else."
    return ProbeDiagnosis(ProbeCause.UNCLEAR_REFUSAL, CheckStatus.WARN, text, fix)


def _no_secret(responses: ProbeResponses) -> ProbeDiagnosis | None:
    if responses.signed:
        return None
    text = "STRIPE_WEBHOOK_SECRET is not set here, so nothing could be signed."
    return ProbeDiagnosis(
        ProbeCause.NO_SECRET, CheckStatus.UNKNOWN, text, "Run `creditctl setup`, which captures the secret."
    )


def _holds(_: ProbeResponses) -> ProbeDiagnosis:
    text = "It takes what is signed with the secret held here, and refuses what is unsigned, forged or ten minutes old."
    return ProbeDiagnosis(ProbeCause.HOLDS, CheckStatus.PASS, text)


_RULES: tuple[Rule, ...] = (
    _no_answer,
    _redirect,
    _not_there,
    _csrf,
    _accepts_too_much,
    _rate_limited,
    _signature_lost,
    _login,
    _server_error,
    _refused_though_signed,
    _older_secret,
    _no_time_limit,
    _no_secret,
    _unclear_refusal,
    _holds,
)


def _all_status(responses: ProbeResponses, *statuses: int) -> bool:
    return all(item.status in statuses for item in responses.posts)


def _any_signed(responses: ProbeResponses) -> bool:
    return any(response.accepted for _, response in responses.signed)
