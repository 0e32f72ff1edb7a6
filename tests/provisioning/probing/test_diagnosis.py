"""From what a backend answers to the one cause that it proves."""

from __future__ import annotations

import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.core.checks import CheckStatus
from creditctl.core.keys import Secret
from creditctl.provisioning.probing.causes import ProbeCause
from creditctl.provisioning.probing.diagnosis import diagnose
from creditctl.provisioning.probing.responses import NoAnswer, ProbeResponse, ProbeResponses
from tests.support.clock import NOW
from tests.support.probed_backends import (
    OLDER,
    OURS,
    Answering,
    always,
    as_latin_1,
    probed,
    reparsed,
    verifying,
)

OTHER = Secret("whsec_" + "example0other")


def breaking_down(error: type[httpx.TransportError], text: str) -> Answering:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error(text, request=request)

    return answer


def unsigned_is_let_in(request: httpx.Request) -> httpx.Response:
    return verifying(OURS)(request) if "Stripe-Signature" in request.headers else httpx.Response(200)


def any_signature_will_do(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200 if "Stripe-Signature" in request.headers else 400)


def breaks_on_unknown_types(request: httpx.Request) -> httpx.Response:
    return verifying(OURS, good=500)(request)


def hangs_once_verified(request: httpx.Request) -> httpx.Response:
    if verifying(OURS)(request).status_code == 200:
        raise httpx.ReadTimeout("", request=request)
    return httpx.Response(400)


def crashes_without_signature(request: httpx.Request) -> httpx.Response:
    return verifying(OURS)(request) if "Stripe-Signature" in request.headers else httpx.Response(500)


def in_words(request: httpx.Request) -> httpx.Response:
    """Verifies, and says of a refusal why; of what it verified it takes one type alone."""
    if verifying(OURS)(request).status_code == 200:
        return httpx.Response(400, text="Unhandled event type creditctl.probe")
    return httpx.Response(400, text="No signatures found matching the expected signature for payload")


def without_header(request: httpx.Request) -> httpx.Response:
    """A proxy took the header off, and the backend says what the SDK says."""
    del request
    return httpx.Response(400, text="Webhook Error: No stripe-signature header value was provided.")


def given_an_object(request: httpx.Request) -> httpx.Response:
    signed = "Stripe-Signature" in request.headers
    text = "Webhook payload must be provided as a string or a Buffer" if signed else "No stripe-signature header value"
    return httpx.Response(400, text=text)


def escaped(body: bytes) -> str:
    return json.dumps(json.loads(body), separators=(",", ":"))


def swallowing(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, text="{}" if verifying(OURS)(request).status_code == 200 else '{"error":"x"}')


CAUSES: list[tuple[str, Answering, ProbeCause]] = [
    ("refuses unknown types", in_words, ProbeCause.REFUSES_EVENT),
    ("loses the header", without_header, ProbeCause.SIGNATURE_LOST),
    ("parses before it verifies", given_an_object, ProbeCause.BODY_CHANGED),
    ("takes no body of this size", always(413), ProbeCause.REFUSES_FORM),
    ("a page of a storefront", always(200, text="<!doctype html><p>"), ProbeCause.POST_NOT_ROUTED),
    ("swallows what it refuses", swallowing, ProbeCause.ANSWERS_EVERYTHING),
    ("Python's own JSON", verifying(OURS, read=lambda b: json.dumps(json.loads(b))), ProbeCause.BODY_CHANGED),
    (
        "escapes",
        verifying(OURS, read=lambda b: json.dumps(json.loads(b), separators=(",", ":"))),
        ProbeCause.BODY_CHANGED,
    ),
    ("adds a line end", verifying(OURS, read=lambda b: b.decode() + "\n"), ProbeCause.BODY_CHANGED),
    ("verifies", verifying(OURS), ProbeCause.HOLDS),
    ("verifies, with 204", verifying(OURS, good=204), ProbeCause.HOLDS),
    ("verifies, refuses with 401", verifying(OURS, bad=401), ProbeCause.HOLDS),
    ("verifies, refuses with 403", verifying(OURS, bad=403), ProbeCause.HOLDS),
    ("another secret", verifying(OTHER), ProbeCause.ANOTHER_SECRET),
    ("a line end sticks to its secret", verifying(Secret(OURS.reveal() + "\n")), ProbeCause.STRAY_CHARACTERS),
    ("a space stands before its secret", verifying(Secret(" " + OURS.reveal()), bad=401), ProbeCause.STRAY_CHARACTERS),
    ("its secret is quoted", verifying(Secret(f'"{OURS.reveal()}"')), ProbeCause.STRAY_CHARACTERS),
    ("no time limit", verifying(OURS, tolerance_seconds=None), ProbeCause.NO_TIME_LIMIT),
    ("parses and writes JSON first", verifying(OURS, read=reparsed), ProbeCause.BODY_CHANGED),
    ("the same, refuses with 401", verifying(OURS, read=reparsed, bad=401), ProbeCause.BODY_CHANGED),
    ("decodes wrongly", verifying(OURS, read=as_latin_1), ProbeCause.BODY_ENCODING),
    ("its clock is an hour ahead", verifying(OURS, clock=NOW + 3600), ProbeCause.CLOCK_SKEW),
    ("its clock is an hour behind", verifying(OURS, clock=NOW - 3600), ProbeCause.CLOCK_SKEW),
    ("another secret and another clock", verifying(OTHER, clock=NOW + 3600), ProbeCause.ANOTHER_SECRET),
    ("200 to everything", always(200, get=405), ProbeCause.ANSWERS_EVERYTHING),
    ("lets the unsigned in", unsigned_is_let_in, ProbeCause.SIGNATURE_NOT_CHECKED),
    ("any signature will do", any_signature_will_do, ProbeCause.SIGNATURE_NOT_CHECKED),
    ("redirects", always(308, location="https://backend.test/hook/"), ProbeCause.REDIRECT),
    ("nothing there", always(404), ProbeCause.WRONG_PATH),
    ("POST not routed", always(404, get=200), ProbeCause.POST_NOT_ROUTED),
    ("method not allowed", always(405, get=200), ProbeCause.POST_NOT_ROUTED),
    ("CSRF of Laravel", always(419, get=405), ProbeCause.CSRF),
    ("CSRF of Django", always(403, get=405, text="CSRF verification failed."), ProbeCause.CSRF),
    ("basic login", always(401, get=401, www_authenticate="Basic"), ProbeCause.LOGIN),
    ("login for all", always(403, get=403), ProbeCause.LOGIN),
    ("firewall", always(403, get=403, server="cloudflare"), ProbeCause.FIREWALL),
    ("401 to all that is posted", always(401, get=405), ProbeCause.REFUSES_ALL),
    ("rate limit", always(429), ProbeCause.RATE_LIMITED),
    ("500 for POST", always(500, get=405), ProbeCause.SERVER_ERROR),
    ("502 for all", always(502), ProbeCause.SERVER_ERROR),
    ("500 once verified", breaks_on_unknown_types, ProbeCause.FAILS_AFTER_VERIFYING),
    ("hangs once verified", hangs_once_verified, ProbeCause.TIMEOUT),
    ("500 without signature", crashes_without_signature, ProbeCause.UNCLEAR_REFUSAL),
    ("refused", breaking_down(httpx.ConnectError, "[Errno 111] Connection refused"), ProbeCause.DOWN),
    ("no host", breaking_down(httpx.ConnectError, "[Errno -2] Name or service not known"), ProbeCause.UNKNOWN_HOST),
    ("TLS", breaking_down(httpx.ConnectError, "[SSL: CERTIFICATE_VERIFY_FAILED]"), ProbeCause.CERTIFICATE),
    ("slow", breaking_down(httpx.ReadTimeout, ""), ProbeCause.TIMEOUT),
    ("breaks off", breaking_down(httpx.RemoteProtocolError, "Server disconnected"), ProbeCause.DOWN),
]


