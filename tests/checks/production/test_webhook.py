"""The webhook's address as Stripe meets it: each fault of certificate, host and redirect has words of its own."""

from __future__ import annotations

import pytest

from creditctl.checks.checklist import CHECKLIST
from creditctl.checks.probe import ProbeAnswer
from tests.checks.conftest import Production
from tests.support.clock import NOW

DAY = 86_400
_REFUSED = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: "


def answered(production: Production, answer: ProbeAnswer, item: str = "public_webhook") -> tuple[str, str]:
    production.answer = answer
    return production.ask([check for check in CHECKLIST if check.name == item])[item]


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (ProbeAnswer(405, certificate_until=NOW + 60 * DAY), "pass", "(60 days)"),
        (ProbeAnswer(405), "pass", "with a certificate that is accepted here"),
        (ProbeAnswer(200, certificate_until=NOW + 14 * DAY), "pass", "(14 days)"),
        (ProbeAnswer(405, certificate_until=NOW + 14 * DAY - 1), "warn", "(13 days)"),
        (ProbeAnswer(405, certificate_until=NOW + 5), "warn", "(0 days)"),
        (
            ProbeAnswer(308, location="https://www.acme.io/x?token=1"),
            "fail",
            "to https://www.acme.io/x; Stripe follows",
        ),
        (ProbeAnswer(None, f"{_REFUSED}certificate has expired"), "fail", "has expired"),
        (ProbeAnswer(None, f"{_REFUSED}Hostname mismatch, certificate is not valid for 'x'"), "fail", "another host's"),
        (ProbeAnswer(None, f"{_REFUSED}self-signed certificate"), "fail", "is self-signed"),
        (ProbeAnswer(None, f"{_REFUSED}self-signed certificate in certificate chain"), "fail", "nobody knows"),
        (ProbeAnswer(None, f"{_REFUSED}unable to get local issuer certificate"), "fail", "chain is incomplete"),
        (ProbeAnswer(None, "[SSL: WRONG_VERSION_NUMBER] wrong version number"), "fail", "answers plain http"),
        (ProbeAnswer(None, "[SSL: UNSUPPORTED_PROTOCOL] unsupported protocol"), "fail", "old version of TLS"),
        (ProbeAnswer(None, "Name or service not known"), "fail", "Nobody answers"),
    ],
)
def test_each_fault_has_words_of_its_own(production: Production, answer: ProbeAnswer, status: str, words: str) -> None:
    found = answered(production, answer)

    assert found[0] == status
    assert words in found[1]
    assert "token" not in found[1]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://api.acme.io:8443", "pass"),
        ("http://api.acme.io", "not a public https URL"),
        ("https://10.0.0.7", "not a public https URL"),
        ("https://backend.internal", "not a public https URL"),
        ("https://a1b2.ngrok-free.app", "a tunnel"),
    ],
)
def test_what_stripe_cannot_reach_is_not_called(production: Production, url: str, words: str) -> None:
    production.settings["CREDITS_API_URL"] = url
    status, evidence = answered(production, ProbeAnswer(405))

    assert words in (status, evidence) or words in evidence


def test_the_storefronts_certificate_is_judged_in_the_same_words(production: Production) -> None:
    expired = ProbeAnswer(None, f"{_REFUSED}certificate has expired")

    assert answered(production, expired, "frontend_url")[1].endswith("The certificate has expired.")
    assert answered(production, ProbeAnswer(200, certificate_until=NOW + DAY), "frontend_url")[0] == "warn"