@pytest.mark.parametrize(("answer", "cause"), [case[1:] for case in CAUSES], ids=[case[0] for case in CAUSES])
def test_each_habit_has_its_cause(answer: Answering, cause: ProbeCause) -> None:
    found = diagnose(probed(answer, OURS))

    assert found.cause is cause
    assert found.sentence.endswith(".")
    assert bool(found.fix) is (cause is not ProbeCause.HOLDS)


def test_every_cause_can_be_met() -> None:
    met = {cause for _, _, cause in CAUSES} | {ProbeCause.NO_SECRET, ProbeCause.OLDER_SECRET}
    assert met == set(ProbeCause)


def test_a_backend_that_holds_the_older_secret_alone_is_not_ready_for_the_newer() -> None:
    assert diagnose(probed(verifying(OLDER), OURS, OLDER)).cause is ProbeCause.OLDER_SECRET
    assert diagnose(probed(verifying(OURS), OURS, OLDER)).cause is ProbeCause.HOLDS
    assert diagnose(probed(verifying(OURS, OLDER), OURS, OLDER)).cause is ProbeCause.HOLDS


def test_without_a_secret_nothing_is_proven_but_what_is_accepted_unsigned() -> None:
    assert diagnose(probed(verifying(OURS))).cause is ProbeCause.NO_SECRET
    assert diagnose(probed(always(200))).status is CheckStatus.UNKNOWN
    assert diagnose(probed(unsigned_is_let_in)).cause is ProbeCause.SIGNATURE_NOT_CHECKED


def test_a_redirect_says_where_to_without_its_query() -> None:
    answer = always(301, location="https://www.backend.test/hook?token=abc")

    sentence = diagnose(probed(answer, OURS)).sentence
    assert "https://www.backend.test/hook;" in sentence
    assert "abc" not in sentence


RESPONSES = st.builds(
    ProbeResponse,
    status=st.none() | st.integers(100, 599),
    no_answer=st.none() | st.sampled_from(NoAnswer),
    location=st.text(max_size=20),
    asks_login=st.booleans(),
    date=st.none() | st.integers(0, 2**33),
    body=st.text(max_size=20),
)


@given(
    RESPONSES,
    RESPONSES,
    st.none() | RESPONSES,
    st.lists(RESPONSES, max_size=2),
    RESPONSES,
    st.none() | RESPONSES,
    st.none() | RESPONSES,
)
def test_every_set_of_responses_has_a_cause_and_passes_only_what_was_seen(
    unsigned: ProbeResponse,
    forged: ProbeResponse,
    stale: ProbeResponse | None,
    signed: list[ProbeResponse],
    get: ProbeResponse,
    compact: ProbeResponse | None,
    ascii_only: ProbeResponse | None,
) -> None:
    pairs = tuple(zip((OURS, OLDER), signed, strict=False))
    found = diagnose(ProbeResponses(unsigned, forged, stale, pairs, get, compact, ascii_only))

    if found.status is CheckStatus.PASS:
        assert signed
        assert signed[0].accepted
        assert unsigned.refused
        assert forged.refused
        assert stale is None or stale.refused
